import type { Bucket, Change, Claim, Holder, Level, Seed, Take, Taken } from './index.ts'

/** The counters as one would write them down: exact, slow, with nothing remembered that can be worked out. */
export interface QuotaModel {
  take(take: Take): Taken
  give(changes: readonly Change[]): void
  keep(holders: readonly Holder[], holding: number): void
  seed(seed: Seed): boolean
}

interface Part {
  readonly holder: string
  readonly amount: number
  readonly slice: number
  until: number
}

interface Budget {
  spent: readonly (readonly [slice: number, amount: number])[]
  held: Part[]
  ttl: number
  until: number
  version: number
}

interface Slots {
  readonly holder: string
  until: number
}

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)
const smaller = (one: bigint, other: bigint): bigint => (one < other ? one : other)
const larger = (one: bigint, other: bigint): bigint => (one > other ? one : other)
const upTo = (dividend: bigint, divisor: bigint): number => Number((dividend + divisor - 1n) / divisor)

export const quotaModel = (now: () => number): QuotaModel => {
  /** What lacks to be full, times the period: whole numbers only. */
  const buckets = new Map<string, { lack: bigint; at: number }>()
  const slots = new Map<string, Slots[]>()
  const repeats = new Map<string, number[]>()
  const budgets = new Map<string, Budget>()

  const lackOf = ({ key, refill }: Bucket): bigint => {
    const known = buckets.get(key)
    return known === undefined ? 0n : larger(0n, known.lack - BigInt((now() - known.at) * refill))
  }
  /** Whoever looks ends what is over; until then it can still be kept. */
  const holdersOf = (key: string): Slots[] => {
    const left = (slots.get(key) ?? []).filter(({ until }) => until > now())
    slots.set(key, left)
    return left
  }
  const budgetOf = (key: string): Budget | undefined => {
    const known = budgets.get(key)
    if (known === undefined) return undefined
    for (const dead of known.held.filter(({ until }) => until <= now())) {
      settle(known, dead, dead.amount, dead.until)
    }
    if (known.held.length > 0 || known.until > now()) return known
    budgets.delete(key)
    return undefined
  }
  const settle = (known: Budget, part: Part, spent: number, at: number): void => {
    known.held = known.held.filter((one) => one !== part)
    known.spent = [...known.spent, [part.slice, spent]]
    known.until = Math.max(known.until, at + known.ttl)
    known.version++
  }
  const spentOf = (known: Budget, oldest: number): number =>
    sum(known.spent.filter(([slice]) => slice >= oldest).map(([, amount]) => amount))
  const reservedOf = (known: Budget): number => sum(known.held.map(({ amount }) => amount))

  const levelOf = (claim: Claim, least: number): Level => {
    switch (claim.type) {
      case 'bucket': {
        const [capacity, refill, period] = [claim.capacity, claim.refill, claim.period].map(BigInt) as [
          bigint,
          bigint,
          bigint,
        ]
        const lack = lackOf(claim)
        const level = capacity * period - lack
        const wanted = BigInt(Math.min(claim.amount, claim.capacity)) * period
        return {
          type: 'bucket',
          ok: level >= wanted,
          left: Number(larger(0n, level) / period),
          wait: level >= wanted ? 0 : upTo(wanted - level, refill),
          full: upTo(lack, refill),
        }
      }
      case 'slot': {
        const taken = holdersOf(claim.key)
        const ok = taken.length < claim.limit || taken.some(({ holder }) => holder === claim.holder)
        return { type: 'slot', ok, taken: taken.length }
      }
      case 'repeat': {
        const recent = (repeats.get(claim.key) ?? []).filter((time) => time + claim.period > now())
        const first = recent.at(-claim.limit)
        const wait = first === undefined ? 0 : first + claim.period - now()
        return { type: 'repeat', ok: wait === 0, wait }
      }
      case 'budget': {
        const known = budgetOf(claim.key)
        if (known === undefined)
          return { type: 'budget', ok: false, known: false, spent: 0, reserved: 0, version: 0 }
        const [spent, reserved] = [spentOf(known, claim.oldest), reservedOf(known)]
        const wanted = claim.base + claim.step * least
        const ok = claim.limit === null || wanted === 0 || spent + reserved + wanted <= claim.limit
        return { type: 'budget', ok, known: true, spent, reserved, version: known.version }
      }
    }
  }

  const grant = (claim: Claim, steps: number): void => {
    switch (claim.type) {
      case 'bucket': {
        const amount = BigInt(Math.min(claim.amount, claim.capacity)) * BigInt(claim.period)
        buckets.set(claim.key, { lack: lackOf(claim) + amount, at: now() })
        return
      }
      case 'slot': {
        const others = holdersOf(claim.key).filter(({ holder }) => holder !== claim.holder)
        slots.set(claim.key, [...others, { holder: claim.holder, until: now() + claim.holding }])
        return
      }
      case 'repeat':
        repeats.set(claim.key, [...(repeats.get(claim.key) ?? []), now()])
        return
      case 'budget': {
        const known = budgetOf(claim.key)
        if (known === undefined) return
        known.ttl = claim.ttl
        known.until = now() + claim.ttl
        known.spent = known.spent.filter(([slice]) => slice >= claim.oldest)
        const amount = claim.base + claim.step * steps
        if (amount === 0) return
        const until = now() + claim.holding
        const before = known.held.find(({ holder }) => holder === claim.holder)
        const others = known.held.filter((one) => one !== before)
        const slice = before?.slice ?? claim.slice
        known.held = [
          ...others,
          { holder: claim.holder, amount: amount + (before?.amount ?? 0), slice, until },
        ]
        known.version++
      }
    }
  }

  /** Every number of steps is tried. */
  const fits = (claims: readonly Claim[], steps: number): boolean =>
    claims.every((claim) => {
      if (claim.type !== 'budget' || claim.limit === null) return true
      const known = budgetOf(claim.key)
      if (known === undefined) return false
      const wanted = claim.base + claim.step * steps
      return wanted === 0 || spentOf(known, claim.oldest) + reservedOf(known) + wanted <= claim.limit
    })

  return {
    take({ claims, steps: { least, most } = { least: 0, most: 0 } }) {
      const levels = claims.map((claim) => levelOf(claim, least))
      if (levels.some(({ ok }) => !ok)) return { granted: false, steps: 0, levels }
      let steps = most
      while (steps > least && !fits(claims, steps)) steps--
      for (const claim of claims) grant(claim, steps)
      return {
        granted: true,
        steps,
        levels: claims.map((claim) => ({ ...levelOf(claim, least), ok: true })),
      }
    },
    give(changes) {
      for (const change of changes) {
        if (change.type === 'bucket') {
          const whole = BigInt(change.capacity) * BigInt(change.period)
          const lack = lackOf(change) + BigInt(change.amount) * BigInt(change.period)
          buckets.set(change.key, { lack: smaller(2n * whole, larger(0n, lack)), at: now() })
        } else if (change.type === 'slot') {
          slots.set(
            change.key,
            (slots.get(change.key) ?? []).filter(({ holder }) => holder !== change.holder),
          )
        } else {
          const known = budgets.get(change.key)
          const part = known?.held.find(({ holder }) => holder === change.holder)
          if (known !== undefined && part !== undefined) settle(known, part, change.spent, now())
        }
      }
    },
    keep(holders, holding) {
      for (const { key, holder } of holders) {
        const until = now() + holding
        for (const one of slots.get(key) ?? []) if (one.holder === holder) one.until = until
        for (const one of budgets.get(key)?.held ?? []) if (one.holder === holder) one.until = until
      }
    },
    seed({ key, spent, ttl, version }) {
      const known = budgetOf(key)
      if (version === undefined ? known !== undefined : known?.version !== version) return false
      if (known !== undefined && known.held.length > 0) return false
      budgets.set(key, {
        spent,
        held: [],
        ttl,
        until: now() + ttl,
        version: Math.max((known?.version ?? 0) + 1, now()),
      })
      return true
    },
  }
}
