import type { ServerTool } from './part.ts'

/**
 * What an upstream model takes and does not take, as far as a translation needs to know (translation.md §1.10).
 * The catalogue fills every field; what is not known of a model gets the conservative value.
 */
export interface Capabilities {
  readonly maxOutputTokens?: number
  readonly contextWindow?: number
  /** The least output limit that is not refused; 1 where there is no such bound. */
  readonly minOutputTokens: number
  /** How Chat spells the output limit. */
  readonly chatLimitField: 'max_tokens' | 'max_completion_tokens'
  /** Temperature, top_p, top_k: taken; only at their defaults; not together with reasoning; or never. */
  readonly sampling: 'free' | 'not-with-reasoning' | 'defaults-only' | 'refused'
  /** Are temperature and top_p refused together (Claude from Opus 4.1 on)? Absent: no. */
  readonly temperatureOrTopP?: boolean
  readonly reasoning: ReasoningCapability
  /** May the history end with the assistant's words, to be continued? */
  readonly prefill: boolean
  /** Anthropic: are `system` messages after the first turn taken? */
  readonly midSystem: boolean
  /** May a tool be forced while the model thinks? */
  readonly forcedToolWithReasoning: boolean
  /** May a tool be forced at all (not on Claude Opus 5.5 and its kin)? Absent: yes. */
  readonly forcedTools?: boolean
  /** Is `strict` constrained decoding of tool arguments offered? */
  readonly strictTools: boolean
  /** Structured output by schema. */
  readonly jsonSchema: boolean
  readonly jsonSchemaWithTools: boolean
  /** Tools that the provider runs itself. */
  readonly serverTools: readonly ServerTool[]
  readonly serverToolsWithFunctions: boolean
  /** Free-text (`custom`) tools. */
  readonly customTools: boolean
  readonly maxTools?: number
  /** Media types taken in user turns, and inside tool results. */
  readonly input: MediaCapability
  readonly toolResults: MediaCapability
  /** Does the model write ids on function calls (newer Gemini)? */
  readonly callIds: boolean
  /** Are lost thought signatures of the current turn refused (Gemini 3 and later)? */
  readonly signaturesEnforced: boolean
  /** Must reasoning text come back as `reasoning_content` in tool loops (DeepSeek, Kimi, z.ai)? */
  readonly reasoningTextInHistory: boolean
  /** Chat: does system text want the role `developer`? */
  readonly developerRole: boolean
  /** How many stop strings are taken; 0: none. */
  readonly stopSequences: number
  /** How many answers at once. */
  readonly candidates: number
  readonly logprobs: boolean
  readonly seed: boolean
  readonly penalties: boolean
  /** `marks`: cache_control; `breakpoints`: prompt_cache_breakpoint; `implicit`: nothing can be said. */
  readonly cache: 'marks' | 'breakpoints' | 'implicit'
  /** May the client's prompt cache key be sent? */
  readonly cacheKey: boolean
  readonly verbosity: boolean
  /**
   * Chat and Responses: optional request fields that the provider knows; many refuse a request for one that they do
   * not know. Absent: all of them.
   */
  readonly requestFields?: readonly OptionalRequestField[]
}

export type OptionalRequestField = 'user' | 'metadata' | 'store' | 'serviceTier'

export interface MediaCapability {
  readonly images: boolean
  /** By URL as well, fetched by the provider. */
  readonly imageUrls: boolean
  readonly pdf: boolean
  readonly audio: boolean
  readonly video: boolean
}

export interface ReasoningCapability {
  /**
   * How it is asked for. `none`: the model has none or takes no setting; `effort`: OpenAI's words; `budget`: tokens;
   * `adaptive`: Anthropic's adaptive thinking with effort; `level`: Gemini 3.
   */
  readonly control: 'none' | 'effort' | 'budget' | 'adaptive' | 'level'
  /** The values taken, weakest first. Empty where `control` is none or budget. */
  readonly efforts: readonly string[]
  readonly minBudget?: number
  readonly maxBudget?: number
  /** Can it be switched off? */
  readonly canDisable: boolean
  /** Can readable thoughts or summaries be asked for? */
  readonly readable: boolean
  /** Does it think when nothing is asked for? Absent: not known, so taken for yes. */
  readonly onByDefault?: boolean
  /**
   * How Chat says that it shall not think: as the effort `none`, or `thinking: {type: "disabled"}` (DeepSeek, Kimi).
   * Absent: as the effort.
   */
  readonly chatOff?: 'effort' | 'thinking'
}
