import type { GenerateRequest, ReasoningSettings, Turn } from '../../ir/index.ts'
import { encodeToolChoice } from './encode-tools.ts'
import { writeFormat } from './output-format.ts'
import type { Written } from './patch.ts'
import { protocolId } from './wire.ts'

/** What goes beside the canonical fields: the upstream's name of the model, and whether it streams. */
export interface SettingsTarget {
  readonly model: string
  readonly stream: boolean
}

/** Everything but `input` and `tools`, by the canonical fields alone. */
export const writeSettings = (request: GenerateRequest, target: SettingsTarget): Written => ({
  model: target.model,
  stream: target.stream ? true : undefined,
  instructions: instructionsOf(request)?.text,
  max_output_tokens: request.maxOutputTokens === 0 ? undefined : request.maxOutputTokens,
  temperature: request.sampling.temperature,
  top_p: request.sampling.topP,
  top_logprobs: request.sampling.topLogprobs,
  reasoning: writeReasoningSettings(request.reasoning),
  text: writeText(request),
  tool_choice: writeToolChoice(request),
  parallel_tool_calls: request.parallelToolCalls,
  metadata: request.metadata,
  safety_identifier: request.user,
  service_tier: request.serviceTier,
  store: request.store,
  previous_response_id: request.previousResponseId,
  conversation: request.conversation,
  background: request.background,
  prompt_cache_key: request.promptCacheKey,
  prompt_cache_options: writeCacheOptions(request),
  prompt_cache_retention: request.promptCacheRetention,
  moderation: request.moderation,
  include: request.sampling.logprobs === true ? ['message.output_text.logprobs'] : undefined,
})

/** `instructions` is ours alone: system text of other protocols stands in the input, where it keeps its blocks. */
export const instructionsOf = (
  request: GenerateRequest,
): { readonly turn: Turn; readonly text: string } | undefined => {
  const [turn] = request.turns
  const [part] = turn?.parts ?? []
  if (request.protocol !== protocolId || turn?.placement !== 'preamble' || part?.type !== 'text') {
    return undefined
  }
  return { turn, text: part.text }
}

/** A choice of our own says by itself of which kinds its tools are. */
const writeToolChoice = ({ protocol, toolChoice, tools }: GenerateRequest): unknown =>
  toolChoice === undefined ? undefined : encodeToolChoice(toolChoice, protocol === protocolId ? [] : tools)

const writeCacheOptions = (request: GenerateRequest): Written | undefined => {
  const { promptCacheOptions, maxOutputTokens } = request
  if (promptCacheOptions === undefined && maxOutputTokens !== 0) return undefined
  return { ...promptCacheOptions, ...(maxOutputTokens === 0 ? { prewarm: true } : {}) }
}

const writeReasoningSettings = (reasoning: ReasoningSettings | undefined): Written | undefined => {
  if (reasoning === undefined) return undefined
  const effort =
    reasoning.effort ??
    (reasoning.mode === 'disabled' ? 'none' : undefined) ??
    (reasoning.budgetTokens === undefined ? undefined : effortOf(reasoning.budgetTokens))
  const summary = summaryOf(reasoning.display)
  return effort === undefined && summary === undefined ? undefined : { effort, summary }
}

/** Borders of translation.md §7.1; -1 is "dynamic", the default here. */
const effortOf = (budget: number): string | undefined => {
  if (budget < 0) return undefined
  if (budget === 0) return 'none'
  if (budget <= 2048) return 'low'
  if (budget <= 12_288) return 'medium'
  return budget <= 28_672 ? 'high' : 'xhigh'
}

const summaryOf = (display: string | undefined): string | undefined =>
  display === 'summarized' ? 'auto' : display === 'none' ? undefined : display

const writeText = (request: GenerateRequest): Written | undefined => {
  const format = writeFormat(request.output)
  if (format === undefined && request.verbosity === undefined) return undefined
  return { format, verbosity: request.verbosity }
}
