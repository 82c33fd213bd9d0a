import type { MarkPolicy } from '../../prompt-cache/settings.ts'
import type { RoutePolicy } from './route-policy.ts'

/** One rule as the configuration has it. */
export interface RouteRule {
  /** Names, globs with `*`, or regular expressions between slashes; one of them must fit the model. */
  readonly match: readonly string[]
  /** For people, metrics and the state that belongs to it; without one the first pattern. */
  readonly name?: string | undefined
  readonly when?: RouteConditions | undefined
  readonly targets: readonly RouteTarget[]
  /** What it says beyond its targets. */
  readonly policy?: Omit<RoutePolicy, 'id'>
}

export interface RouteTarget {
  readonly provider: string
  /** Absent: the model that the client asked for. */
  readonly model?: string | undefined
  readonly weight?: number | undefined
  /** Marks of the prompt cache. */
  readonly promptCache?: MarkPolicy | undefined
}

/** All that are given must hold. */
export interface RouteConditions {
  /** Operations (`generate`, `embed`, …) or protocols (`openai-chat`, …). */
  readonly endpoints?: readonly string[] | undefined
  /** Names or ids of virtual keys. */
  readonly keys?: readonly string[] | undefined
  readonly teams?: readonly string[] | undefined
  /** Header to glob. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Globs for the client's own session name. */
  readonly sessions?: readonly string[] | undefined
  /** Estimated input tokens: more than `over`, at most `upTo`. */
  readonly inputTokens?:
    | { readonly over?: number | undefined; readonly upTo?: number | undefined }
    | undefined
  readonly tools?: boolean | undefined
  readonly images?: boolean | undefined
  readonly hours?: Hours | undefined
}

/** A time of day, in a time zone. From later than to: over midnight. */
export interface Hours {
  /** Minutes since midnight. */
  readonly from: number
  readonly to: number
  /** 0 is Sunday; all days where absent. What goes over midnight belongs to the day on which it began. */
  readonly days?: readonly number[] | undefined
  readonly zone: string
}
