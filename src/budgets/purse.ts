import { GatewayError } from '../errors.ts'
import type { BudgetClaim, BudgetLevel, Change, Quota, Taken } from '../state/index.ts'
import { type Budget, type Standing, zoneOf } from './budget.ts'
import type { Applied } from './budget-table.ts'
import { partOf, rollingParts } from './calendar.ts'
import type { SpentStore } from './spent-store.ts'

/** What is wanted of a budget: a fixed amount, and as many steps as fit. In the budget's unit. */
export interface Wanted {
  readonly base: bigint
  readonly step: bigint
}

export interface HoldRequest {
  readonly applied: readonly Applied[]
  /** Unique for the attempt. */
  readonly holder: string
  readonly wanted: (budget: Budget) => Wanted
  readonly steps: { readonly least: number; readonly most: number }
  /** When the exchange began, in milliseconds. */
  readonly at: number
}

export type HoldResult =
  | {
      readonly type: 'held'
      readonly hold: Hold
      readonly steps: number
      readonly standings: readonly Standing[]
    }
  | { readonly type: 'refused'; readonly by: Standing; readonly standings: readonly Standing[] }

/** What one attempt holds of all its budgets. */
export interface Hold {
  /** Holds more: as many steps as fit into all budgets, or 0 where the fewest do not. */
  extend(
    wanted: (budget: Budget) => Wanted,
    steps: { readonly least: number; readonly most: number },
  ): Promise<number>
  /** Ends it: so much was spent. Only the first call counts. Resolves when it is written down, or queued for that. */
  settle(spent: (budget: Budget, held: bigint) => bigint): Promise<void>
}

/**
 * Holds and spends what budgets allow, over all processes that share a state. What the counters are lost of is read
 * from the ledger.
 */
export interface Purse {
  /** How budgets stand now. Rejects with `gateway_state_unavailable`. */
  look(applied: readonly Applied[], at: number): Promise<readonly Standing[]>
  /** Rejects with `gateway_state_unavailable` when nobody can tell what is left. */
  hold(request: HoldRequest): Promise<HoldResult>
  /** Holders of this process that are not settled. */
  readonly open: number
  /** Corrects counters that nobody holds anything of to what the ledger says. */
  recount(applied: readonly Applied[], at: number): Promise<void>
  /** Settles what is queued; what remains held is charged when its time is over. */
  stop(): Promise<void>
}

export interface PurseParts {
  readonly quota: Quota
  readonly spent: Pick<SpentStore, 'spent'>
  readonly now: () => number
  /** How long what a dead process held stays held, in milliseconds. Default 60,000. */
  readonly holding?: number
  /** Told how budgets stand whenever it is known. */
  readonly onStandings?: (standings: readonly Standing[]) => void
  readonly onProblem?: (message: string, error: unknown) => void
}

/** A counter is remembered so long after its period, in milliseconds. */
const afterlife = 3_600_000
/** One for ever is read from the ledger again after this long without use. */
const rereadAfter = 86_400_000
/** Pause before settlements that could not be written are tried again, in milliseconds. */
const retryPause = 500
/** A budget that nobody knows is read from the ledger, and perhaps lost again meanwhile. */
const mostSeeds = 4

