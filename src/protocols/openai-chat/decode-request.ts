import { GatewayError } from '../../errors.ts'
import {
  extend,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type OutputFormat,
  type ReasoningSettings,
  type Sampling,
} from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import type { DecodeOptions, WireRequest } from '../protocol.ts'
import { mendCodex } from './codex-history.ts'
import { decodeMessage } from './decode-messages.ts'
import { decodeToolChoice, decodeTools } from './decode-tools.ts'
import { protocol } from './encode-parts.ts'
import { canonicalOutput, canonicalRequest, type Spelling } from './encode-request.ts'
import { located } from './locations.ts'
import { arrayOf, booleanOf, isJsonArray, numberOf, objectOf, optional, stringOf } from './members.ts'
import { remainder, spellingKey } from './remainder.ts'

/**
 * A Chat Completions request in canonical form. What has an unexpected type is carried, not refused: that is the
 * provider's to say.
 * @throws GatewayError `gateway_json_invalid` when the body is not a JSON object
 */
export const decodeRequest = (wire: WireRequest, options: DecodeOptions = {}): GenerateRequest => {
  const document = parseBody(wire.body)
  const body = objectOf(document.value)
  if (body === undefined) throw new GatewayError('gateway_json_invalid', 'the body is not a JSON object')
  const spelling = spellingOf(body)
  const request = knownRequest(body, document)
  const extension = Object.keys(spelling).length === 0 ? {} : { [spellingKey]: spelling }
  const canonical = canonicalRequest({ ...request, ...extend(protocol, extension) })
  const decoded: GenerateRequest = {
    ...request,
    ...extend(protocol, { ...extension, ...remainder(body, canonical, document) }),
  }
  // Only a translation needs places, and only a translation may mend what the client means.
  return options.locations === true ? mendCodex(located(withResultKinds(decoded)), wire.headers) : decoded
}

/** A tool message does not say of which kind the call is that it answers. */
const withResultKinds = (request: GenerateRequest): GenerateRequest => {
  const custom = new Set<string>()
  for (const { parts } of request.turns) {
    for (const part of parts) {
      if (part.type === 'tool-call' && part.kind === 'custom' && part.id !== undefined) custom.add(part.id)
    }
  }
  if (custom.size === 0) return request
  const turns = request.turns.map((turn) => ({
    ...turn,
    parts: turn.parts.map((part) =>
      part.type === 'tool-result' && custom.has(part.callId ?? '')
        ? { ...part, kind: 'custom' as const }
        : part,
    ),
  }))
  return { ...request, turns }
}

const parseBody = (body: Uint8Array): JsonDocument => {
  try {
    return parseDocument(new TextDecoder().decode(body))
  } catch (error) {
    throw new GatewayError('gateway_json_invalid', 'the body is not valid JSON', { cause: error })
  }
}

const knownRequest = (body: JsonObject, document: JsonDocument): GenerateRequest => {
  const toolChoice = decodeToolChoice(body, document)
  const reasoning = reasoningOf(body)
  const output = outputOf(body, document)
  return {
    protocol,
    model: stringOf(body['model']) ?? '',
    stream: body['stream'] === true,
    turns: arrayOf(body['messages']).map((message) => decodeMessage(message, document)),
    tools: decodeTools(body, document),
    ...optional('toolChoice', toolChoice),
    ...optional('parallelToolCalls', booleanOf(body['parallel_tool_calls'])),
    ...optional('maxOutputTokens', numberOf(body['max_completion_tokens']) ?? numberOf(body['max_tokens'])),
    sampling: samplingOf(body),
    ...optional('reasoning', reasoning),
    ...optional('output', output),
    ...optional('verbosity', stringOf(body['verbosity'])),
    ...optional('metadata', objectOf(body['metadata'])),
    ...optional('user', stringOf(body['safety_identifier']) ?? stringOf(body['user'])),
    ...optional('serviceTier', stringOf(body['service_tier'])),
    ...optional('store', booleanOf(body['store'])),
    ...optional('promptCacheKey', stringOf(body['prompt_cache_key'])),
    ...optional('promptCacheOptions', objectOf(body['prompt_cache_options'])),
    ...optional('promptCacheRetention', stringOf(body['prompt_cache_retention'])),
    ...optional('moderation', objectOf(body['moderation'])),
    ...optional('streamUsage', booleanOf(objectOf(body['stream_options'])?.['include_usage'])),
  }
}

