/**
 * What is recorded of copies of exchanges that were sent to another target to see how it would answer. Measures only:
 * no word of a prompt or an answer. Times are milliseconds since 1970, durations milliseconds, money nano-USD.
 */
import type { Tenant } from './entry.ts'

/** Written before the copy is sent. */
export interface ShadowCopy {
  /** The copy's own exchange. */
  readonly copy: string
  /** The exchange that was copied. */
  readonly exchange: string
  readonly at: number
  readonly tenant: Tenant
  /** The rule that asked for it. */
  readonly route: string
  readonly primary: ShadowPrimary
  readonly provider: string
  readonly model: string
  /** What the copy may cost at most, as far as prices are known. */
  readonly reservedNanoUsd: bigint | null
}

/** Who answered the client, and what it took. */
export interface ShadowPrimary {
  readonly provider: string
  readonly model: string
  readonly latencyMs: number
  readonly costNanoUsd: bigint | null
}

export interface ShadowEnd {
  /** `failed`: the target gave no answer; `unreadable`: one of the answers could not be read. */
  readonly result: 'compared' | 'failed' | 'unreadable'
  /** Our error code, or the status of the target's refusal. */
  readonly error: string | null
  readonly latencyMs: number
  /** Null when it is not known; then the reservation counts as spent. */
  readonly costNanoUsd: bigint | null
  /** Of compared ones. */
  readonly measures: ShadowMeasures | null
}

/** Null: does not apply. */
export interface ShadowMeasures {
  /** Both ended for the same kind of reason. */
  readonly sameStop: boolean
  /** The same tools with the same arguments; null where neither calls any. */
  readonly sameToolCalls: boolean | null
  /** Was the answer JSON? Null where JSON was not asked for, or tools were called. */
  readonly primaryJson: boolean | null
  readonly copyJson: boolean | null
  /** Characters of text. */
  readonly primaryLength: number
  readonly copyLength: number
  /** 0 to 1; null where neither says any text. */
  readonly similarity: number | null
}

/** Exchanges that were to be copied and were not, counted by the hour. */
export interface ShadowDrops {
  readonly route: string
  /** Start of the hour. */
  readonly hour: number
  readonly reason: string
  readonly count: number
}
