/**
 * Token counts, translation.md §12. On this wire `input_tokens` excludes what was read from or written to the cache;
 * the canonical count includes it.
 */
import { isJsonObject, type JsonObject, type JsonValue, type Usage } from '../../ir/index.ts'
import type { SideUsage } from '../protocol.ts'
import { objectMember, ownMember, withRest } from './members.ts'

/**
 * The counters of a stream are told in pieces: a later one that is not null replaces the earlier one, member by
 * member. `message_start` is preliminary, `message_delta` cumulative.
 */
export const mergeWireUsage = (earlier: JsonObject | undefined, later: JsonObject): JsonObject => {
  if (earlier === undefined) return later
  const merged = new Map(Object.entries(earlier))
  for (const [key, value] of Object.entries(later)) {
    if (value !== null || !merged.has(key)) merged.set(key, value)
  }
  return Object.fromEntries(merged)
}

/**
 * Canonical counters; one that is not reported is absent.
 * @param told restricts them to what this part of a stream told; the sums still use everything known so far
 */
export const readUsage = (wire: JsonObject, told: JsonObject = wire): Usage => {
  const input = count(wire, 'input_tokens')
  const cacheRead = count(wire, 'cache_read_input_tokens')
  const written = writtenTokens(wire)
  const tells = (...keys: readonly string[]): boolean => keys.some((key) => ownMember(told, key) != null)
  const tellsWrites = tells('cache_creation_input_tokens', 'cache_creation')
  const reasoning = count(objectMember(told, 'output_tokens_details'), 'thinking_tokens')
  const searches = count(objectMember(told, 'server_tool_use'), 'web_search_requests')
  const fetches = count(objectMember(told, 'server_tool_use'), 'web_fetch_requests')
  const output = count(told, 'output_tokens')
  return {
    ...(input !== undefined && (tellsWrites || tells('input_tokens', 'cache_read_input_tokens'))
      ? { inputTokens: input + (cacheRead ?? 0) + (written.short ?? 0) + (written.long ?? 0) }
      : {}),
    ...(output === undefined ? {} : { outputTokens: output }),
    ...(cacheRead !== undefined && tells('cache_read_input_tokens') ? { cacheReadTokens: cacheRead } : {}),
    ...(tellsWrites && written.short !== undefined ? { cacheWriteTokens: written.short } : {}),
    ...(tellsWrites && written.long !== undefined ? { cacheWriteLongTokens: written.long } : {}),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    ...(searches === undefined ? {} : { webSearches: searches }),
    ...(fetches === undefined ? {} : { webFetches: fetches }),
  }
}

/** A sum that grew beyond its parts (a `message_delta` has no parts) counts as short-lived. */
const writtenTokens = (wire: JsonObject): { readonly short?: number; readonly long?: number } => {
  const sum = count(wire, 'cache_creation_input_tokens')
  const parts = objectMember(wire, 'cache_creation')
  const short = count(parts, 'ephemeral_5m_input_tokens')
  const long = short === undefined ? undefined : count(parts, 'ephemeral_1h_input_tokens')
  const plain = sum === undefined ? short : Math.max(0, sum - (long ?? 0))
  return {
    ...(plain === undefined ? {} : { short: plain }),
    ...(long === undefined ? {} : { long }),
  }
}

/** Members of a usage object that `readUsage` and `service_tier` do not cover: nulls, `iterations`, `speed`, … */
export const usageRest = (wire: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(wire).flatMap(([key, value]): [string, JsonValue][] => {
      if (value === undefined || (counters.has(key) && isCount(value))) return []
      if (key === 'service_tier' && typeof value === 'string') return []
      const known = Object.hasOwn(nestedCounters, key) ? nestedCounters[key] : undefined
      return known === undefined || !isJsonObject(value) ? [[key, value]] : nestedRest(key, value, known)
    }),
  )

/** A breakdown of the written tokens counts only when it is whole; else it stays as it is. */
const nestedRest = (key: string, object: JsonObject, known: ReadonlySet<string>): [string, JsonValue][] => {
  const isBroken = key === 'cache_creation' && ![...known].every((name) => isCount(ownMember(object, name)))
  if (isBroken) return [[key, object]]
  const rest = Object.entries(object).filter(([name, member]) => !(known.has(name) && isCount(member)))
  const isNothing = rest.length === 0 && Object.keys(object).length > 0
  return isNothing ? [] : [[key, Object.fromEntries(rest)]]
}

const counters: ReadonlySet<string> = new Set([
  'input_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'output_tokens',
])
const nestedCounters: Readonly<Record<string, ReadonlySet<string>>> = {
  cache_creation: new Set(['ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens']),
  output_tokens_details: new Set(['thinking_tokens']),
  server_tool_use: new Set(['web_search_requests', 'web_fetch_requests']),
}

/**
 * The wire's counters, each only where its canonical one is known.
 * @param known counters known from an earlier part of the stream, for the sum that `inputTokens` is
 * @param rest members as `usageRest` gave them
 */
export const writeUsage = (usage: Usage, rest: JsonObject, known: Usage = usage): Record<string, unknown> => {
  const { cacheWriteTokens: short, cacheWriteLongTokens: long } = usage
  const cached =
    (known.cacheReadTokens ?? 0) + (known.cacheWriteTokens ?? 0) + (known.cacheWriteLongTokens ?? 0)
  const nested = (key: string, members: Record<string, number | undefined>): unknown => {
    const extra = objectMember(rest, key)
    const said = withRest(members, extra)
    return Object.keys(said).length === 0 ? undefined : said
  }
  return withRest(
    {
      input_tokens: usage.inputTokens === undefined ? undefined : Math.max(0, usage.inputTokens - cached),
      cache_creation_input_tokens:
        short === undefined && long === undefined ? undefined : (short ?? 0) + (long ?? 0),
      cache_read_input_tokens: usage.cacheReadTokens,
      cache_creation:
        long === undefined
          ? undefined
          : nested('cache_creation', {
              ephemeral_5m_input_tokens: short ?? 0,
              ephemeral_1h_input_tokens: long,
            }),
      output_tokens: usage.outputTokens,
      output_tokens_details: nested('output_tokens_details', { thinking_tokens: usage.reasoningTokens }),
      server_tool_use: nested('server_tool_use', {
        web_search_requests: usage.webSearches,
        web_fetch_requests: usage.webFetches,
      }),
    },
    rest,
  )
}

/**
 * `usage.iterations`: the top level is the sum of the `message` entries or, when a fallback served the answer, what
 * that model spent. Compaction, the advisor's answers and the hops that declined before a fallback come on top of it
 * and are billed (SDK 1.11, `BetaIterationsUsage`).
 */
export const readSideUsage = (wire: JsonObject): readonly SideUsage[] => {
  const iterations = ownMember(wire, 'iterations')
  if (!Array.isArray(iterations)) return []
  const entries = iterations.filter(isJsonObject)
  const fallback = entries.find((entry) => ownMember(entry, 'type') === 'fallback_message')
  return entries.flatMap((entry) => {
    const kind = ownMember(entry, 'type')
    const model = ownMember(entry, 'model')
    const served = fallback === undefined || model === ownMember(fallback, 'model')
    const isIncluded = kind === 'fallback_message' || (kind === 'message' && served)
    if (typeof kind !== 'string' || isIncluded) return []
    return [{ kind, ...(typeof model === 'string' ? { model } : {}), usage: readUsage(entry) }]
  })
}

/** Counts are whole and not negative; anything else is not a count. */
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const count = (object: JsonObject, key: string): number | undefined => {
  const value = ownMember(object, key)
  return isCount(value) ? value : undefined
}
