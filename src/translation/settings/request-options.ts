import { createHash } from 'node:crypto'
import {
  type GenerateRequest,
  isJsonObject,
  type JsonValue,
  type OptionalRequestField,
  type ProtocolId,
} from '../../ir/index.ts'
import type { Pass, TranslationContext, TranslationTarget } from '../pass.ts'
import { sameMembers } from './same-members.ts'
import { tierFor } from './service-tier.ts'

type Changing = { -readonly [K in keyof GenerateRequest]: GenerateRequest[K] }

/**
 * Everything about a request that is neither content nor sampling, as far as the target knows it (translation.md
 * P17–P23, P30): verbosity, metadata, the end user's name, service tier, storage, cache options, moderation.
 */
export const requestOptions: Pass = {
  name: 'request options',
  run(request, context) {
    if (request.protocol === context.target.protocol) return { request }
    const changed: Changing = { ...request }
    fitVerbosity(changed, context)
    fitMetadata(changed, context)
    fitUser(changed, context)
    fitSpeed(changed, context)
    fitServiceTier(changed, context)
    fitStore(changed, context)
    fitCacheOptions(changed, context)
    fitModeration(changed, context)
    return { request: sameMembers(changed, request) ? request : changed }
  },
}

const isOpenAi = (protocol: ProtocolId): boolean =>
  protocol === 'openai-chat' || protocol === 'openai-responses'

const knows = ({ protocol, capabilities }: TranslationTarget, field: OptionalRequestField): boolean =>
  isOpenAi(protocol) && (capabilities.requestFields?.includes(field) ?? true)

const fitVerbosity = (request: Changing, { target, warn }: TranslationContext): void => {
  if (request.verbosity === undefined || (isOpenAi(target.protocol) && target.capabilities.verbosity)) return
  if (request.verbosity !== 'medium') warn('dropped', 'verbosity', 'verbosity', 'this model takes none')
  delete request.verbosity
}

const fitMetadata = (request: Changing, { target, warn }: TranslationContext): void => {
  if (request.metadata === undefined || knows(target, 'metadata')) return
  const isEmpty = Object.keys(request.metadata).length === 0
  if (!isEmpty) warn('dropped', 'metadata', 'metadata', 'no counterpart')
  delete request.metadata
}

/** The longest name that is taken. */
const longestUser: Readonly<Partial<Record<ProtocolId, number>>> = {
  'anthropic-messages': 256,
  'openai-chat': 128,
  'openai-responses': 128,
}

/** The end user's name changes no answer, so it goes without a word where it has no place. */
const fitUser = (request: Changing, { target }: TranslationContext): void => {
  if (request.user === undefined) return
  const longest = longestUser[target.protocol]
  if (longest === undefined || (isOpenAi(target.protocol) && !knows(target, 'user'))) delete request.user
  // Hashed, never cut: cutting would make one user of several.
  else if (request.user.length > longest) {
    request.user = createHash('sha256').update(request.user).digest('hex')
  }
}

/** Anthropic's `speed` is a service tier of OpenAI (P22). */
const fitSpeed = (request: Changing, { target }: TranslationContext): void => {
  const { speed, ...members } = request.extensions?.['anthropic-messages'] ?? {}
  if (speed !== 'fast' || !isOpenAi(target.protocol) || !knows(target, 'serviceTier')) return
  request.serviceTier = 'fast'
  request.extensions = { ...request.extensions, 'anthropic-messages': members }
}

const fitServiceTier = (request: Changing, { target, warn }: TranslationContext): void => {
  const { serviceTier } = request
  if (serviceTier === undefined) return
  const { word, loss } = tierFor(serviceTier, target.protocol)
  const isKnown = !isOpenAi(target.protocol) || knows(target, 'serviceTier')
  if (!isKnown && word !== undefined && word !== 'auto' && word !== 'default') {
    warn('dropped', 'service tier', 'serviceTier', 'this provider has none')
  } else if (isKnown && loss !== undefined) {
    warn(
      loss,
      'service tier',
      'serviceTier',
      word === undefined ? 'no counterpart' : `${word} is the nearest`,
    )
  }
  if (word === undefined || !isKnown) delete request.serviceTier
  else request.serviceTier = word
}

/** Chat stores nothing unless asked, and Responses is always told. Elsewhere there is no store. */
const fitStore = (request: Changing, { target, warn }: TranslationContext): void => {
  const { store } = request
  if (target.protocol === 'openai-responses') {
    request.store = store ?? false
    return
  }
  if (store === undefined || target.protocol === 'gemini' || (store && knows(target, 'store'))) return
  if (store) warn('dropped', 'store', 'store', 'this provider keeps no answers')
  delete request.store
}

/** How long and where a prompt is cached is a matter of cost alone. */
const fitCacheOptions = (request: Changing, { target }: TranslationContext): void => {
  const { cache, cacheKey } = target.capabilities
  const isOwn = isOpenAi(target.protocol)
  if (isOwn && cache !== 'breakpoints') delete request.promptCacheOptions
  if (!isOwn || !cacheKey || cache === 'breakpoints') delete request.promptCacheRetention
  if (!isOwn || !cacheKey) delete request.promptCacheKey
}

/** A policy that blocks protects: it is kept or the request refused. One that only scores may go. */
const fitModeration = (request: Changing, { target, warn, refuse }: TranslationContext): void => {
  if (request.moderation === undefined) return
  // Who knows OpenAI's names for end users is OpenAI.
  if (isOpenAi(target.protocol) && knows(target, 'user')) return
  if (blocks(request.moderation))
    refuse('moderation', 'moderation', 'nobody would block there what it blocks')
  warn('dropped', 'moderation', 'moderation', 'no counterpart')
  delete request.moderation
}

const blocks = (value: JsonValue | undefined): boolean =>
  isJsonObject(value) &&
  Object.entries(value).some(([key, member]) => (key === 'mode' ? member === 'block' : blocks(member)))
