import type { Node } from './node.ts'
import type { ProtocolId } from './protocol-id.ts'
import type { Usage } from './usage.ts'

export interface EmbedRequest extends Node {
  readonly protocol: ProtocolId
  readonly model: string
  /** Texts, or token ids (OpenAI). */
  readonly inputs: readonly (string | readonly number[])[]
  /** `one`: the source asked for a single vector outside a list. */
  readonly form: 'one' | 'list'
  readonly dimensions?: number
  readonly format: 'float' | 'base64'
  readonly task?: string
  readonly title?: string
  readonly user?: string
  /** What another protocol cannot be told of: media among the inputs, settings that differ from input to input. */
  readonly unsaid?: { readonly at: string; readonly what: string }
}

export interface EmbedResponse extends Node {
  readonly protocol: ProtocolId
  readonly model?: string
  readonly vectors: readonly (readonly number[])[]
  readonly usage?: Usage
}