export const createPurse = (parts: PurseParts): Purse => {
  const { quota, spent, now, holding = 60_000, onProblem = () => undefined } = parts
  const holders = new Map<string, readonly Applied[]>()
  let queued: Change[] = []
  let sending: Promise<void> | undefined
  let isStopped = false

  const keeper = setInterval(() => {
    const kept = [...holders].flatMap(([holder, applied]) => applied.map(({ key }) => ({ key, holder })))
    quota.keep(kept, holding).catch((error: unknown) => onProblem('reservations cannot be prolonged', error))
  }, holding / 4)
  keeper.unref?.()

  const claimOf = (one: Applied, holder: string, { base, step }: Wanted, at: number): BudgetClaim => ({
    type: 'budget',
    key: one.key,
    holder,
    limit: one.budget.mode === 'soft' ? null : Number(one.budget.limit),
    base: Number(base),
    step: Number(step),
    holding,
    ...slicesAt(one.budget, at),
    ttl: one.end === null ? rereadAfter : Math.max(0, one.end - now()) + afterlife,
  })

  /** Takes; budgets that nobody knows are read from the ledger first. */
  const take = async (
    applied: readonly Applied[],
    claims: readonly BudgetClaim[],
    at: number,
    steps?: HoldRequest['steps'],
  ): Promise<Taken> => {
    for (let seeds = 0; ; seeds++) {
      const taken = await quota.take({ claims, ...(steps === undefined ? {} : { steps }) })
      const unknown = applied.filter((_, index) => !budgetLevel(taken, index).known)
      if (unknown.length === 0) return taken
      if (seeds === mostSeeds) {
        throw new GatewayError('gateway_state_unavailable', 'budgets are lost as soon as they are read')
      }
      await Promise.all(unknown.map((one) => seed(one, at)))
    }
  }
  const seed = async (one: Applied, at: number, version?: number): Promise<boolean> => {
    const ttl = one.end === null ? rereadAfter : Math.max(0, one.end - now()) + afterlife
    const sums = await readSpent(one, at)
    return quota.seed({ key: one.key, spent: sums, ttl, ...(version === undefined ? {} : { version }) })
  }
  const readSpent = async ({ budget, subject, start, end }: Applied, at: number) => {
    const { level, organisation, unit, period } = budget
    const part = typeof period === 'object' ? partOf(period) : null
    const from = part === null ? start : (slicesAt(budget, at).oldest ?? 0) * part
    const rows = await spent.spent({ level, subject, organisation, unit, from, until: end, part })
    return rows.map(([slice, amount]) => [slice, Number(amount)] as const)
  }

  const standingsOf = (applied: readonly Applied[], taken: Taken): readonly Standing[] => {
    const standings = applied.map((one, index) => standingOf(one, budgetLevel(taken, index)))
    parts.onStandings?.(standings)
    return standings
  }

  /** Settlements go out in order, and wait where they cannot. */
  const send = async (): Promise<void> => {
    while (queued.length > 0) {
      const batch = queued
      queued = []
      try {
        await quota.give(batch)
      } catch (error) {
        queued = [...batch, ...queued]
        onProblem('what was spent cannot be written down just now', error)
        if (isStopped) return
        await Bun.sleep(retryPause)
      }
    }
  }
  const enqueue = (changes: readonly Change[]): Promise<void> => {
    queued.push(...changes)
    sending ??= send().finally(() => {
      sending = undefined
    })
    return sending
  }

  const openHold = (request: HoldRequest, claims: readonly BudgetClaim[], steps: number): Hold => {
    const { applied, holder, at } = request
    const amounts = claims.map(({ base, step }) => BigInt(base + step * steps))
    holders.set(holder, applied)
    return {
      async extend(wanted, within) {
        if (!holders.has(holder)) return 0
        const more = applied.map((one) => claimOf(one, holder, wanted(one.budget), at))
        const taken = await take(applied, more, at, within)
        standingsOf(applied, taken)
        if (!taken.granted) return 0
        if (!holders.has(holder)) {
          // It ended meanwhile, and nobody else gives this back.
          void enqueue(applied.map(({ key }) => ({ type: 'budget', key, holder, spent: 0 })))
          return 0
        }
        for (const [index, { base, step }] of more.entries()) {
          amounts[index] = (amounts[index] ?? 0n) + BigInt(base + step * taken.steps)
        }
        return taken.steps
      },
      async settle(spentOf) {
        if (!holders.delete(holder)) return
        await enqueue(
          applied.map(({ key, budget }, index) => {
            const amount = spentOf(budget, amounts[index] ?? 0n)
            return { type: 'budget' as const, key, holder, spent: Number(amount) }
          }),
        )
      },
    }
  }

  return {
    async look(applied, at) {
      if (applied.length === 0) return []
      const claims = applied.map((one) => claimOf(one, '', nothing, at))
      return standingsOf(applied, await take(applied, claims, at))
    },
    async hold(request) {
      const { applied, holder, wanted, steps, at } = request
      const claims = applied.map((one) => claimOf(one, holder, wanted(one.budget), at))
      const taken = await take(applied, claims, at, steps)
      const standings = standingsOf(applied, taken)
      if (taken.granted) {
        return { type: 'held', hold: openHold(request, claims, taken.steps), steps: taken.steps, standings }
      }
      const refusing = standings.findIndex((_, index) => taken.levels[index]?.ok === false)
      const by = standings[Math.max(0, refusing)]
      if (by === undefined) throw new GatewayError('gateway_internal', 'a budget refused and there is none')
      return { type: 'refused', by: { ...by, zone: 'red' }, standings }
    },
    get open() {
      return holders.size
    },
    async recount(applied, at) {
      const claims = applied.map((one) => claimOf(one, '', nothing, at))
      const taken = await take(applied, claims, at)
      for (const [index, one] of applied.entries()) {
        const { reserved, version } = budgetLevel(taken, index)
        if (reserved === 0) await seed(one, at, version)
      }
    },
    async stop() {
      isStopped = true
      clearInterval(keeper)
      await sending
      if (queued.length > 0) await send()
    },
  }
}

const nothing: Wanted = { base: 0n, step: 0n }

const slicesAt = ({ period }: Budget, at: number): { readonly slice: number; readonly oldest: number } => {
  if (typeof period !== 'object') return { slice: 0, oldest: 0 }
  const slice = Math.floor(at / partOf(period))
  return { slice, oldest: slice - rollingParts }
}

const budgetLevel = (taken: Taken, index: number): BudgetLevel => {
  const level = taken.levels[index]
  if (level?.type !== 'budget') throw new GatewayError('gateway_internal', 'a budget was not answered for')
  return level
}

const standingOf = ({ budget, subject, end }: Applied, level: BudgetLevel): Standing => {
  const amount = BigInt(Math.max(0, level.spent))
  return {
    budget,
    subject,
    spent: amount,
    reserved: BigInt(Math.max(0, level.reserved)),
    resetsAt: end,
    zone: zoneOf(budget, amount),
  }
}
