import type { CacheLayer } from '../../cache/index.ts'
import type { CompressMode } from '../../compress/index.ts'
import type { PolicyLayer } from '../../firewall/index.ts'
import type { WorkMode } from '../../ir/index.ts'
import type { MarkPolicy } from '../../prompt-cache/settings.ts'

/** How the targets of a rule are chosen among. */
export const strategies = [
  'fallback',
  'weighted',
  'round-robin',
  'least-loaded',
  'lowest-latency',
  'cheapest',
] as const

export type Strategy = (typeof strategies)[number]

/** What one rule says of its exchanges. Absent fields: what the gateway's settings say. Durations in milliseconds. */
export interface RoutePolicy {
  /** Stable name of the rule, for state that belongs to it (turns, sessions, shadows) and for metrics. */
  readonly id: string
  readonly strategy: Strategy
  /** A session stays with its upstream while that is healthy. */
  readonly sticky: boolean
  readonly workMode?: WorkMode
  readonly firewall?: PolicyLayer
  readonly cache?: CacheLayer
  readonly compress?: CompressMode
  /** Marks of the prompt cache. */
  readonly promptCache?: MarkPolicy
  /** Upstream calls to one target before the next is tried. */
  readonly tries?: number
  readonly timeouts?: {
    readonly connect?: number
    readonly firstByte?: number
    readonly idle?: number
    readonly total?: number
  }
  readonly hedge?: HedgePolicy
  readonly shadow?: ShadowPolicy
}

/** When an answer is slow to begin, a second call is made elsewhere, and the first that answers is the client's. */
export interface HedgePolicy {
  /** After so many milliseconds, or after what 95 of 100 calls of the same upstream take to their first content. */
  readonly after: 'p95' | number
  /** However quick an upstream usually is, it gets so many milliseconds. */
  readonly atLeast: number
}

/** A share of a rule's exchanges is copied, after their answer, to another target. */
export interface ShadowPolicy {
  readonly provider: string
  /** Absent: the model that the client asked for. */
  readonly model?: string
  /** 0 to 1. */
  readonly share: number
  /** Copies under way at once; more are dropped and counted. */
  readonly concurrent: number
  /** Nano-USD that copies of this rule may cost per UTC day. Absent: no bound. */
  readonly dailyBudget?: bigint
}
