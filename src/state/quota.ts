/**
 * Counters that several processes take from together: a take is granted by all that it names, or changes none of them.
 * Amounts are whole numbers below 2^53: requests, tokens, or nano-USD. Times are whole, finite numbers of milliseconds;
 * whoever keeps the counters reads the clock. Limits, capacities, refills and periods are at least 1, and the claims of
 * one take have different keys.
 */
export interface Quota {
  /** Rejects with `gateway_state_unavailable` when the counters cannot be reached; it may then have been granted. */
  take(take: Take): Promise<Taken>
  /** Gives back, corrects and settles. What nobody holds any more is left as it is, so that settling twice is harmless. */
  give(changes: readonly Change[]): Promise<void>
  /** What these holders hold ends `holding` from now. Call it well before that is over: later it may be gone. */
  keep(holders: readonly Holder[], holding: number): Promise<void>
  /**
   * Tells a budget what was spent so far. Counts only while the budget is unknown, or, with a version, while it is still
   * at that version and nothing is reserved. Resolves to whether it counted.
   */
  seed(seed: Seed): Promise<boolean>
}

export type Claim = BucketClaim | SlotClaim | RepeatClaim | BudgetClaim

/** A token bucket: holds `capacity`, and `refill` flow in evenly during each `period`. */
export interface Bucket {
  readonly key: string
  readonly capacity: number
  readonly refill: number
  readonly period: number
}

/** Takes `amount`, at most the capacity; 0 only looks. */
export interface BucketClaim extends Bucket {
  readonly type: 'bucket'
  readonly amount: number
}

/** One of `limit` places, held until it is given back or `holding` is over. */
export interface SlotClaim extends Holder {
  readonly type: 'slot'
  readonly limit: number
  readonly holding: number
}

/** At most `limit` grants within any `period`. */
export interface RepeatClaim {
  readonly type: 'repeat'
  readonly key: string
  readonly limit: number
  readonly period: number
}

/** Holds `base` and `step` for each granted step of a budget. A holder that takes again holds more. */
export interface BudgetClaim extends Holder {
  readonly type: 'budget'
  /** Spent and reserved together stay at or below it; null counts without ever refusing. */
  readonly limit: number | null
  readonly base: number
  readonly step: number
  readonly holding: number
  /** Which part of a rolling period spends now, and the oldest part that still counts. 0 and 0 for any other period. */
  readonly slice: number
  readonly oldest: number
  /** How long the budget is remembered after its last use, a settlement too, and after the last holder's end. */
  readonly ttl: number
}

/** `holder` is unique for what it holds: a process that dies never comes back under the same name. */
export interface Holder {
  readonly key: string
  readonly holder: string
}

export interface Take {
  readonly claims: readonly Claim[]
  /** As many steps as fit into all budgets, within these; none when absent. */
  readonly steps?: { readonly least: number; readonly most: number }
}

export interface Taken {
  readonly granted: boolean
  /** How many steps were granted. */
  readonly steps: number
  /** One for each claim, in their order, after the take. */
  readonly levels: readonly Level[]
}

/** How a claim stands. `ok` is false where it is the reason for a refusal. */
export type Level = BucketLevel | SlotLevel | RepeatLevel | BudgetLevel

export interface BucketLevel {
  readonly type: 'bucket'
  readonly ok: boolean
  /** What can be taken now, never negative. */
  readonly left: number
  /** Until the claimed amount can be taken; 0 when it can now. */
  readonly wait: number
  /** Until the bucket is full. */
  readonly full: number
}

export interface SlotLevel {
  readonly type: 'slot'
  readonly ok: boolean
  /** Places that are taken. */
  readonly taken: number
}

export interface RepeatLevel {
  readonly type: 'repeat'
  readonly ok: boolean
  readonly wait: number
}

export interface BudgetLevel {
  readonly type: 'budget'
  readonly ok: boolean
  /** False until it was seeded; then nothing is granted. */
  readonly known: boolean
  readonly spent: number
  readonly reserved: number
  readonly version: number
}

export type Change = BucketChange | SlotChange | BudgetChange

/** More was used than was taken (positive), or less. What a bucket lacks is paid by what flows in, up to its capacity. */
export interface BucketChange extends Bucket {
  readonly type: 'bucket'
  readonly amount: number
}

export interface SlotChange extends Holder {
  readonly type: 'slot'
}

/** Ends what the holder has reserved: so much of it was spent. */
export interface BudgetChange extends Holder {
  readonly type: 'budget'
  readonly spent: number
}

export interface Seed {
  readonly key: string
  /** Spent so far, by part of the period. */
  readonly spent: readonly (readonly [slice: number, amount: number])[]
  readonly ttl: number
  readonly version?: number
}
