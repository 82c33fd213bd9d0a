/**
 * Shapes of the Chat Completions wire as our encoders write them, spelled as on the wire. Reading is tolerant and goes
 * from `unknown`, so these are types of what goes out. `wire.test.ts` checks them against the official SDK.
 * Source: OpenAI API reference, chat/completions; openai (node) 7.55.0.
 */
import type { JsonArray, JsonObject } from '../../ir/index.ts'
import type { RawJson } from '../../wire/index.ts'

/** A JSON value that is written from its source text, or as parsed. */
export type WireJson = RawJson | JsonObject | JsonArray

/** `Json` is what stands for free objects (schemas, dialects' parts): source text on our side, objects in the SDK. */
export interface ChatRequest<Json = WireJson> {
  readonly model: string
  readonly messages: readonly (ChatMessage<Json> | Json)[]
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage: boolean }
  readonly tools?: readonly (ChatTool<Json> | Json)[]
  readonly functions?: readonly ChatFunction<Json>[]
  readonly tool_choice?: ChatToolChoice
  readonly function_call?: 'auto' | 'none' | { readonly name: string }
  readonly parallel_tool_calls?: boolean
  readonly max_completion_tokens?: number
  readonly max_tokens?: number
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
  readonly seed?: number
  readonly presence_penalty?: number
  readonly frequency_penalty?: number
  readonly stop?: string | readonly string[]
  readonly n?: number
  readonly logprobs?: boolean
  readonly top_logprobs?: number
  readonly logit_bias?: JsonObject
  readonly reasoning_effort?: string
  readonly reasoning?: { readonly effort?: string; readonly max_tokens?: number }
  readonly thinking?: { readonly type: string }
  readonly response_format?: ChatResponseFormat<Json>
  readonly verbosity?: string
  readonly metadata?: JsonObject
  readonly user?: string
  readonly safety_identifier?: string
  readonly service_tier?: string
  readonly store?: boolean
  readonly prompt_cache_key?: string
  readonly web_search_options?: Json
}

export type ChatMessage<Json = WireJson> =
  | ChatSystemMessage<Json>
  | ChatUserMessage<Json>
  | ChatAssistantMessage<Json>
  | ChatToolMessage<Json>
  | ChatFunctionMessage

export interface ChatSystemMessage<Json = WireJson> {
  readonly role: 'system' | 'developer'
  readonly content: string | readonly (ChatPart | Json)[]
  readonly name?: string
}

export interface ChatUserMessage<Json = WireJson> {
  readonly role: 'user'
  readonly content: string | readonly (ChatPart | Json)[]
  readonly name?: string
}

/** `reasoning_content`, `reasoning` and `reasoning_details` are dialects' fields. */
export interface ChatAssistantMessage<Json = WireJson> {
  readonly role: 'assistant'
  readonly content: string | readonly (ChatPart | Json)[] | null
  readonly name?: string
  readonly refusal?: string | null
  readonly reasoning_content?: string
  readonly reasoning?: string
  readonly reasoning_details?: readonly JsonObject[]
  readonly tool_calls?: readonly (ChatToolCall | Json)[]
  readonly function_call?: ChatFunctionCall
  readonly audio?: { readonly id: string }
}

export interface ChatToolMessage<Json = WireJson> {
  readonly role: 'tool'
  readonly content: string | readonly (ChatPart | Json)[]
  readonly tool_call_id: string
  readonly name?: string
}

export interface ChatFunctionMessage {
  readonly role: 'function'
  readonly name: string
  readonly content: string
}

export interface CacheBreakpoint {
  readonly mode: 'explicit'
  readonly ttl?: string
}

export type ChatPart =
  | { readonly type: 'text'; readonly text: string; readonly prompt_cache_breakpoint?: CacheBreakpoint }
  | { readonly type: 'refusal'; readonly refusal: string }
  | ChatImagePart
  | {
      readonly type: 'input_audio'
      readonly input_audio: { readonly data: string; readonly format: string }
      readonly prompt_cache_breakpoint?: CacheBreakpoint
    }
  | {
      readonly type: 'file'
      readonly file: { readonly filename?: string; readonly file_data?: string; readonly file_id?: string }
      readonly prompt_cache_breakpoint?: CacheBreakpoint
    }
  | { readonly type: 'video_url'; readonly video_url: { readonly url: string } }
  | { readonly type: 'document_url'; readonly document_url: string; readonly document_name?: string }
  | {
      readonly type: 'thinking'
      readonly thinking: readonly { readonly type: 'text'; readonly text: string }[]
    }

export interface ChatImagePart {
  readonly type: 'image_url'
  readonly image_url: { readonly url: string; readonly detail?: string } | string
  readonly prompt_cache_breakpoint?: CacheBreakpoint
}

