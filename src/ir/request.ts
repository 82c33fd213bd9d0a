import type { JsonObject, JsonText } from './json.ts'
import type { Node } from './node.ts'
import type { CacheMark, Part, ServerTool } from './part.ts'
import type { ProtocolId } from './protocol-id.ts'

/** What a client wants generated, whoever's words it used. */
export interface GenerateRequest extends Node {
  /** The protocol it was decoded from. */
  readonly protocol: ProtocolId
  readonly model: string
  readonly stream: boolean
  /**
   * System text, messages and items in their order. A turn is the smallest unit of the source protocol (a message, an
   * item), so equal roles may follow one another; encoders whose protocol wants it otherwise merge or split.
   */
  readonly turns: readonly Turn[]
  readonly tools: readonly ToolDefinition[]
  readonly toolChoice?: ToolChoice
  readonly parallelToolCalls?: boolean
  /** 0: nothing shall be written, only the prompt cache is warmed. */
  readonly maxOutputTokens?: number
  readonly sampling: Sampling
  readonly reasoning?: ReasoningSettings
  readonly output?: OutputFormat
  readonly verbosity?: string
  readonly metadata?: JsonObject
  /** The end user, as the client names it. */
  readonly user?: string
  readonly serviceTier?: string
  readonly store?: boolean
  readonly previousResponseId?: string
  readonly conversation?: string
  readonly background?: boolean
  readonly promptCacheKey?: string
  /** A mark on the whole request: cache what can be cached. */
  readonly cache?: CacheMark
  /** OpenAI's `prompt_cache_options`, the same in Chat and Responses; `prewarm` is said by `maxOutputTokens: 0`. */
  readonly promptCacheOptions?: JsonObject
  readonly promptCacheRetention?: string
  /** OpenAI's `moderation`, the same in Chat and Responses. It protects: another target must not lose its policy. */
  readonly moderation?: JsonObject
  /** Chat only: does the client want the usage chunk? The others always send usage. */
  readonly streamUsage?: boolean
}

export interface Turn extends Node {
  readonly role: 'system' | 'user' | 'assistant'
  readonly parts: readonly Part[]
  /**
   * System turns: `preamble` came in the protocol's own field (`system`, `instructions`, `systemInstruction`),
   * `inline` stands among the messages.
   */
  readonly placement?: 'preamble' | 'inline'
  /** System turns: the word the source used. */
  readonly authority?: 'system' | 'developer'
  /** `string`: the source wrote its content as one string instead of a list. */
  readonly form?: 'string'
  readonly name?: string
  /** Tools that exist from this turn on (Responses `additional_tools`, Anthropic `tool_addition`). */
  readonly tools?: readonly ToolDefinition[]
  /** Reasoning settings from this turn on (Responses `configuration_update`, Anthropic's per-message `output_config`). */
  readonly reasoning?: ReasoningSettings
  /** Output format from this turn on (Responses `configuration_update`). */
  readonly output?: OutputFormat
}

export interface Sampling {
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly seed?: number
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly stop?: readonly string[]
  /** How many answers. */
  readonly candidates?: number
  readonly logprobs?: boolean
  readonly topLogprobs?: number
  readonly logitBias?: JsonObject
}

export interface ReasoningSettings extends Node {
  readonly mode?: 'enabled' | 'disabled' | 'adaptive'
  readonly effort?: string
  /** Exact number where the source gave one; -1 is Gemini's "dynamic". */
  readonly budgetTokens?: number
  /** Should readable thoughts come back, and how? */
  readonly display?: 'none' | 'summarized' | 'auto' | 'concise' | 'detailed' | (string & {})
}

export interface OutputFormat extends Node {
  readonly type: 'text' | 'json' | 'json-schema' | 'enum'
  readonly name?: string
  readonly description?: string
  readonly schema?: JsonText
  readonly strict?: boolean
}

export type ToolDefinition = FunctionTool | CustomTool | NamespaceTool | ServerToolDefinition

export interface FunctionTool extends Node {
  readonly type: 'function'
  readonly name: string
  readonly description?: string
  /** JSON Schema source; absent when the source gave none. */
  readonly parameters?: JsonText
  readonly strict?: boolean
  readonly cache?: CacheMark
  readonly deferLoading?: boolean
  /** JSON Schema source of what the tool answers (Responses `output_schema`, Gemini `responseJsonSchema`). */
  readonly outputSchema?: JsonText
  /** The model need not wait for the answer (Responses `async`, Gemini `NON_BLOCKING`). */
  readonly nonBlocking?: boolean
}

/** Takes free text, possibly by a grammar. */
export interface CustomTool extends Node {
  readonly type: 'custom'
  readonly name: string
  readonly description?: string
  readonly format?: JsonText
  readonly cache?: CacheMark
}

export interface NamespaceTool extends Node {
  readonly type: 'namespace'
  readonly name: string
  readonly description?: string
  readonly tools: readonly ToolDefinition[]
}

/** A tool that the provider runs, or that has a schema of the provider's. `config` is its source object. */
export interface ServerToolDefinition extends Node {
  readonly type: 'server'
  readonly tool: ServerTool
  /** The wire's own type name, e.g. `web_search_20250305`, `googleSearch`. */
  readonly wireType: string
  readonly name?: string
  readonly config: JsonText
}

export type ToolChoice =
  | ({ readonly type: 'auto' | 'none' | 'required' } & Node)
  | ({ readonly type: 'tool'; readonly name: string; readonly kind: 'function' | 'custom' | 'server' } & Node)
  | ({
      readonly type: 'allowed'
      readonly mode: 'auto' | 'required' | 'validated'
      readonly names: readonly string[]
    } & Node)
  | ({ readonly type: 'other' } & Node)
