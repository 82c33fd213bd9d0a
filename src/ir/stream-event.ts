import type { CanonicalError } from './canonical-error.ts'
import type { Extensions, Node } from './node.ts'
import type {
  Citation,
  Part,
  ReasoningPart,
  ReasoningState,
  RefusalPart,
  TextPart,
  ToolCallPart,
} from './part.ts'
import type { Finish } from './response.ts'
import type { Usage } from './usage.ts'

/**
 * A streamed answer, step by step. `index` numbers the parts of one choice from 0 in the order in which they open;
 * parts may overlap (Responses does it, rarely). Every opened part is ended before `finish`, but for a cut stream.
 *
 * Grammar: start (text-* | reasoning-* | refusal-* | tool-call-* | part | citation | usage | extension)* finish* usage? end,
 * or at any place: error.
 */
export type StreamEvent =
  | StartEvent
  | PartStartEvent
  | TextDeltaEvent
  | RefusalDeltaEvent
  | ReasoningDeltaEvent
  | ToolCallDeltaEvent
  | PartEndEvent
  | WholePartEvent
  | CitationEvent
  | UsageEvent
  | FinishEvent
  | ErrorEvent
  | ExtensionEvent
  | EndEvent

export interface StartEvent extends Node {
  readonly type: 'start'
  readonly id?: string
  readonly model?: string
  readonly created?: number
  readonly serviceTier?: string
}

interface Placed {
  /** Which candidate; absent means 0. */
  readonly choice?: number
  readonly index: number
}

/** Opens a part. `part` is the part as far as it is known: empty text, no pieces, empty input. */
export interface PartStartEvent extends Placed {
  readonly type: 'text-start' | 'refusal-start' | 'reasoning-start' | 'tool-call-start'
  readonly part: TextPart | RefusalPart | ReasoningPart | ToolCallPart
}

export interface TextDeltaEvent extends Placed {
  readonly type: 'text-delta'
  readonly text: string
  readonly extensions?: Extensions
}

export interface RefusalDeltaEvent extends Placed {
  readonly type: 'refusal-delta'
  readonly text: string
  readonly extensions?: Extensions
}

export interface ReasoningDeltaEvent extends Placed {
  readonly type: 'reasoning-delta'
  /** Which piece of the part; a new number opens the next piece. */
  readonly piece: number
  readonly kind: 'summary' | 'text'
  readonly text: string
  readonly extensions?: Extensions
}

export interface ToolCallDeltaEvent extends Placed {
  readonly type: 'tool-call-delta'
  /** A slice of the arguments' source text. */
  readonly input: string
  readonly extensions?: Extensions
}

/** Closes a part and adds what is known only then. */
export interface PartEndEvent extends Placed {
  readonly type: 'text-end' | 'refusal-end' | 'reasoning-end' | 'tool-call-end'
  readonly state?: ReasoningState
  /** Merged over the extensions that the start gave, per protocol. */
  readonly extensions?: Extensions
}

/** A part that comes in one piece. */
export interface WholePartEvent extends Placed {
  readonly type: 'part'
  readonly part: Part
}

export interface CitationEvent extends Placed {
  readonly type: 'citation'
  readonly citation: Citation
}

/** Cumulative: later counters overwrite earlier ones. */
export interface UsageEvent extends Node {
  readonly type: 'usage'
  readonly usage: Usage
  /** The model that answers from here on, where it changed after the start (a fallback at the provider). */
  readonly model?: string
}

export interface FinishEvent {
  readonly type: 'finish'
  readonly choice?: number
  readonly finish: Finish
  /** Becomes the choice's extensions. */
  readonly extensions?: Extensions
}

export interface ErrorEvent extends Node {
  readonly type: 'error'
  readonly error: CanonicalError
}

/** Something of one protocol that the canonical form has no word for (a ping, a progress event). */
export interface ExtensionEvent {
  readonly type: 'extension'
  readonly extensions: Extensions
}

/** The protocol's own proof of completeness was seen. `extensions` merge over the response's. */
export interface EndEvent {
  readonly type: 'end'
  readonly extensions?: Extensions
}