export interface ChatFunctionCall {
  readonly name: string
  readonly arguments: string
}

export type ChatToolCall =
  | {
      readonly id: string
      readonly type: 'function'
      readonly function: ChatFunctionCall
      /** Google's convention for the state that belongs to a call. */
      readonly extra_content?: GoogleExtraContent
    }
  | {
      readonly id: string
      readonly type: 'custom'
      readonly custom: { readonly name: string; readonly input: string }
      readonly extra_content?: GoogleExtraContent
    }

export interface GoogleExtraContent {
  readonly google: { readonly thought_signature: string }
}

export interface ChatFunction<Json = WireJson> {
  readonly name: string
  readonly description?: string
  readonly parameters?: Json
  readonly strict?: boolean
}

export type ChatTool<Json = WireJson> =
  | { readonly type: 'function'; readonly function: ChatFunction<Json> }
  | {
      readonly type: 'custom'
      readonly custom: { readonly name: string; readonly description?: string; readonly format?: Json }
    }

export type ChatToolName =
  | { readonly type: 'function'; readonly function: { readonly name: string } }
  | { readonly type: 'custom'; readonly custom: { readonly name: string } }

export type ChatToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | ChatToolName
  | {
      readonly type: 'allowed_tools'
      readonly allowed_tools: { readonly mode: 'auto' | 'required'; readonly tools: readonly ChatToolName[] }
    }

export type ChatResponseFormat<Json = WireJson> =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly json_schema: {
        readonly name: string
        readonly description?: string
        readonly schema?: Json
        readonly strict?: boolean
      }
    }

export interface ChatUsage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  readonly total_tokens?: number
  readonly prompt_tokens_details?: {
    readonly cached_tokens?: number
    readonly cache_write_tokens?: number
    readonly audio_tokens?: number
    readonly image_tokens?: number
  }
  readonly completion_tokens_details?: {
    readonly reasoning_tokens?: number
    readonly audio_tokens?: number
    readonly image_tokens?: number
  }
}

export type ChatFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

export interface ChatAnnotation {
  readonly type: 'url_citation'
  readonly url_citation: {
    readonly url: string
    readonly title: string
    readonly start_index: number
    readonly end_index: number
  }
}

/** `audio` lacks what the provider alone knows (id, expiry) when the answer came from elsewhere. */
export interface ChatAnswerMessage {
  readonly role: 'assistant'
  readonly content: string | readonly ChatPart[] | null
  readonly refusal: string | null
  readonly reasoning_content?: string
  readonly reasoning?: string
  readonly reasoning_details?: readonly JsonObject[]
  readonly tool_calls?: readonly ChatToolCall[]
  readonly function_call?: ChatFunctionCall
  readonly annotations?: readonly (ChatAnnotation | WireJson)[]
  readonly audio?: { readonly data: string; readonly transcript?: string }
  readonly images?: readonly ChatImagePart[]
}

export interface ChatChoice {
  readonly index: number
  readonly message: ChatAnswerMessage
  readonly logprobs: null
  readonly finish_reason: ChatFinishReason | null
}

export interface ChatCompletion {
  readonly id: string
  readonly object: 'chat.completion'
  readonly created: number
  readonly model: string
  readonly choices: readonly ChatChoice[]
  readonly usage?: ChatUsage
  readonly service_tier?: string
}

export interface ChatToolCallDelta {
  readonly index: number
  readonly id?: string
  readonly type?: 'function' | 'custom'
  readonly function?: { readonly name?: string; readonly arguments?: string }
  readonly custom?: { readonly name?: string; readonly input?: string }
  readonly extra_content?: GoogleExtraContent
}

export interface ChatDelta {
  readonly role?: 'assistant'
  readonly content?: string | null
  readonly refusal?: string | null
  readonly reasoning_content?: string
  readonly reasoning?: string
  readonly reasoning_details?: readonly JsonObject[]
  readonly tool_calls?: readonly ChatToolCallDelta[]
  readonly function_call?: { readonly name?: string; readonly arguments?: string }
  readonly annotations?: readonly (ChatAnnotation | WireJson)[]
  readonly audio?: { readonly data?: string; readonly transcript?: string }
  readonly images?: readonly ChatImagePart[]
}

export interface ChatChunkChoice {
  readonly index: number
  readonly delta: ChatDelta
  readonly logprobs: null
  readonly finish_reason: ChatFinishReason | null
}

export interface ChatChunk {
  readonly id: string
  readonly object: 'chat.completion.chunk'
  readonly created: number
  readonly model: string
  readonly service_tier?: string
  readonly choices: readonly ChatChunkChoice[]
  readonly usage?: ChatUsage | null
}

export interface ChatErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | number | null
  }
}

export interface ModelObject {
  readonly id: string
  readonly object: 'model'
  readonly created: number
  readonly owned_by: string
}
