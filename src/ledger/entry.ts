/**
 * What the ledger records of an exchange. Times are milliseconds since 1970, durations milliseconds, sizes bytes,
 * money nano-USD. Null means unknown or not applicable, never zero.
 */
import type { CacheMoney } from '../catalog/index.ts'
import type { Operation, ProtocolId, Usage } from '../ir/index.ts'

/** Ids of who an exchange belongs to. */
export interface Tenant {
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
  readonly key: string | null
}

export type ExchangeKind = 'client' | 'shadow' | 'canary' | 'cache' | 'background' | 'peer'

/** Whether the exchange was asked by one of ours, or served to somebody else. */
export type Direction = 'consume' | 'supply'

export type UsageSource = 'reported' | 'counted' | 'estimated'

export type Outcome =
  | 'success'
  | 'upstream_error'
  | 'refused'
  | 'client_aborted'
  | 'upstream_died'
  | 'gateway_error'
  | 'orphaned'

/** Written before anything is sent upstream. */
export interface OpenedRow {
  readonly exchange: string
  readonly instance: string
  readonly at: number
  readonly kind: ExchangeKind
  readonly direction: Direction
  readonly counterparty: string | null
  readonly tenant: Tenant
  readonly session: string | null
  readonly operation: Operation
  readonly clientProtocol: ProtocolId
  readonly modelAsked: string | null
  readonly provider: string | null
  readonly model: string | null
  readonly upstreamProtocol: ProtocolId | null
  readonly credential: string | null
  /** What an orphan of this exchange is charged. Null when the cost has no bound or no price. */
  readonly reservedNanoUsd: bigint | null
  readonly reservedInputTokens: number | null
  readonly reservedOutputTokens: number | null
  readonly requestBytes: number
  readonly tags: readonly string[]
}

/** One upstream call of an exchange; `number` starts at 1. */
export interface AttemptRow {
  readonly exchange: string
  readonly number: number
  readonly at: number
  readonly provider: string
  readonly credential: string | null
  readonly protocol: ProtocolId
  readonly modelSent: string
  readonly modelAnswered: string | null
  /** How the answer ended, in the words of `protocol`. Null where it did not, or an older release wrote the row. */
  readonly finishReason: string | null
  readonly status: number | null
  readonly error: string | null
  readonly latencyMs: number
  readonly ttftMs: number | null
  readonly usage: Usage | null
  readonly usageSource: UsageSource | null
  /** What whoever asked is charged: with the operator's margin. */
  readonly costNanoUsd: bigint | null
  /** What the provider bills, where that differs. Null or absent: as much as `costNanoUsd`, or not known. */
  readonly providerCostNanoUsd?: bigint | null
  readonly priceVersion: string | null
  /** What the provider's cache saved and cost. Not kept in a row of its own: the exchange's has the sum. */
  readonly cacheMoney?: CacheMoney | null
  readonly upstreamRequestId: string | null
}

/** What the cache of answers did about an exchange, as the row keeps it. */
export interface CacheNote {
  readonly result: 'hit-exact' | 'hit-semantic' | 'miss' | 'bypass'
  /** Why it was left out. */
  readonly reason?: string
  /** Why the answer was not kept. */
  readonly unkept?: string
  /** What the answer is kept under. */
  readonly key?: string
  /** Digests of what decides: two exchanges with different keys differ in one of them. */
  readonly sections?: Readonly<Record<string, string>>
  /** Seconds since the answer was given first. */
  readonly age?: number
  /** What was found beside it by meaning, where that was looked for. */
  readonly similar?: SimilarNote
}

/** The kept question that comes nearest, and what became of it. */
export interface SimilarNote {
  /**
   * `given`: its answer was; `asked`: a provider was asked all the same; `kept-apart`: something in the words forbids
   * it; `none`: nothing is near; `own`: it was found to be another one; `away`: no embedding came; `not-allowed`: the
   * key may not use the embedder; else why only an equal request may have the same answer.
   */
  readonly result: string
  /** In what the words differ. */
  readonly difference?: string
  readonly similarity?: number
  /** Least probability with which its answer is right. */
  readonly certainty?: number
}

/** The one final row of an exchange. `at` is when it ended. */
export interface ClosedRow {
  readonly exchange: string
  readonly instance: string
  readonly at: number
  readonly openedAt: number
  readonly kind: ExchangeKind
  readonly direction: Direction
  /** Who it was served to, or bought from. Absent is null. */
  readonly counterparty?: string | null
  readonly tenant: Tenant
  readonly session: string | null
  readonly operation: Operation
  readonly clientProtocol: ProtocolId
  readonly upstreamProtocol: ProtocolId | null
  readonly modelAsked: string | null
  readonly modelAnswered: string | null
  readonly provider: string | null
  readonly credential: string | null
  readonly outcome: Outcome
  /** The HTTP status that the client got. */
  readonly status: number | null
  /** Our error code (`gateway_…`). */
  readonly error: string | null
  /** The stage that ended it. */
  readonly stage: string | null
  readonly streamed: boolean
  readonly attempts: number
  readonly usage: Usage | null
  readonly usageSource: UsageSource | null
  /** Null when the cost is not known; 0 when nothing was spent. */
  readonly costNanoUsd: bigint | null
  readonly priceVersion: string | null
  readonly latencyMs: number
  readonly ttftMs: number | null
  readonly requestBytes: number
  readonly responseBytes: number
  /** Translation losses as JSON. */
  readonly warnings: string | null
  readonly clientAgent: string | null
  /** Of the key and of the request. */
  readonly tags: readonly string[]
  /** What the firewall found, as JSON: `FirewallEvidence[]`; null for nothing. */
  readonly firewall: string | null
  /** `CacheNote` as JSON; null where the cache was off. */
  readonly cache: string | null
  /** What it would have cost to ask a provider for what the cache knew; null where it knew nothing. */
  readonly cacheSavedNanoUsd: bigint | null
  /** What the compressor made of the blocks that it changed; null where it changed none. */
  readonly compression: Compression | null
  /** What providers' caches saved and cost; null where nothing was read or written, or no price is known. */
  readonly cacheMoney?: CacheMoney | null
  readonly promptCacheBreak?: EntryCacheBreak | null
}

/** Blocks of code that went on shorter than they came. Sizes are bytes of UTF-8, tokens are estimated. */
export interface Compression {
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly tokensBefore: number
  readonly tokensAfter: number
}

/** A provider read less from its cache than it had kept of the conversation. */
export interface EntryCacheBreak {
  readonly cause: 'client' | 'gateway' | 'unmarked' | 'provider'
  readonly expectedTokens: number
  readonly readTokens: number
  /** Of the first byte that changed in what was sent to the provider, and its place in words of the protocol. */
  readonly offset: number | null
  readonly path: string | null
  /** What these tokens cost more than from the cache; null where no price is known. */
  readonly missedNanoUsd: bigint | null
}
