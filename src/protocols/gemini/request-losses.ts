import { GatewayError } from '../../errors.ts'
import { type GenerateRequest, isJsonObject } from '../../ir/index.ts'
import type { Losses } from './losses.ts'

/**
 * What a request of another protocol says and Gemini has no word for (translation.md §3). Marks and keys of prompt
 * caches and the end user's name go without a word: caching is implicit here, and the name changes no answer.
 * @throws GatewayError `gateway_translation_unsupported` for what must not be lost
 */
export const noteLosses = (request: GenerateRequest, losses: Losses): void => {
  const { sampling } = request
  refuseState(request)
  if (isBlocking(request.moderation)) refuse('moderation', 'a moderation that blocks')
  const lost: readonly (readonly [feature: string, path: string, value: unknown])[] = [
    ['parallel tool calls', 'parallelToolCalls', request.parallelToolCalls === false ? false : undefined],
    ['logit bias', 'sampling.logitBias', sampling.logitBias],
    ['verbosity', 'verbosity', request.verbosity],
    ['metadata', 'metadata', request.metadata],
    ['moderation', 'moderation', request.moderation],
  ]
  for (const [feature, path, value] of lost) {
    if (value !== undefined) losses.add('dropped', feature, path, 'Gemini has no such setting')
  }
}

/** Ids name state at another provider, and a job needs a place to be fetched from. */
const refuseState = (request: GenerateRequest): void => {
  if (request.previousResponseId !== undefined) refuse('previousResponseId', 'an earlier answer by its id')
  if (request.conversation !== undefined) refuse('conversation', 'a conversation by its id')
  if (request.background === true) refuse('background', 'an answer in the background')
}

const isBlocking = (moderation: unknown): boolean =>
  isJsonObject(moderation) &&
  Object.entries(moderation).some(([key, value]) => (key === 'mode' ? value === 'block' : isBlocking(value)))

const refuse = (param: string, what: string): never => {
  throw new GatewayError('gateway_translation_unsupported', `Gemini cannot be told of ${what}`, { param })
}
