import type { JsonObject, ProtocolId, ServerToolDefinition } from '../../ir/index.ts'
import { definition, type HostedLoss, type HostedTool, mapped, refused } from './hosted-tool.ts'
import { memberOf, objectMember, objectOf, textMember, textsMember } from './json-source.ts'

/** A web search as any protocol can ask for it (translation.md §5.5). */
interface WebSearch {
  readonly allowed?: readonly string[]
  readonly blocked?: readonly string[]
  readonly maxUses?: number
  readonly location?: JsonObject
  readonly contextSize?: string
  /** `false`: only what the provider has stored already. */
  readonly live?: boolean
  /** Members that restrict the search and that no other protocol knows. */
  readonly restricted: readonly string[]
  /** Members that shape the search and that no other protocol knows. */
  readonly shaped: readonly string[]
}

const present = (config: JsonObject, names: readonly string[]): readonly string[] =>
  names.filter((name) => (memberOf(config, name) ?? null) !== null)

const readSearch = ({ wireType, config: source }: ServerToolDefinition, protocol: ProtocolId): WebSearch => {
  const config = objectOf(source)
  switch (protocol) {
    case 'anthropic-messages': {
      const maxUses = memberOf(config, 'max_uses')
      return {
        ...optional('allowed', textsMember(config, 'allowed_domains')),
        ...optional('blocked', textsMember(config, 'blocked_domains')),
        ...optional('maxUses', typeof maxUses === 'number' ? maxUses : undefined),
        ...optional('location', objectMember(config, 'user_location')),
        restricted: [],
        shaped: config['response_inclusion'] === 'excluded' ? ['response_inclusion'] : [],
      }
    }
    case 'openai-responses': {
      const live = memberOf(config, 'external_web_access')
      return {
        ...optional('allowed', textsMember(objectMember(config, 'filters') ?? {}, 'allowed_domains')),
        ...optional('location', objectMember(config, 'user_location')),
        ...optional('contextSize', textMember(config, 'search_context_size')),
        ...optional('live', typeof live === 'boolean' ? live : undefined),
        restricted: [],
        shaped: (textsMember(config, 'search_content_types') ?? []).every((type) => type === 'text')
          ? []
          : ['search_content_types'],
      }
    }
    case 'gemini':
      return {
        ...optional('blocked', textsMember(config, 'excludeDomains')),
        restricted: [
          ...present(config, ['timeRangeFilter', 'blockingConfidence']),
          // What an enterprise may see is decided by its own search.
          ...(wireType === 'googleSearch' || wireType === 'googleSearchRetrieval' ? [] : [wireType]),
        ],
        shaped: present(config, ['searchTypes', 'dynamicRetrievalConfig']),
      }
    default: {
      const location = objectMember(config, 'user_location')
      return {
        ...optional('location', location && (objectMember(location, 'approximate') ?? location)),
        ...optional('contextSize', textMember(config, 'search_context_size')),
        restricted: [],
        shaped: [],
      }
    }
  }
}

const optional = <Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: Value })

/** Does anything in it protect? */
export const searchProtects = (tool: ServerToolDefinition, protocol: ProtocolId): boolean => {
  const { allowed, blocked, maxUses, restricted } = readSearch(tool, protocol)
  return [allowed, blocked, maxUses].some((value) => value !== undefined) || restricted.length > 0
}

/** A search that must not reach the web: leaving it out fulfils that. */
export const isOffline = (tool: ServerToolDefinition, protocol: ProtocolId): boolean =>
  readSearch(tool, protocol).live === false

export interface SearchLimits {
  /** It is the one tool of the provider's: what holds for all calls together holds for it. */
  readonly isAlone: boolean
  /** How often it may run, where that is said of the request as a whole. */
  readonly maxUses?: number
}

export const webSearchFor = (
  tool: ServerToolDefinition,
  from: ProtocolId,
  to: ProtocolId,
  { isAlone, ...limits }: SearchLimits,
): HostedTool => {
  const search = { ...readSearch(tool, from), ...limits }
  const limit = unsayable(search, from, to, isAlone)
  if (limit !== undefined) return refused('the target cannot restrict its search so', limit)
  const losses = [
    ...search.shaped.map((member): HostedLoss => ({ member, reason: 'no counterpart' })),
    ...shapeLosses(search, to),
  ]
  const tools = [writeSearch(search, to)]
  if (search.maxUses === undefined || to !== 'openai-responses') return mapped(tools, losses)
  const counted: HostedLoss = { reason: 'opening a page counts as a use of the search' }
  return {
    type: 'mapped',
    tools,
    members: { max_tool_calls: search.maxUses },
    losses: [...losses, counted],
  }
}

/** The first restriction that the target has no word for. */
const unsayable = (
  search: WebSearch,
  from: ProtocolId,
  to: ProtocolId,
  isAlone: boolean,
): string | undefined => {
  const { allowed, blocked, maxUses, restricted } = search
  const limits = {
    [from === 'openai-responses' ? 'filters.allowed_domains' : 'allowed_domains']:
      allowed !== undefined && to !== 'anthropic-messages' && to !== 'openai-responses',
    [from === 'gemini' ? 'excludeDomains' : 'blocked_domains']:
      blocked !== undefined &&
      // Anthropic takes one of the two lists.
      (to === 'anthropic-messages' ? allowed !== undefined : to !== 'gemini'),
    // OpenAI counts the calls of all its tools together.
    max_uses: maxUses !== undefined && to !== 'anthropic-messages' && !(to === 'openai-responses' && isAlone),
  }
  return restricted[0] ?? Object.entries(limits).find(([, isLost]) => isLost)?.[0]
}

const shapeLosses = ({ location, contextSize }: WebSearch, to: ProtocolId): readonly HostedLoss[] => {
  const hasSize = to === 'openai-responses' || to === 'openai-chat'
  const isUsual = contextSize === undefined || contextSize === 'medium'
  return [
    ...(isUsual || hasSize ? [] : [{ member: 'search_context_size', reason: 'no counterpart' }]),
    ...(location === undefined || to !== 'gemini'
      ? []
      : [{ member: 'user_location', reason: 'Gemini wants coordinates, which are not known' }]),
  ]
}

const writeSearch = (search: WebSearch, to: ProtocolId): ServerToolDefinition => {
  const { allowed, blocked, maxUses, contextSize } = search
  const location = placeOf(search.location)
  switch (to) {
    case 'anthropic-messages':
      return definition(
        'web-search',
        'web_search_20250305',
        {
          type: 'web_search_20250305',
          name: 'web_search',
          max_uses: maxUses,
          allowed_domains: allowed,
          blocked_domains: blocked,
          user_location: location && { type: 'approximate', ...location },
        },
        'web_search',
      )
    case 'openai-responses':
      return definition('web-search', 'web_search', {
        type: 'web_search',
        filters: allowed && { allowed_domains: allowed },
        search_context_size: contextSize,
        user_location: location && { type: 'approximate', ...location },
      })
    case 'gemini':
      return definition('web-search', 'googleSearch', { excludeDomains: blocked })
    default:
      return definition('web-search', 'web_search_options', {
        search_context_size: contextSize,
        user_location: location && { type: 'approximate', approximate: location },
      })
  }
}

/** The members that all of them know; undefined where nothing is said. */
const placeOf = (location: JsonObject | undefined): JsonObject | undefined => {
  const members = ['city', 'region', 'country', 'timezone'].flatMap((key): [string, string][] => {
    const value = location === undefined ? undefined : textMember(location, key)
    return value === undefined ? [] : [[key, value]]
  })
  return members.length === 0 ? undefined : Object.fromEntries(members)
}
