import {
  extensionOf,
  type GenerateRequest,
  type JsonObject,
  type Turn,
  type Warning,
} from '../../ir/index.ts'
import { RawJson, rawJson, writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { encodeTurn } from './encode-items.ts'
import { encodeToolChoice, encodeTools, type Warn } from './encode-tools.ts'
import { patched, type Written } from './patch.ts'
import { protocolId } from './wire.ts'

/** A generate request as `POST /v1/responses`. Equal requests give equal bytes. */
export const encodeRequest = (request: GenerateRequest, target: TargetContext): EncodedRequest => {
  const warnings: Warning[] = []
  const warn: Warn = (feature, path, reason) => warnings.push({ code: 'dropped', feature, path, reason })
  const own = request.protocol === protocolId
  const { input, ...patch } = extensionOf(request, protocolId)
  const settings = patched(writeSettings(request, target), { ...patch })
  const items = encodeInput(request, own, warn)
  const tools = encodeTools(request.tools, !own, warn)
  if (!own) warnOfSampling(request, warn)
  const body = {
    ...settings,
    ...(target.model === '' ? {} : { model: target.model }),
    ...(target.stream ? { stream: true } : {}),
    ...(items.length > 0
      ? { input: patch['$input'] === 'string' ? (wholeText(items) ?? items) : items }
      : input === undefined
        ? {}
        : { input }),
    ...(tools.length > 0 ? { tools } : {}),
  }
  return {
    path: '/v1/responses',
    body: writeJson(body),
    headers: { 'content-type': 'application/json' },
    warnings,
  }
}

/** The text of an input that is nothing but one plain user message. */
const wholeText = (items: readonly (Written | RawJson)[]): string | undefined => {
  const [item] = items
  if (items.length !== 1 || item === undefined || item instanceof RawJson || item['role'] !== 'user') {
    return undefined
  }
  return typeof item['content'] === 'string' ? item['content'] : undefined
}

/** Everything but `input` and `tools`, by the canonical fields alone. */
export const writeSettings = (request: GenerateRequest, target: TargetContext): Written => {
  const own = request.protocol === protocolId
  return {
    model: target.model,
    stream: target.stream ? true : undefined,
    instructions: instructionsOf(request)?.text,
    max_output_tokens: limitOf(request, own),
    temperature: request.sampling.temperature,
    top_p: request.sampling.topP,
    top_logprobs: request.sampling.topLogprobs,
    reasoning: writeReasoningSettings(request),
    text: writeText(request),
    tool_choice: writeToolChoice(request, own),
    parallel_tool_calls: own || request.tools.length > 0 ? request.parallelToolCalls : undefined,
    metadata: request.metadata,
    safety_identifier: request.user,
    service_tier: request.serviceTier,
    // Left out it means true here and false elsewhere.
    store: request.store ?? (own ? undefined : false),
    previous_response_id: request.previousResponseId,
    conversation: request.conversation,
    background: request.background,
    prompt_cache_key: request.promptCacheKey,
    include: request.sampling.logprobs === true ? ['message.output_text.logprobs'] : undefined,
  }
}

/** OpenAI refuses less than 16. */
const limitOf = (request: GenerateRequest, own: boolean): number | undefined => {
  const limit = request.maxOutputTokens
  return own || limit === undefined ? limit : Math.max(16, limit)
}

const writeToolChoice = (request: GenerateRequest, own: boolean): unknown => {
  if (request.toolChoice === undefined || (!own && request.tools.length === 0)) return undefined
  return encodeToolChoice(request.toolChoice)
}

/** `instructions` is ours alone: system text of other protocols stands in the input, where it keeps its blocks. */
const instructionsOf = (request: GenerateRequest): { turn: Turn; text: string } | undefined => {
  const [turn] = request.turns
  const [part] = turn?.parts ?? []
  if (request.protocol !== protocolId || turn?.placement !== 'preamble' || part?.type !== 'text') {
    return undefined
  }
  return { turn, text: part.text }
}

const encodeInput = (request: GenerateRequest, own: boolean, warn: Warn): readonly (Written | RawJson)[] => {
  const instructions = instructionsOf(request)?.turn
  return request.turns.flatMap((turn, index) =>
    turn === instructions ? [] : encodeTurn(turn, { own, path: `turns[${index}]`, warn }),
  )
}

const writeReasoningSettings = (request: GenerateRequest): Written | undefined => {
  const { reasoning } = request
  if (reasoning === undefined) return undefined
  const effort =
    reasoning.effort ??
    (reasoning.mode === 'disabled' ? 'none' : undefined) ??
    (reasoning.budgetTokens === undefined ? undefined : effortOf(reasoning.budgetTokens))
  return { effort, summary: summaryOf(reasoning.display) }
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
  const format = writeFormat(request)
  if (format === undefined && request.verbosity === undefined) return undefined
  return { format, verbosity: request.verbosity }
}

const writeFormat = (request: GenerateRequest): Written | undefined => {
  const { output } = request
  switch (output?.type) {
    case undefined:
      return undefined
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json-schema':
    case 'enum':
      return {
        type: 'json_schema',
        name: output.name ?? 'response',
        description: output.description,
        schema: output.schema === undefined ? undefined : rawJson(output.schema),
        strict: output.strict,
      }
  }
}

const warnOfSampling = (request: GenerateRequest, warn: Warn): void => {
  const { sampling } = request
  const lost: JsonObject = {
    top_k: sampling.topK,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty === 0 ? undefined : sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty === 0 ? undefined : sampling.frequencyPenalty,
    stop: sampling.stop,
    logit_bias: sampling.logitBias,
    candidates: sampling.candidates === 1 ? undefined : sampling.candidates,
  }
  for (const [feature, value] of Object.entries(lost)) {
    if (value !== undefined) warn(feature, feature, 'no counterpart')
  }
}
