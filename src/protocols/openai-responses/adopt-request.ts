import { createHash } from 'node:crypto'
import { GatewayError } from '../../errors.ts'
import type { GenerateRequest, ServerTool } from '../../ir/index.ts'
import type { TargetContext } from '../protocol.ts'
import { isSayable } from './encode-tools.ts'
import type { Losses } from './losses.ts'
import { tierOf } from './service-tier.ts'

/** OpenAI refuses a smaller output limit. */
const leastOutputTokens = 16

/** Longer names of end users are refused. */
const longestUser = 128

/**
 * The settings of another protocol's request, so that this protocol's words say them: turns and tools stay as they are.
 * @throws GatewayError `gateway_translation_unsupported` for state at another provider
 */
export const adoptRequest = (
  request: GenerateRequest,
  target: TargetContext,
  losses: Losses,
): GenerateRequest => {
  const { toolChoice, parallelToolCalls, user, serviceTier, maxOutputTokens, promptCacheKey, ...rest } =
    request
  refuseState(request)
  const { background: _job, ...same } = rest
  warnOfSampling(request, losses)
  const limit = maxOutputTokens === undefined ? undefined : limitOf(maxOutputTokens, target, losses)
  const tier = serviceTier === undefined ? undefined : wordOfTier(serviceTier, losses)
  const hasTools = request.tools.length > 0 || request.turns.some((turn) => turn.tools !== undefined)
  return {
    ...same,
    // Both are refused where there are no tools.
    ...(hasTools && toolChoice !== undefined ? { toolChoice } : {}),
    ...(hasTools && parallelToolCalls !== undefined ? { parallelToolCalls } : {}),
    ...(limit === undefined ? {} : { maxOutputTokens: limit }),
    ...(user === undefined ? {} : { user: shortUser(user) }),
    ...(tier === undefined ? {} : { serviceTier: tier }),
    ...(promptCacheKey === undefined || target.capabilities?.cacheKey === false ? {} : { promptCacheKey }),
    // Left out it means true here and false elsewhere.
    store: request.store ?? false,
  }
}

/** Ids name state at another provider, and a job has a place of its own to be fetched from. */
const refuseState = ({ previousResponseId, conversation, background }: GenerateRequest): void => {
  if (previousResponseId !== undefined) refuse('previousResponseId', 'an earlier answer')
  if (conversation !== undefined) refuse('conversation', 'a conversation')
  if (background === true) refuse('background', 'a job')
}

const refuse = (param: string, what: string): never => {
  throw new GatewayError(
    'gateway_translation_unsupported',
    `${param}: ${what} of another provider cannot be named to this one`,
    { param },
  )
}

/** 0 is no limit but the wish to warm the cache. */
const limitOf = (limit: number, { capabilities }: TargetContext, losses: Losses): number => {
  const least = capabilities?.minOutputTokens ?? leastOutputTokens
  if (limit === 0 || limit >= least) return limit
  losses.add('approximated', 'output limit', 'maxOutputTokens', `raised to ${least}, the least that is taken`)
  return least
}

/** Hashed, never cut: cutting would make one user of several. */
const shortUser = (user: string): string =>
  user.length <= longestUser ? user : createHash('sha256').update(user).digest('hex')

const wordOfTier = (tier: string, losses: Losses): string | undefined => {
  const word = tierOf(tier)
  if (word === undefined) losses.add('dropped', 'service tier', 'serviceTier', 'no counterpart')
  return word
}

const warnOfSampling = ({ sampling }: GenerateRequest, losses: Losses): void => {
  const lost = {
    topK: sampling.topK,
    seed: sampling.seed,
    presencePenalty: sampling.presencePenalty === 0 ? undefined : sampling.presencePenalty,
    frequencyPenalty: sampling.frequencyPenalty === 0 ? undefined : sampling.frequencyPenalty,
    stop: sampling.stop?.length === 0 ? undefined : sampling.stop,
    logitBias: sampling.logitBias,
    candidates: sampling.candidates === 1 ? undefined : sampling.candidates,
  }
  for (const [field, value] of Object.entries(lost)) {
    if (value !== undefined) losses.add('dropped', field, `sampling.${field}`, 'no counterpart')
  }
}

/**
 * `include`: what another protocol's answer shall hold and this one says only when asked (translation.md P36). Undefined
 * where nothing has to be asked for.
 */
export const includeOf = (request: GenerateRequest, target: TargetContext): readonly string[] | undefined => {
  const include: string[] = []
  if (thinks(request, target)) include.push('reasoning.encrypted_content')
  for (const [tool, result] of results) if (hasServerTool(request, tool)) include.push(result)
  if (request.sampling.logprobs === true) include.push('message.output_text.logprobs')
  return include.length === 0 ? undefined : include
}

const results: readonly (readonly [ServerTool, string])[] = [
  ['web-search', 'web_search_call.action.sources'],
  ['code-execution', 'code_interpreter_call.outputs'],
  ['file-search', 'file_search_call.results'],
]

/** Models that do not think refuse the wish for their thoughts. */
const thinks = (request: GenerateRequest, { capabilities }: TargetContext): boolean =>
  capabilities === undefined
    ? request.reasoning !== undefined && request.reasoning.mode !== 'disabled'
    : capabilities.reasoning.control !== 'none'

const hasServerTool = (request: GenerateRequest, tool: ServerTool): boolean =>
  request.tools.some((each) => each.type === 'server' && each.tool === tool && isSayable(each))
