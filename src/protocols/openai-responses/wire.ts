/**
 * The shapes that we write, as the wire spells them. `wire.test.ts` checks them against the official SDK's types.
 * What we read is `unknown` and narrowed by hand: providers add fields and types without notice.
 */
import type { RawJson } from '../../wire/index.ts'

export const protocolId = 'openai-responses'

/** The tag that official clients and servers put on every item, part, tool and event. */
export type WireStatus = 'in_progress' | 'completed' | 'incomplete'

export interface WireOutputText {
  readonly type: 'output_text'
  readonly text: string
  readonly annotations: readonly WireAnnotation[]
  readonly logprobs?: readonly never[]
}

export interface WireRefusal {
  readonly type: 'refusal'
  readonly refusal: string
}

export type WireAnnotation =
  | {
      readonly type: 'url_citation'
      readonly url: string
      readonly title: string
      readonly start_index: number
      readonly end_index: number
    }
  | {
      readonly type: 'file_citation'
      readonly file_id: string
      readonly filename: string
      readonly index: number
    }
  | {
      readonly type: 'container_file_citation'
      readonly container_id: string
      readonly file_id: string
      readonly filename: string
      readonly start_index: number
      readonly end_index: number
    }

export interface WireOutputMessage {
  readonly id: string
  readonly type: 'message'
  readonly status: WireStatus
  readonly role: 'assistant'
  readonly content: readonly (WireOutputText | WireRefusal)[]
}

export interface WireFunctionCall {
  readonly id: string
  readonly type: 'function_call'
  readonly status: WireStatus
  readonly arguments: string
  readonly call_id: string
  readonly name: string
  readonly namespace?: string
}

export interface WireCustomToolCall {
  readonly id: string
  readonly type: 'custom_tool_call'
  readonly status: WireStatus
  readonly input: string
  readonly call_id: string
  readonly name: string
  readonly namespace?: string
}

export interface WireReasoning {
  readonly id: string
  readonly type: 'reasoning'
  readonly summary: readonly { readonly type: 'summary_text'; readonly text: string }[]
  readonly content?: readonly { readonly type: 'reasoning_text'; readonly text: string }[]
  readonly encrypted_content?: string
}

/** An item whose source text is written verbatim, or one that was rebuilt from canonical parts. */
export type WireOtherItem = RawJson | Readonly<Record<string, unknown>>

export type WireItem =
  | WireOutputMessage
  | WireFunctionCall
  | WireCustomToolCall
  | WireReasoning
  | WireOtherItem

export interface WireUsage {
  readonly input_tokens: number
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  readonly output_tokens: number
  readonly output_tokens_details: { readonly reasoning_tokens: number }
  readonly total_tokens: number
}

/** What every event has; the rest depends on `type`. */
export interface WireEvent {
  readonly type: string
  readonly sequence_number: number
  readonly [member: string]: unknown
}
