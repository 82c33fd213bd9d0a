import type { BucketClaim, Change, Claim, Level, RepeatClaim, SlotClaim } from '../state/index.ts'
import type { Bound } from './limit-table.ts'
import type { SharedQuota, TakenFrom } from './shared-quota.ts'
import { holding, type SlotKeeper } from './slot-keeper.ts'

/** What an exchange, or one attempt of it, takes from its limits. */
export interface Demand {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface Standing {
  readonly bound: Bound
  readonly level: Level
}

export type Admission = Admitted | Refused

export interface Admitted {
  readonly type: 'admitted'
  readonly standings: readonly Standing[]
  /** Ends what is held, and corrects the estimate by what was used. Once; further calls do nothing. Never rejects. */
  settle(used: Demand): Promise<void>
}

export interface Refused {
  readonly type: 'refused'
  readonly standings: readonly Standing[]
  /** Those that have no room. */
  readonly by: readonly Standing[]
  /** The same body came too often; milliseconds until it may come again. */
  readonly repeated: number | undefined
  /** Milliseconds until there is room, as far as it can be told. */
  readonly wait: number
}

export interface AdmissionParts {
  readonly quota: SharedQuota
  readonly keeper: SlotKeeper
}

export interface Wanted {
  readonly bounds: readonly Bound[]
  readonly demand: Demand
  /** Unique for the exchange, or for its attempt. */
  readonly holder: string
  readonly repeat?: RepeatClaim | undefined
  /** It was let in before, by another name: it is counted, and not refused. */
  readonly isKnown?: boolean
}

/** When a place comes free nobody knows; so long a client is asked to wait for it, in milliseconds. */
export const slotWait = 1_000

/** One decision over all limits that apply: all of them have room, or nothing is taken from any. */
export const createAdmission =
  ({ quota, keeper }: AdmissionParts) =>
  async ({ bounds, demand, holder, repeat, isKnown = false }: Wanted): Promise<Admission> => {
    const claims: Claim[] = bounds.map((bound) => claimOf(bound, isKnown ? nothing : demand, holder, isKnown))
    if (repeat !== undefined) claims.push(repeat)
    const from = await quota.take(claims)
    const { levels, granted } = from.taken
    const standings = bounds.flatMap((bound, at) => {
      const level = levels[at]
      return level === undefined ? [] : [{ bound, level }]
    })
    if (!granted) return refused(standings, repeat === undefined ? undefined : levels[bounds.length])
    const slots = from.claims.filter((claim) => claim.type === 'slot')
    for (const slot of slots) keeper.hold(from.quota, slot)
    let isOpen = true
    return {
      type: 'admitted',
      standings,
      async settle(used) {
        if (!isOpen) return
        isOpen = false
        for (const slot of slots) keeper.release(from.quota, slot)
        const changes = changesOf(bounds, from, used)
        if (changes.length === 0) return
        // What cannot be given back comes back by itself: buckets fill up, slots end.
        await from.quota.give(changes).catch(() => undefined)
      },
    }
  }

const nothing: Demand = { requests: 0, inputTokens: 0, outputTokens: 0 }

const claimOf = (bound: Bound, demand: Demand, holder: string, isKnown: boolean): BucketClaim | SlotClaim => {
  const { key, limit, capacity, period } = bound
  if (bound.unit === 'concurrent') {
    return { type: 'slot', key, holder, holding, limit: isKnown ? Number.MAX_SAFE_INTEGER : limit }
  }
  return { type: 'bucket', key, capacity, refill: limit, period, amount: amountOf(bound, demand) }
}

/** Tokens are whole. */
const amountOf = ({ unit }: Bound, { requests, inputTokens, outputTokens }: Demand): number => {
  switch (unit) {
    case 'requests':
      return requests
    case 'input_tokens':
      return Math.ceil(inputTokens)
    case 'output_tokens':
      return Math.ceil(outputTokens)
    case 'tokens':
      return Math.ceil(inputTokens + outputTokens)
    case 'concurrent':
      return 0
  }
}

const changesOf = (bounds: readonly Bound[], { claims }: TakenFrom, used: Demand): readonly Change[] =>
  bounds.flatMap((bound, at): readonly Change[] => {
    const claim = claims[at]
    if (claim?.type === 'slot') return [{ type: 'slot', key: claim.key, holder: claim.holder }]
    if (claim?.type !== 'bucket') return []
    // More than a bucket holds was not taken from it.
    const amount = amountOf(bound, used) - Math.min(claim.amount, claim.capacity)
    return amount === 0 ? [] : [{ ...claim, amount }]
  })

const refused = (standings: readonly Standing[], repeat: Level | undefined): Refused => {
  const by = standings.filter(({ level }) => !level.ok)
  const repeated = repeat?.type === 'repeat' && !repeat.ok ? repeat.wait : undefined
  const waits = by.map(({ level }) => (level.type === 'bucket' ? level.wait : slotWait))
  return { type: 'refused', standings, by, repeated, wait: Math.max(1, repeated ?? 0, ...waits) }
}
