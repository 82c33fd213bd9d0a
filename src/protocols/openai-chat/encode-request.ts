import { extensionOf, type GenerateRequest, type OutputFormat } from '../../ir/index.ts'
import { rawJson, writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { encodeMessages } from './encode-messages.ts'
import { protocol } from './encode-parts.ts'
import { encodeToolChoice, encodeTools } from './encode-tools.ts'
import { adoptSettings } from './foreign-turns.ts'
import { type LossReporter, lossReporter } from './losses.ts'
import { objectOf, optional } from './members.ts'
import { type Members, restore, spellingKey } from './remainder.ts'
import { effortOf, losableFields } from './request-losses.ts'
import type { ChatResponseFormat } from './wire.ts'

export const encodeRequest = (source: GenerateRequest, target: TargetContext): EncodedRequest => {
  const losses = lossReporter()
  const request = source.protocol === protocol ? source : adoptSettings(source, losses)
  const body: Record<string, unknown> = {
    ...restore(canonicalRequest(request, losses), extensionOf(request, protocol)),
  }
  body['model'] = target.model
  if (target.stream) body['stream'] = true
  else if (body['stream'] === true) body['stream'] = false
  // Who streams from another protocol always gets usage; a Chat client decides itself.
  if (target.stream && request.protocol !== protocol) body['stream_options'] = { include_usage: true }
  if (request.protocol !== protocol) losableFields(request, losses)
  return {
    path: '/v1/chat/completions',
    body: writeJson(body),
    headers: { 'content-type': 'application/json' },
    warnings: losses.warnings,
  }
}

/** How the source spelled what has several spellings on this wire. */
export interface Spelling {
  readonly limit?: 'max_tokens'
  readonly stop?: 'string'
  readonly user?: 'user'
  readonly reasoning?: 'reasoning'
  readonly thinking?: 'thinking'
}

/** The request without its own extension. */
export const canonicalRequest = (request: GenerateRequest, losses: LossReporter): Members => {
  const { sampling } = request
  const spelling = spellingOf(request)
  const foreign = request.protocol !== protocol
  const canCall = request.tools.length > 0 || !foreign
  return {
    model: request.model,
    messages: encodeMessages(request, losses),
    ...(request.stream ? { stream: true } : {}),
    ...(request.streamUsage === undefined ? {} : { stream_options: { include_usage: request.streamUsage } }),
    ...encodeTools(request, losses),
    ...encodeToolChoice(request),
    ...optional('parallel_tool_calls', canCall ? request.parallelToolCalls : undefined),
    ...optional(spelling.limit ?? 'max_completion_tokens', request.maxOutputTokens),
    ...optional('temperature', sampling.temperature),
    ...optional('top_p', sampling.topP),
    ...optional('top_k', foreign ? undefined : sampling.topK),
    ...optional('seed', sampling.seed),
    ...optional('presence_penalty', sampling.presencePenalty),
    ...optional('frequency_penalty', sampling.frequencyPenalty),
    ...optional('stop', spelling.stop === 'string' ? sampling.stop?.[0] : sampling.stop),
    ...optional('n', sampling.candidates),
    ...optional('logprobs', sampling.logprobs),
    ...optional('top_logprobs', sampling.topLogprobs),
    ...optional('logit_bias', sampling.logitBias),
    ...reasoningFields(request, spelling),
    ...responseFormat(request),
    ...optional('verbosity', request.verbosity),
    ...optional('metadata', request.metadata),
    ...optional(spelling.user ?? 'safety_identifier', request.user),
    ...optional('service_tier', request.serviceTier),
    ...optional('store', request.store),
    ...optional('prompt_cache_key', request.promptCacheKey),
  }
}

const spellingOf = (request: GenerateRequest): Spelling => {
  const spelling = objectOf(extensionOf(request, protocol)[spellingKey]) ?? {}
  return {
    ...(spelling['limit'] === 'max_tokens' ? { limit: 'max_tokens' } : {}),
    ...(spelling['stop'] === 'string' ? { stop: 'string' } : {}),
    ...(spelling['user'] === 'user' ? { user: 'user' } : {}),
    ...(spelling['reasoning'] === 'reasoning' ? { reasoning: 'reasoning' } : {}),
    ...(spelling['thinking'] === 'thinking' ? { thinking: 'thinking' } : {}),
  }
}

const reasoningFields = (request: GenerateRequest, spelling: Spelling): Members => {
  const { reasoning } = request
  if (reasoning === undefined) return {}
  const { mode, effort, budgetTokens } = reasoning
  const thinking = spelling.thinking !== undefined && mode !== undefined ? { thinking: { type: mode } } : {}
  if (spelling.reasoning !== undefined) {
    return {
      ...thinking,
      reasoning: { ...optional('effort', effort), ...optional('max_tokens', budgetTokens) },
    }
  }
  const word = spelling.thinking === undefined ? effortOf(reasoning) : effort
  return { ...thinking, ...optional('reasoning_effort', word) }
}

/** The response format without its extension. */
export const canonicalOutput = (output: OutputFormat): ChatResponseFormat => {
  switch (output.type) {
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json-schema':
    case 'enum':
      return {
        type: 'json_schema',
        json_schema: {
          name: output.name ?? 'response',
          ...optional('description', output.description),
          ...(output.schema === undefined ? {} : { schema: rawJson(output.schema) }),
          ...optional('strict', output.strict),
        },
      }
  }
}

const responseFormat = ({ output }: GenerateRequest): Members =>
  output === undefined
    ? {}
    : { response_format: restore(canonicalOutput(output), extensionOf(output, protocol)) }
