/**
 * Shapes as they stand on the wire, in the spelling of the API version 2026-10-21 (`@anthropic-ai/sdk` 1.11, read
 * November 2026). `wire.test.ts` checks them against the SDK's own types. They describe what we write; what we read
 * is `unknown` and narrowed by hand.
 */

export const protocolId = 'anthropic-messages'

/** Where a value is source text (`RawJson`) or any JSON value. */
export type WireJson = unknown

export interface WireCacheControl {
  readonly type: 'ephemeral'
  readonly ttl?: '5m' | '1h'
}

export type WireCaller = { readonly type: 'direct' }

export interface WireTextBlock {
  readonly type: 'text'
  readonly text: string
  readonly citations: WireCitation[] | null
}

export interface WireThinkingBlock {
  readonly type: 'thinking'
  readonly thinking: string
  readonly signature: string
}

export interface WireRedactedThinkingBlock {
  readonly type: 'redacted_thinking'
  readonly data: string
}

export interface WireToolUseBlock {
  readonly type: 'tool_use'
  readonly id: string
  readonly name: string
  readonly input: WireJson
  readonly caller: WireCaller
}

export type WireContentBlock =
  | WireTextBlock
  | WireThinkingBlock
  | WireRedactedThinkingBlock
  | WireToolUseBlock

interface WireDocumentCitation {
  readonly cited_text: string
  readonly document_index: number
  readonly document_title: string | null
  readonly file_id: string | null
}

export type WireCitation =
  | (WireDocumentCitation & {
      readonly type: 'char_location'
      readonly start_char_index: number
      readonly end_char_index: number
    })
  | (WireDocumentCitation & {
      readonly type: 'page_location'
      readonly start_page_number: number
      readonly end_page_number: number
    })
  | (WireDocumentCitation & {
      readonly type: 'content_block_location'
      readonly start_block_index: number
      readonly end_block_index: number
    })
  | {
      readonly type: 'web_search_result_location'
      readonly cited_text: string
      readonly encrypted_index: string
      readonly title: string | null
      readonly url: string
    }
  | {
      readonly type: 'search_result_location'
      readonly cited_text: string
      readonly source: string
      readonly title: string | null
      readonly search_result_index: number
      readonly start_block_index: number
      readonly end_block_index: number
    }

export type WireStopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'

export interface WireStopDetails {
  readonly type: 'refusal'
  readonly category: 'cyber' | 'bio' | 'frontier_llm' | 'reasoning_extraction' | 'general_harms' | null
  readonly explanation: string | null
}

export interface WireUsage {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number | null
  readonly cache_read_input_tokens: number | null
  readonly cache_creation: {
    readonly ephemeral_5m_input_tokens: number
    readonly ephemeral_1h_input_tokens: number
  } | null
  readonly output_tokens: number
  readonly output_tokens_details: { readonly thinking_tokens: number } | null
  readonly server_tool_use: {
    readonly web_search_requests: number
    readonly web_fetch_requests: number
  } | null
  readonly service_tier: 'standard' | 'priority' | 'batch' | null
  readonly inference_geo: string | null
  readonly speed: 'standard' | 'fast' | null
}

export type WireDeltaUsage = Pick<
  WireUsage,
  'cache_creation_input_tokens' | 'cache_read_input_tokens' | 'output_tokens_details' | 'server_tool_use'
> & { readonly input_tokens: number | null; readonly output_tokens: number }

export interface WireMessage {
  readonly id: string
  readonly type: 'message'
  readonly role: 'assistant'
  readonly model: string
  readonly content: WireContentBlock[]
  readonly stop_reason: WireStopReason | null
  readonly stop_sequence: string | null
  readonly stop_details: WireStopDetails | null
  readonly container: null
  readonly diagnostics: null
  readonly usage: WireUsage
}

export type WireStreamEvent =
  | { readonly type: 'message_start'; readonly message: WireMessage }
  | {
      readonly type: 'content_block_start'
      readonly index: number
      readonly content_block: WireContentBlock
    }
  | { readonly type: 'content_block_delta'; readonly index: number; readonly delta: WireDelta }
  | { readonly type: 'content_block_stop'; readonly index: number }
  | {
      readonly type: 'message_delta'
      readonly delta: Pick<WireMessage, 'stop_reason' | 'stop_sequence' | 'stop_details' | 'container'>
      readonly usage: WireDeltaUsage
    }
  | { readonly type: 'message_stop' }

export type WireDelta =
  | { readonly type: 'text_delta'; readonly text: string }
  | { readonly type: 'input_json_delta'; readonly partial_json: string }
  | { readonly type: 'thinking_delta'; readonly thinking: string }
  | { readonly type: 'signature_delta'; readonly signature: string }
  | { readonly type: 'citations_delta'; readonly citation: WireCitation }

export interface WireErrorBody {
  readonly type: 'error'
  readonly error: { readonly type: string; readonly message: string; readonly details?: unknown }
  readonly request_id: string | null
}

export interface WireModel {
  readonly type: 'model'
  readonly id: string
  readonly display_name: string
  readonly created_at: string
  readonly lifecycle: 'active'
  readonly max_input_tokens: number | null
  readonly max_tokens: number | null
  readonly capabilities: null
  readonly line: null
  readonly deprecated_at: null
  readonly retires_at: null
}

export interface WireModelPage {
  readonly data: WireModel[]
  readonly has_more: boolean
  readonly first_id: string | null
  readonly last_id: string | null
}

export interface WireTool {
  readonly name: string
  readonly description?: string
  readonly input_schema: WireJson
  readonly strict?: boolean
  readonly defer_loading?: boolean
  readonly cache_control?: WireCacheControl
}
