import { GatewayError } from '../../errors.ts'
import {
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type OutputFormat,
  type ReasoningSettings,
  type Sampling,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import type { BlockContext } from './block-context.ts'
import { displayOf, foreignThinking } from './foreign-thinking.ts'
import { isEmpty, objectMember, ownMember, withRest } from './members.ts'
import { ownRest } from './own.ts'
import { protocolId } from './wire.ts'

/**
 * Every member of a request that is neither content nor tools.
 * @param rest the request's own extension
 * @param maxTokens the output limit that goes out
 */
export const encodeSettings = (
  request: GenerateRequest,
  context: BlockContext,
  rest: JsonObject,
  maxTokens: number,
): Record<string, unknown> => {
  if (context.isForeign) checkForeign(request, context)
  const thinking = context.isForeign
    ? foreignThinking(request, maxTokens, context)
    : encodeThinking(request.reasoning)
  const { temperature, topP, topK, stop } = encodableSampling(request.sampling, isThinking(thinking), context)
  const format = encodeFormat(request.output, context)
  const config = withRest(
    { effort: effortOf(request.reasoning, context), format: format.current },
    objectMember(rest, 'output_config'),
  )
  const isSpelledOut = ownMember(rest, 'output_config') !== undefined
  return {
    temperature,
    top_p: topP,
    top_k: topK,
    stop_sequences: stop === undefined || (context.isForeign && stop.length === 0) ? undefined : stop,
    thinking,
    output_config: isEmpty(config) && !isSpelledOut ? undefined : config,
    output_format: format.old,
    metadata:
      request.user === undefined
        ? undefined
        : withRest({ user_id: request.user }, objectMember(rest, 'metadata')),
    service_tier: encodeServiceTier(request.serviceTier, context),
    cache_control:
      request.cache === undefined
        ? undefined
        : withRest({ type: 'ephemeral', ttl: request.cache.ttl }, objectMember(rest, 'cache_control')),
    thread:
      request.previousResponseId === undefined || context.isForeign
        ? undefined
        : withRest(
            { type: 'continue', previous_message_id: request.previousResponseId },
            objectMember(rest, 'thread'),
          ),
  }
}

/** What has no counterpart: dropped with a warning, or refused where dropping would change what is asked. */
const checkForeign = (request: GenerateRequest, context: BlockContext): void => {
  const { sampling } = request
  if ((sampling.candidates ?? 1) > 1) throw unsupported('several answers', 'sampling.candidates')
  if (request.background === true) throw unsupported('background mode', 'background')
  if (request.previousResponseId !== undefined) throw unsupported('an earlier answer', 'previousResponseId')
  if (request.conversation !== undefined) throw unsupported('a stored conversation', 'conversation')
  const dropped: readonly (readonly [feature: string, isSet: boolean])[] = [
    ['seed', sampling.seed !== undefined],
    ['presence penalty', (sampling.presencePenalty ?? 0) !== 0],
    ['frequency penalty', (sampling.frequencyPenalty ?? 0) !== 0],
    ['logit bias', sampling.logitBias !== undefined],
    ['log probabilities', sampling.logprobs === true || (sampling.topLogprobs ?? 0) > 0],
    ['verbosity', request.verbosity !== undefined],
    ['metadata', request.metadata !== undefined],
    ['prompt cache key', request.promptCacheKey !== undefined],
  ]
  for (const [feature, isSet] of dropped) {
    if (isSet) context.warn('dropped', feature, feature, 'no counterpart')
  }
}

const unsupported = (what: string, param: string): GatewayError =>
  new GatewayError('gateway_translation_unsupported', `${what} has no counterpart in ${protocolId}`, {
    param,
  })

const isThinking = (thinking: unknown): boolean => isJsonObject(thinking) && thinking['type'] !== 'disabled'

/** Of foreign sampling: nothing beside thoughts, and no temperature above 1. */
const encodableSampling = (sampling: Sampling, thinks: boolean, context: BlockContext): Sampling => {
  if (!context.isForeign) return sampling
  const { temperature, topP, topK, ...rest } = sampling
  if (thinks) {
    const isSet = (temperature ?? 1) !== 1 || (topP ?? 1) !== 1 || topK !== undefined
    if (isSet) context.warn('dropped', 'sampling', 'sampling', 'not together with reasoning')
    return rest
  }
  if (temperature === undefined || temperature <= 1) return sampling
  context.warn('approximated', 'temperature', 'sampling.temperature', 'the highest is 1')
  return { ...sampling, temperature: 1 }
}

const efforts: Readonly<Record<string, string | undefined>> = { none: undefined, minimal: 'low' }

const effortOf = (settings: ReasoningSettings | undefined, context: BlockContext): string | undefined => {
  const effort = settings?.effort
  if (effort === undefined || !context.isForeign) return effort
  return Object.hasOwn(efforts, effort) ? efforts[effort] : effort
}

const encodeThinking = (settings: ReasoningSettings | undefined): unknown => {
  if (settings === undefined) return undefined
  const rest = ownRest(settings)
  const { mode, budgetTokens } = settings
  const display = displayOf(settings.display)
  // Settings may hold an effort alone, which stands elsewhere.
  const isSaid =
    rest === undefined
      ? mode !== undefined || budgetTokens !== undefined || display !== undefined
      : ownMember(rest, 'thinking') !== undefined
  if (!isSaid) return undefined
  const thinking = objectMember(rest ?? {}, 'thinking')
  return withRest(
    { type: ownMember(thinking, 'type') ?? mode, budget_tokens: budgetTokens, display },
    thinking,
  )
}

const encodeFormat = (
  output: OutputFormat | undefined,
  context: BlockContext,
): { readonly current?: unknown; readonly old?: unknown } => {
  if (output === undefined || output.type === 'text') return {}
  if (output.type !== 'json-schema' || output.schema === undefined) {
    context.warn('dropped', `${output.type} output`, 'output', 'only a schema can be asked for')
    return {}
  }
  const rest = ownRest(output) ?? {}
  const format = { type: 'json_schema', schema: rawJson(output.schema) }
  const old = ownMember(rest, 'output_format')
  return old === undefined
    ? { current: withRest(format, rest) }
    : { old: withRest(format, objectMember(rest, 'output_format')) }
}

/** translation.md §3, P21. */
const tiers: Readonly<Record<string, string>> = {
  auto: 'auto',
  default: 'standard_only',
  standard: 'standard_only',
  standard_only: 'standard_only',
  priority: 'auto',
  scale: 'auto',
  fast: 'auto',
}

const encodeServiceTier = (tier: string | undefined, context: BlockContext): string | undefined => {
  if (tier === undefined || !context.isForeign) return tier
  const mapped = Object.hasOwn(tiers, tier) ? tiers[tier] : undefined
  if (mapped === undefined) context.warn('dropped', 'service tier', 'serviceTier', 'no counterpart')
  return mapped
}
