import { type Capabilities, extensionOf, type GenerateRequest, type OutputFormat } from '../../ir/index.ts'
import { rawJson, writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { encodeTurn } from './encode-messages.ts'
import { protocol } from './encode-parts.ts'
import { encodeToolChoice, encodeTools } from './encode-tools.ts'
import { adoptSettings } from './foreign-settings.ts'
import { adoptTurns } from './foreign-turns.ts'
import { type LossReporter, lossReporter } from './losses.ts'
import { objectOf, optional } from './members.ts'
import { effortOf } from './reasoning-effort.ts'
import { type Members, restore, spellingKey } from './remainder.ts'
import type { ChatResponseFormat } from './wire.ts'

/**
 * A generate request as `POST /v1/chat/completions`. Equal requests give equal bytes.
 * @throws GatewayError `gateway_translation_unsupported` for what must not be lost and cannot be said
 */
export const encodeRequest = (source: GenerateRequest, target: TargetContext): EncodedRequest => {
  const losses = lossReporter()
  const isForeign = source.protocol !== protocol
  const request = isForeign ? adopted(source, target, losses) : source
  const { capabilities } = target
  const body: Record<string, unknown> = {
    ...restore(canonicalRequest(request, capabilities), extensionOf(request, protocol)),
  }
  body['model'] = target.model
  if (target.stream) body['stream'] = true
  else if (body['stream'] === true) body['stream'] = false
  // Usage is always asked for; the answer's encoder keeps it from a client that did not.
  const isTranslated = isForeign || capabilities !== undefined
  if (isTranslated) delete body['stream_options']
  if (isTranslated && target.stream) {
    body['stream_options'] = {
      ...objectOf(request.extensions?.[protocol]?.['stream_options']),
      include_usage: true,
    }
  }
  return {
    path: '/v1/chat/completions',
    body: writeJson(body),
    headers: { 'content-type': 'application/json' },
    warnings: losses.warnings,
  }
}

const adopted = (request: GenerateRequest, target: TargetContext, losses: LossReporter): GenerateRequest => {
  const settings = adoptSettings(request, target, losses)
  return { ...settings, turns: adoptTurns(settings, target.capabilities, losses) }
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
export const canonicalRequest = (
  request: GenerateRequest,
  capabilities?: Pick<Capabilities, 'chatLimitField' | 'reasoning'>,
): Members => {
  const { sampling } = request
  const spelling = spellingOf(request)
  const foreign = request.protocol !== protocol
  const tools = encodeTools(request)
  // Backends refuse a choice and parallelism without tools.
  const canCall = !foreign || tools['tools'] !== undefined
  return {
    model: request.model,
    messages: request.turns.flatMap(encodeTurn),
    ...(request.stream ? { stream: true } : {}),
    ...(request.streamUsage === undefined ? {} : { stream_options: { include_usage: request.streamUsage } }),
    ...tools,
    ...(canCall ? encodeToolChoice(request) : {}),
    ...optional('parallel_tool_calls', canCall ? request.parallelToolCalls : undefined),
    ...optional(
      capabilities?.chatLimitField ?? spelling.limit ?? 'max_completion_tokens',
      request.maxOutputTokens,
    ),
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
    ...reasoningFields(request, spelling, capabilities),
    ...responseFormat(request),
    ...optional('verbosity', request.verbosity),
    ...optional('metadata', request.metadata),
    ...optional(spelling.user ?? 'safety_identifier', request.user),
    ...optional('service_tier', request.serviceTier),
    ...optional('store', request.store),
    ...optional('prompt_cache_key', request.promptCacheKey),
    ...optional('prompt_cache_options', request.promptCacheOptions),
    ...optional('prompt_cache_retention', request.promptCacheRetention),
    ...optional('moderation', request.moderation),
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

const reasoningFields = (
  request: GenerateRequest,
  spelling: Spelling,
  capabilities?: Pick<Capabilities, 'reasoning'>,
): Members => {
  const { reasoning } = request
  if (reasoning === undefined) return {}
  const { mode, effort, budgetTokens } = reasoning
  // These do not know the effort `none`.
  if (mode === 'disabled' && capabilities?.reasoning.chatOff === 'thinking')
    return { thinking: { type: mode } }
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
