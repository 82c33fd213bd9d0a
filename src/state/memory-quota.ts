import type {
  Bucket,
  BudgetChange,
  BudgetClaim,
  Change,
  Claim,
  Level,
  Quota,
  RepeatClaim,
  Take,
  Taken,
} from './quota.ts'

interface BucketState {
  /** Below zero: a debt, paid by what flows in. */
  level: number
  at: number
  fullAt: number
}

interface BudgetState {
  /** By slice. */
  readonly spent: Map<number, number>
  readonly held: Map<string, { amount: number; slice: number; until: number }>
  reserved: number
  version: number
  /** Nothing that is held ends before. */
  earliest: number
  ttl: number
  /** Forgotten then, unless somebody holds a part. */
  until: number
}

/** What flows in is a fraction; less than this is an error of rounding. */
const speck = 1e-6

const nobody: ReadonlyMap<string, number> = new Map()

/** Fewer than this are not worth looking through for those that are over. */
const fewest = 4096

/** The counters of one process, or of the supervisor for all of its workers. */
export const memoryQuota = (now: () => number = Date.now): Quota => {
  const buckets = new Map<string, BucketState>()
  const slots = new Map<string, { readonly taken: Map<string, number>; earliest: number }>()
  const repeats = new Map<string, { readonly times: number[]; period: number }>()
  const budgets = new Map<string, BudgetState>()
  let sweepAt = fewest

  const bucketOf = ({ key, capacity, refill, period }: Bucket, time: number): BucketState => {
    let state = buckets.get(key)
    if (state === undefined) {
      state = { level: capacity, at: time, fullAt: time }
      buckets.set(key, state)
    }
    const flown = ((time - state.at) * refill) / period
    state.level = Math.min(capacity, state.level + Math.max(0, flown))
    state.at = Math.max(time, state.at)
    state.fullAt = time + ((capacity - state.level) * period) / refill
    return state
  }
  const slotsOf = (key: string, time: number): ReadonlyMap<string, number> => {
    const state = slots.get(key)
    if (state === undefined) return nobody
    if (state.earliest <= time) {
      state.earliest = Number.POSITIVE_INFINITY
      for (const [holder, until] of state.taken) {
        if (until <= time) state.taken.delete(holder)
        else state.earliest = Math.min(state.earliest, until)
      }
    }
    return state.taken
  }
  const hold = (key: string, holder: string, until: number): void => {
    const state = slots.get(key) ?? { taken: new Map<string, number>(), earliest: until }
    state.taken.set(holder, until)
    state.earliest = Math.min(state.earliest, until)
    slots.set(key, state)
  }
  /** What a process that died had reserved counts as spent: nobody knows better. */
  const budgetOf = (key: string, time: number): BudgetState | undefined => {
    const state = budgets.get(key)
    if (state === undefined) return undefined
    if (state.earliest <= time) settleDead(state, time)
    if (state.until > time || state.held.size > 0) return state
    budgets.delete(key)
    return undefined
  }
  const settleDead = (state: BudgetState, time: number): void => {
    state.earliest = Number.POSITIVE_INFINITY
    for (const [holder, { amount, until }] of state.held) {
      if (until <= time) settle(state, holder, amount, until)
      else state.earliest = Math.min(state.earliest, until)
    }
  }
  const settle = (state: BudgetState, holder: string, spent: number, time: number): void => {
    const held = state.held.get(holder)
    if (held === undefined) return
    state.held.delete(holder)
    state.reserved -= held.amount
    state.spent.set(held.slice, (state.spent.get(held.slice) ?? 0) + spent)
    state.version++
    state.until = Math.max(state.until, time + state.ttl)
  }

  const levelOf = (claim: Claim, time: number): Level => {
    switch (claim.type) {
      case 'bucket': {
        const { level, fullAt } = bucketOf(claim, time)
        const amount = Math.min(claim.amount, claim.capacity)
        const lack = amount - level
        const ok = lack <= speck
        const wait = ok ? 0 : Math.ceil((lack * claim.period) / claim.refill - speck)
        const full = Math.max(0, Math.ceil(fullAt - time - speck))
        return { type: 'bucket', ok, left: Math.max(0, Math.floor(level + speck)), wait, full }
      }
      case 'slot': {
        const taken = slotsOf(claim.key, time)
        const ok = taken.has(claim.holder) || taken.size < claim.limit
        return { type: 'slot', ok, taken: taken.size }
      }
      case 'repeat': {
        const times = repeats.get(claim.key)?.times ?? []
        const first = times.length < claim.limit ? undefined : times[times.length - claim.limit]
        const wait = first === undefined ? 0 : Math.max(0, first + claim.period - time)
        return { type: 'repeat', ok: wait === 0, wait }
      }
      case 'budget': {
        const state = budgetOf(claim.key, time)
        if (state === undefined)
          return { type: 'budget', ok: false, known: false, spent: 0, reserved: 0, version: 0 }
        const spent = spentSince(state, claim.oldest)
        const { reserved, version } = state
        return { type: 'budget', ok: true, known: true, spent, reserved, version }
      }
    }
  }

  const grant = (claim: Claim, steps: number, time: number): void => {
    switch (claim.type) {
      case 'bucket': {
        const state = bucketOf(claim, time)
        state.level -= Math.min(claim.amount, claim.capacity)
        state.fullAt = time + ((claim.capacity - state.level) * claim.period) / claim.refill
        return
      }
      case 'slot':
        hold(claim.key, claim.holder, time + claim.holding)
        return
      case 'repeat':
        grantRepeat(claim, time)
        return
      case 'budget':
        grantBudget(claim, claim.base + claim.step * steps, time)
        return
    }
  }
  const grantRepeat = ({ key, limit, period }: RepeatClaim, time: number): void => {
    const known = repeats.get(key) ?? { times: [], period }
    known.times.push(time)
    if (known.times.length > limit) known.times.splice(0, known.times.length - limit)
    known.period = period
    repeats.set(key, known)
  }
  const grantBudget = (claim: BudgetClaim, amount: number, time: number): void => {
    const state = budgets.get(claim.key)
    if (state === undefined) return
    state.ttl = claim.ttl
    state.until = time + claim.ttl
    for (const slice of state.spent.keys()) if (slice < claim.oldest) state.spent.delete(slice)
    if (amount === 0) return
    const until = time + claim.holding
    const held = state.held.get(claim.holder)
    if (held === undefined) state.held.set(claim.holder, { amount, slice: claim.slice, until })
    else {
      held.amount += amount
      held.until = until
    }
    state.reserved += amount
    state.earliest = Math.min(state.earliest, until)
    state.version++
  }

  const sweep = (time: number): void => {
    if (buckets.size + slots.size + repeats.size + budgets.size < sweepAt) return
    for (const [key, { fullAt }] of buckets) if (fullAt <= time) buckets.delete(key)
    for (const key of slots.keys()) if (slotsOf(key, time).size === 0) slots.delete(key)
    for (const [key, { times, period }] of repeats)
      if ((times.at(-1) ?? 0) + period <= time) repeats.delete(key)
    for (const key of budgets.keys()) budgetOf(key, time)
    sweepAt = Math.max(fewest, 2 * (buckets.size + slots.size + repeats.size + budgets.size))
  }

  const change = (one: Change, time: number): void => {
    switch (one.type) {
      case 'bucket': {
        const state = bucketOf(one, time)
        state.level = Math.min(one.capacity, Math.max(-one.capacity, state.level - one.amount))
        state.fullAt = time + ((one.capacity - state.level) * one.period) / one.refill
        return
      }
      case 'slot':
        slots.get(one.key)?.taken.delete(one.holder)
        return
      case 'budget':
        settleBudget(one, time)
        return
    }
  }
  const settleBudget = ({ key, holder, spent }: BudgetChange, time: number): void => {
    const state = budgets.get(key)
    if (state !== undefined) settle(state, holder, spent, time)
  }

  return {
    async take({ claims, steps }: Take): Promise<Taken> {
      const time = now()
      sweep(time)
      const before = claims.map((claim) => levelOf(claim, time))
      const fitting = stepsThatFit(claims, before, steps?.most ?? 0)
      const isRefused = fitting < (steps?.least ?? 0)
      const judgedLevels = before.map((level, at) => judged(claims[at], level, steps?.least ?? 0))
      if (isRefused || judgedLevels.some(({ ok }) => !ok))
        return { granted: false, steps: 0, levels: judgedLevels }
      for (const claim of claims) grant(claim, fitting, time)
      // Whether the same would be granted once more is not what `ok` says.
      const levels = claims.map((claim) => ({ ...levelOf(claim, time), ok: true }))
      return { granted: true, steps: fitting, levels }
    },
    async give(changes) {
      const time = now()
      for (const one of changes) change(one, time)
    },
    async keep(holders, holding) {
      const until = now() + holding
      for (const { key, holder } of holders) {
        const budget = budgets.get(key)
        const held = budget?.held.get(holder)
        if (budget !== undefined && held !== undefined) {
          held.until = until
          budget.earliest = Math.min(budget.earliest, until)
        }
        if (slots.get(key)?.taken.has(holder)) hold(key, holder, until)
      }
    },
    async seed({ key, spent, ttl, version }) {
      const time = now()
      const known = budgetOf(key, time)
      if (known !== undefined && (known.version !== version || known.held.size > 0)) return false
      if (known === undefined && version !== undefined) return false
      budgets.set(key, {
        spent: new Map(spent),
        held: new Map(),
        reserved: 0,
        // Never one that it had before it was forgotten: whoever knows that one knows too little.
        version: Math.max((known?.version ?? 0) + 1, time),
        earliest: Number.POSITIVE_INFINITY,
        ttl,
        until: time + ttl,
      })
      return true
    },
  }
}

const spentSince = ({ spent }: BudgetState, oldest: number): number => {
  let sum = 0
  for (const [slice, amount] of spent) if (slice >= oldest) sum += amount
  return sum
}

/** As many steps as the tightest budget lets through. */
const stepsThatFit = (claims: readonly Claim[], levels: readonly Level[], most: number): number => {
  let steps = most
  for (const [at, claim] of claims.entries()) {
    const level = levels[at]
    if (claim.type !== 'budget' || level?.type !== 'budget' || claim.limit === null || claim.step === 0)
      continue
    const room = claim.limit - level.spent - level.reserved - claim.base
    steps = Math.min(steps, Math.floor(room / claim.step))
  }
  // Where more is spent than the limit, no step fits; whoever wanted none is not refused for that.
  return Math.max(0, steps)
}

/** A budget is in the way when not even the fewest steps fit into it. */
const judged = (claim: Claim | undefined, level: Level, least: number): Level => {
  if (claim?.type !== 'budget' || level.type !== 'budget' || !level.known || claim.limit === null)
    return level
  const wanted = claim.base + claim.step * least
  // Whoever only looks is told how it stands, and not refused.
  return { ...level, ok: wanted === 0 || level.spent + level.reserved + wanted <= claim.limit }
}
