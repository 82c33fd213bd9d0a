import type { Capabilities, GenerateRequest, ProtocolId, StreamEvent } from '../ir/index.ts'
import type { Machine } from '../wire/index.ts'

/** Who is asked, and on whose behalf. The same for every pass of one attempt. */
export interface TranslationContext {
  readonly organisation: string
  readonly target: TranslationTarget
  /** What the client asked for, before any pass; absent where one pass runs alone. */
  readonly asked?: GenerateRequest
  /** Losses that the client is told of. In strict mode each one is a refusal. */
  readonly warn: Warn
  /** @throws GatewayError `gateway_translation_unsupported` with the path in the client's request */
  readonly refuse: (feature: string, path: string, reason: string) => never
}

export type Warn = (code: 'dropped' | 'approximated', feature: string, path: string, reason: string) => void

export interface TranslationTarget {
  readonly protocol: ProtocolId
  readonly provider: string
  /** Id of the credential: reasoning state belongs to an account. */
  readonly credential: string
  readonly model: string
  readonly capabilities: Capabilities
  /** It has refused the state that the history holds, so it gets none. Absent: no. */
  readonly refusedState?: boolean
}

/**
 * One rewriting of the canonical request for a target, and of its answer on the way back. Passes know nothing of
 * wires: codecs do. Pure and deterministic: equal requests give equal results, and a longer history extends the
 * result of the shorter one (translation.md §1.9). A pass that has nothing to do returns the request itself.
 */
export interface Pass {
  readonly name: string
  readonly run: (request: GenerateRequest, context: TranslationContext) => Passed
}

export interface Passed {
  readonly request: GenerateRequest
  /** Rewrites the answer's events. A whole answer takes the same way: replayed, rewritten and collected. */
  readonly answer?: () => Machine<StreamEvent, StreamEvent>
}