const spellingOf = (body: JsonObject): Spelling & JsonObject => ({
  ...(numberOf(body['max_completion_tokens']) === undefined && numberOf(body['max_tokens']) !== undefined
    ? { limit: 'max_tokens' as const }
    : {}),
  ...(typeof body['stop'] === 'string' ? { stop: 'string' as const } : {}),
  ...(stringOf(body['safety_identifier']) === undefined && stringOf(body['user']) !== undefined
    ? { user: 'user' as const }
    : {}),
  ...(isJsonObject(body['reasoning']) && body['reasoning_effort'] === undefined
    ? { reasoning: 'reasoning' as const }
    : {}),
  ...(modeOf(body) === undefined ? {} : { thinking: 'thinking' as const }),
})

const samplingOf = (body: JsonObject): Sampling => {
  const stop = body['stop']
  const strings = isJsonArray(stop) ? stop.filter((item) => typeof item === 'string') : []
  const stops = typeof stop === 'string' ? [stop] : isJsonArray(stop) ? strings : undefined
  return {
    ...optional('temperature', numberOf(body['temperature'])),
    ...optional('topP', numberOf(body['top_p'])),
    ...optional('topK', numberOf(body['top_k'])),
    ...optional('seed', numberOf(body['seed'])),
    ...optional('presencePenalty', numberOf(body['presence_penalty'])),
    ...optional('frequencyPenalty', numberOf(body['frequency_penalty'])),
    ...optional('stop', stops),
    ...optional('candidates', numberOf(body['n'])),
    ...optional('logprobs', booleanOf(body['logprobs'])),
    ...optional('topLogprobs', numberOf(body['top_logprobs'])),
    ...optional('logitBias', objectOf(body['logit_bias'])),
  }
}

/** OpenAI's `reasoning_effort`, OpenRouter's `reasoning`, the `thinking` switch of z.ai, Moonshot and DeepSeek. */
const reasoningOf = (body: JsonObject): ReasoningSettings | undefined => {
  const settings = objectOf(body['reasoning'])
  const reasoning: ReasoningSettings = {
    ...optional('mode', modeOf(body)),
    ...optional('effort', stringOf(body['reasoning_effort']) ?? stringOf(settings?.['effort'])),
    ...optional('budgetTokens', numberOf(settings?.['max_tokens'])),
  }
  return Object.keys(reasoning).length === 0 ? undefined : reasoning
}

const modeOf = (body: JsonObject): 'enabled' | 'disabled' | undefined => {
  const type = objectOf(body['thinking'])?.['type']
  return type === 'enabled' || type === 'disabled' ? type : undefined
}

const outputOf = (body: JsonObject, document: JsonDocument): OutputFormat | undefined => {
  const wire = objectOf(body['response_format'])
  const known = wire === undefined ? undefined : knownOutput(wire, document)
  if (wire === undefined || known === undefined) return undefined
  return { ...known, ...extend(protocol, remainder(wire, canonicalOutput(known), document)) }
}

const knownOutput = (wire: JsonObject, document: JsonDocument): OutputFormat | undefined => {
  if (wire['type'] === 'text') return { type: 'text' }
  if (wire['type'] === 'json_object') return { type: 'json' }
  const format = objectOf(wire['json_schema'])
  if (wire['type'] !== 'json_schema' || format === undefined) return undefined
  return {
    type: 'json-schema',
    ...optional('name', stringOf(format['name'])),
    ...optional('description', stringOf(format['description'])),
    ...(isJsonObject(format['schema']) ? { schema: document.source(format['schema']) } : {}),
    ...optional('strict', booleanOf(format['strict'])),
  }
}
