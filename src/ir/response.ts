import type { Node } from './node.ts'
import type { Part } from './part.ts'
import type { ProtocolId } from './protocol-id.ts'
import type { Usage } from './usage.ts'

/** A whole answer. `collect(events)` builds the same thing from a stream. */
export interface GenerateResponse extends Node {
  readonly protocol: ProtocolId
  readonly id?: string
  /** The model that answered, as the provider names it. */
  readonly model?: string
  /** Seconds since the epoch. */
  readonly created?: number
  /** One, unless the request asked for several candidates; in the order of their indexes. */
  readonly choices: readonly Choice[]
  readonly usage?: Usage
  readonly serviceTier?: string
}

export interface Choice extends Node {
  readonly index: number
  readonly parts: readonly Part[]
  readonly finish?: Finish
}

export interface Finish extends Node {
  readonly reason: FinishReason
  /** Which stop string matched, where the provider tells. */
  readonly stopSequence?: string
  /** Words of the provider about it. */
  readonly message?: string
}

/** Canonical stop reasons, translation.md §11.1. */
export type FinishReason =
  | 'end'
  | 'stop-sequence'
  | 'tool-calls'
  | 'length'
  | 'context'
  | 'pause'
  | 'compacted'
  | 'refusal'
  | 'filtered-output'
  | 'filtered-input'
  | 'malformed-call'
  | 'no-image'
  | 'steered'
  | 'failed'
  | 'other'
