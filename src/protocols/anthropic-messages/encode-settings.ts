import { createHash } from 'node:crypto'
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
import type { TargetContext } from '../protocol.ts'
import type { BlockContext } from './block-context.ts'
import { displayOf, effortOf, foreignThinking } from './foreign-thinking.ts'
import { isEmpty, objectMember, ownMember, withRest } from './members.ts'
import { ownRest } from './own.ts'
import { protocolId } from './wire.ts'

export interface SettingsContext {
  readonly context: BlockContext
  /** The request's own extension. */
  readonly rest: JsonObject
  /** The output limit that goes out. */
  readonly maxTokens: number
  readonly target: Pick<TargetContext, 'capabilities'>
}

/** Every member of a request that is neither content nor tools. */
export const encodeSettings = (
  request: GenerateRequest,
  { context, rest, maxTokens, target }: SettingsContext,
): Record<string, unknown> => {
  if (context.isForeign) checkForeign(request, context)
  const thinking = context.isForeign
    ? foreignThinking(request, maxTokens, target.capabilities, context)
    : encodeThinking(request.reasoning)
  const { temperature, topP, topK, stop } = context.isForeign
    ? foreignSampling(request.sampling, isThinking(thinking), context)
    : request.sampling
  const format = encodeFormat(request.output)
  const effort = request.reasoning?.effort
  const config = withRest(
    {
      effort: effort === undefined || !context.isForeign ? effort : effortOf(effort),
      format: format.current,
    },
    objectMember(rest, 'output_config'),
  )
  const isSpelledOut = ownMember(rest, 'output_config') !== undefined
  return {
    temperature,
    top_p: topP,
    top_k: topK,
    stop_sequences: stop,
    thinking,
    output_config: isEmpty(config) && !isSpelledOut ? undefined : config,
    output_format: format.old,
    metadata:
      request.user === undefined
        ? undefined
        : withRest({ user_id: userId(request.user, context) }, objectMember(rest, 'metadata')),
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

/** Longer names of users are refused; cut off, two users could become one. */
const userId = (user: string, context: BlockContext): string =>
  context.isForeign && user.length > 256 ? createHash('sha256').update(user).digest('hex') : user

/** What has no counterpart: dropped with a warning, or refused where dropping would change what is asked. */
const checkForeign = (request: GenerateRequest, context: BlockContext): void => {
  const { sampling } = request
  if ((sampling.candidates ?? 1) > 1) throw unsupported('several answers', 'sampling.candidates')
  if (request.background === true) throw unsupported('background mode', 'background')
  if (request.previousResponseId !== undefined) throw unsupported('an earlier answer', 'previousResponseId')
  if (request.conversation !== undefined) throw unsupported('a stored conversation', 'conversation')
  const dropped: readonly (readonly [feature: string, field: string, isSet: boolean])[] = [
    ['seed', 'sampling.seed', sampling.seed !== undefined],
    ['presence penalty', 'sampling.presencePenalty', (sampling.presencePenalty ?? 0) !== 0],
    ['frequency penalty', 'sampling.frequencyPenalty', (sampling.frequencyPenalty ?? 0) !== 0],
    ['logit bias', 'sampling.logitBias', sampling.logitBias !== undefined],
    ['log probabilities', 'sampling.logprobs', sampling.logprobs === true || (sampling.topLogprobs ?? 0) > 0],
    ['verbosity', 'verbosity', request.verbosity !== undefined],
    ['metadata', 'metadata', request.metadata !== undefined],
  ]
  for (const [feature, field, isSet] of dropped) {
    if (isSet) context.warn('dropped', feature, field, 'no counterpart')
  }
}

const unsupported = (what: string, param: string): GatewayError =>
  new GatewayError('gateway_translation_unsupported', `${what} has no counterpart in ${protocolId}`, {
    param,
  })

const isThinking = (thinking: unknown): boolean => isJsonObject(thinking) && thinking['type'] !== 'disabled'

/** What the API refuses of any model: anything beside thoughts, a temperature above 1, stop strings of white space. */
const foreignSampling = (sampling: Sampling, thinks: boolean, context: BlockContext): Sampling => {
  const { temperature, topP, topK, stop: wanted, ...rest } = sampling
  const stop = wanted?.filter((text) => text.trim() !== '') ?? []
  if (stop.length < (wanted?.length ?? 0)) {
    context.warn('dropped', 'stop string', 'sampling.stop', 'one of nothing but white space is refused')
  }
  const stopping = stop.length === 0 ? rest : { ...rest, stop }
  if (thinks) {
    const isSet = (temperature ?? 1) !== 1 || (topP ?? 1) !== 1 || topK !== undefined
    if (isSet) context.warn('dropped', 'sampling', 'sampling', 'not together with reasoning')
    return stopping
  }
  const isTooHigh = temperature !== undefined && temperature > 1
  if (isTooHigh) context.warn('approximated', 'temperature', 'sampling.temperature', 'the highest is 1')
  return {
    ...stopping,
    ...(temperature === undefined ? {} : { temperature: Math.min(1, temperature) }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
  }
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
): { readonly current?: unknown; readonly old?: unknown } => {
  if (output?.type !== 'json-schema' || output.schema === undefined) return {}
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
  ultrafast: 'auto',
}

/** Tiers that promise more than `auto` does. */
const isMore = (tier: string): boolean => tier === 'fast' || tier === 'ultrafast'

const encodeServiceTier = (tier: string | undefined, context: BlockContext): string | undefined => {
  if (tier === undefined || !context.isForeign) return tier
  const mapped = Object.hasOwn(tiers, tier) ? tiers[tier] : undefined
  if (mapped === undefined) context.warn('dropped', 'service tier', 'serviceTier', 'no counterpart')
  else if (isMore(tier)) context.warn('approximated', 'service tier', 'serviceTier', 'sent as auto')
  return mapped
}
