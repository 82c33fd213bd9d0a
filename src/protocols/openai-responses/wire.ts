/**
 * The shapes that we write, as the wire spells them. `wire.test.ts` checks them against the official SDK's types.
 * What we read is `unknown` and narrowed by hand: providers add fields and types without notice.
 */
import type { RawJson } from '../../wire/index.ts'

export const protocolId = 'openai-responses'

export type WireStatus = 'in_progress' | 'completed' | 'incomplete'

/** JSON on its way out; `RawJson` is source text that is written verbatim. */
export type WireObject = Readonly<Record<string, unknown>>
export type WireItem = WireObject | RawJson

export interface WireOutputText {
  readonly type: 'output_text'
  readonly annotations: readonly (WireObject | RawJson)[]
  readonly logprobs: readonly never[]
  readonly text: string
}

export interface WireSummary {
  readonly type: 'summary_text'
  readonly text: string
}

export interface WireThought {
  readonly type: 'reasoning_text'
  readonly text: string
}

export interface WireUsage {
  readonly input_tokens: number
  readonly input_tokens_details: {
    readonly cached_tokens: number
    readonly cache_write_tokens: number
    readonly cache_write_tokens_details?: { readonly ttl_30m_tokens: number; readonly ttl_12h_tokens: number }
  }
  readonly output_tokens: number
  readonly output_tokens_details: { readonly reasoning_tokens: number }
  readonly total_tokens: number
}

export interface WireToolUsage {
  readonly image_gen: {
    readonly input_tokens: number
    readonly input_tokens_details: { readonly image_tokens: number; readonly text_tokens: number }
    readonly output_tokens: number
    readonly total_tokens: number
  }
  readonly web_search: { readonly num_requests: number }
}

interface OfItem {
  readonly item_id: string
  readonly output_index: number
}

interface OfContent extends OfItem {
  readonly content_index: number
}

interface OfSummary extends OfItem {
  readonly summary_index: number
}

interface OfCommand {
  readonly command_index: number
  readonly output_index: number
}

/** Every event that we write, without `type` and `sequence_number`. */
export interface WireEvents {
  readonly error: {
    readonly code: string | null
    readonly message: string
    readonly param: string | null
    /** What the service and the SDK have, beside the flat form of the type file. */
    readonly error: WireObject
  }
  readonly 'response.created': { readonly response: WireObject }
  readonly 'response.in_progress': { readonly response: WireObject }
  readonly 'response.completed': { readonly response: WireObject }
  readonly 'response.incomplete': { readonly response: WireObject }
  readonly 'response.failed': { readonly response: WireObject }
  readonly 'response.output_item.added': { readonly output_index: number; readonly item: WireItem }
  readonly 'response.output_item.done': { readonly output_index: number; readonly item: WireItem }
  readonly 'response.content_part.added': OfContent & {
    readonly part: WireItem | WireThought | WireOutputText
  }
  readonly 'response.content_part.done': OfContent & { readonly part: WireItem | WireThought }
  readonly 'response.output_text.delta': OfContent & {
    readonly delta: string
    readonly logprobs: readonly never[]
  }
  readonly 'response.output_text.done': OfContent & {
    readonly logprobs: readonly unknown[]
    readonly text: string
  }
  readonly 'response.output_text.annotation.added': OfContent & {
    readonly annotation_index: number
    readonly annotation: WireObject | RawJson
  }
  readonly 'response.refusal.delta': OfContent & { readonly delta: string }
  readonly 'response.refusal.done': OfContent & { readonly refusal: string }
  readonly 'response.reasoning_text.delta': OfContent & { readonly delta: string }
  readonly 'response.reasoning_text.done': OfContent & { readonly text: string }
  readonly 'response.reasoning_summary_part.added': OfSummary & { readonly part: WireSummary }
  readonly 'response.reasoning_summary_part.done': OfSummary & { readonly part: WireSummary }
  readonly 'response.reasoning_summary_text.delta': OfSummary & { readonly delta: string }
  readonly 'response.reasoning_summary_text.done': OfSummary & { readonly text: string }
  readonly 'response.function_call_arguments.delta': OfItem & { readonly delta: string }
  readonly 'response.function_call_arguments.done': OfItem & { readonly arguments: string }
  readonly 'response.custom_tool_call_input.delta': OfItem & { readonly delta: string }
  readonly 'response.custom_tool_call_input.done': OfItem & { readonly input: string }
  readonly 'response.mcp_call_arguments.delta': OfItem & { readonly delta: string }
  readonly 'response.mcp_call_arguments.done': OfItem & { readonly arguments: string }
  readonly 'response.code_interpreter_call_code.delta': OfItem & { readonly delta: string }
  readonly 'response.code_interpreter_call_code.done': OfItem & { readonly code: string }
  readonly 'response.web_search_call.in_progress': OfItem
  readonly 'response.web_search_call.searching': OfItem
  readonly 'response.web_search_call.completed': OfItem
  readonly 'response.file_search_call.in_progress': OfItem
  readonly 'response.file_search_call.searching': OfItem
  readonly 'response.file_search_call.completed': OfItem
  readonly 'response.code_interpreter_call.in_progress': OfItem
  readonly 'response.code_interpreter_call.interpreting': OfItem
  readonly 'response.code_interpreter_call.completed': OfItem
  readonly 'response.image_generation_call.in_progress': OfItem
  readonly 'response.image_generation_call.generating': OfItem
  readonly 'response.image_generation_call.completed': OfItem
  readonly 'response.mcp_call.in_progress': OfItem
  readonly 'response.mcp_call.completed': OfItem
  readonly 'response.mcp_call.failed': OfItem
  readonly 'response.mcp_list_tools.in_progress': OfItem
  readonly 'response.mcp_list_tools.completed': OfItem
  readonly 'response.mcp_list_tools.failed': OfItem
  readonly 'response.shell_call_command.added': OfCommand & { readonly command: string }
  readonly 'response.shell_call_command.delta': OfCommand & { readonly delta: string }
  readonly 'response.shell_call_command.done': OfCommand & { readonly command: string }
}

/** An event before it gets its number. */
export type Frame = {
  readonly [Type in keyof WireEvents]: { readonly type: Type } & WireEvents[Type]
}[keyof WireEvents]

/** Events that only report progress. */
export type ProgressType = {
  [Type in keyof WireEvents]: OfItem extends WireEvents[Type] ? Type : never
}[keyof WireEvents]
