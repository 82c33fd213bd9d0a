import type { ProtocolId } from '../ir/index.ts'
import type { Endpoint, Protocol } from '../protocols/index.ts'

/** Which protocol's endpoint a path means, once prefixes and pasted base URLs are taken off. */
export interface RouteMatch {
  readonly protocol: Protocol
  readonly endpoint: Endpoint
  /** As on the vendor's host. */
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  /** Set when the path began with `/{provider}/`. */
  readonly pinnedProvider: string | undefined
}

export type RouteResult =
  | { readonly type: 'match'; readonly match: RouteMatch }
  /** The path exists, but not with this method. `protocol` shapes the error. */
  | { readonly type: 'wrong-method'; readonly protocol: Protocol; readonly allowed: readonly string[] }
  | { readonly type: 'unknown'; readonly protocol: Protocol | undefined }

export interface Router {
  route(method: string, path: string, headers: Headers, query: URLSearchParams): RouteResult
}

interface Pattern {
  readonly protocol: Protocol
  readonly endpoint: Endpoint
  readonly test: RegExp
  readonly names: readonly string[]
}

/** Prefixes that name a protocol family and pin nothing. */
const familyPrefixes: Readonly<Record<string, readonly ProtocolId[]>> = {
  openai: ['openai-chat', 'openai-responses', 'openai-embeddings'],
  anthropic: ['anthropic-messages'],
  gemini: ['gemini'],
}

/**
 * @param isProvider tells whether a path's first segment is a configured provider; asked per request, because a
 *   reload may change the answer
 */
export const createRouter = (protocols: readonly Protocol[], isProvider: (id: string) => boolean): Router => {
  const patterns: Pattern[] = []
  for (const protocol of protocols) {
    for (const endpoint of protocol.endpoints) patterns.push(compile(protocol, endpoint))
  }
  const fixed = new Map<string, readonly Pattern[]>()
  for (const pattern of patterns) {
    if (pattern.names.length > 0) continue
    fixed.set(pattern.endpoint.path, [...(fixed.get(pattern.endpoint.path) ?? []), pattern])
  }
  const patternsOf = (family: readonly ProtocolId[] | undefined): readonly Pattern[] =>
    family === undefined ? patterns : patterns.filter((pattern) => family.includes(pattern.protocol.id))
  const byFamily = new Map(
    Object.entries(familyPrefixes).map(([name, family]) => [name, patternsOf(family)] as const),
  )

  const find = (
    candidates: readonly Pattern[],
    method: string,
    path: string,
    vendor: ProtocolId | undefined,
    pinnedProvider: string | undefined,
  ): RouteResult => {
    const onPath = candidates.filter((pattern) => pattern.test.test(path))
    const onMethod = onPath.filter((pattern) => pattern.endpoint.method === method)
    const chosen =
      onMethod.find((pattern) => pattern.protocol.id === (vendor ?? 'openai-chat')) ?? onMethod[0]
    if (chosen !== undefined) {
      return {
        type: 'match',
        match: {
          protocol: chosen.protocol,
          endpoint: chosen.endpoint,
          path,
          parameters: parametersOf(chosen, path),
          pinnedProvider,
        },
      }
    }
    const first = onPath[0]
    if (first !== undefined) {
      const allowed = [...new Set(onPath.map((pattern) => pattern.endpoint.method))]
      return { type: 'wrong-method', protocol: first.protocol, allowed }
    }
    return { type: 'unknown', protocol: undefined }
  }

  return {
    route(method, rawPath, headers, query) {
      const exact = fixed.get(rawPath)
      if (exact?.length === 1 && exact[0]?.endpoint.method === method) {
        const { protocol, endpoint } = exact[0]
        return {
          type: 'match',
          match: { protocol, endpoint, path: rawPath, parameters: {}, pinnedProvider: undefined },
        }
      }
      const vendor = vendorOf(headers, query)
      const slash = rawPath.indexOf('/', 1)
      const first = slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash)
      const family = byFamily.get(first)
      const pinned = family === undefined && isProvider(first) ? first : undefined
      const rest =
        family !== undefined || pinned !== undefined
          ? rawPath.slice(slash < 0 ? rawPath.length : slash)
          : rawPath
      const candidates = family ?? patterns
      let seen: RouteResult = { type: 'unknown', protocol: undefined }
      for (const path of spellings(rest, family !== undefined || pinned !== undefined)) {
        const result = find(candidates, method, path, vendor, pinned)
        if (result.type === 'match') return result
        if (seen.type === 'unknown') seen = result
      }
      if (seen.type !== 'unknown') return seen
      const guess = family?.[0]?.protocol.id ?? vendor ?? guessFamily(rest)
      return { type: 'unknown', protocol: protocols.find((protocol) => protocol.id === guess) }
    },
  }
}

/** `/v1/models` is served by three vendors; these tell two of them apart, and OpenAI is what is left. */
const vendorOf = (headers: Headers, query: URLSearchParams): ProtocolId | undefined => {
  if (headers.has('anthropic-version')) return 'anthropic-messages'
  if (headers.has('x-goog-api-key') || query.has('key')) return 'gemini'
  return undefined
}

const guessFamily = (path: string): ProtocolId => {
  if (path.startsWith('/v1beta/') && !path.startsWith('/v1beta/openai')) return 'gemini'
  if (path.includes('/messages')) return 'anthropic-messages'
  if (path.includes('/responses') || path.includes('/conversations')) return 'openai-responses'
  return 'openai-chat'
}

/** What a path may have been meant as: base URLs are often pasted with the path, or the version, already in them. */
const spellings = (path: string, underPrefix: boolean): readonly string[] => {
  const clean = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  const found = [clean]
  const add = (candidate: string): void => {
    if (candidate.startsWith('/') && !found.includes(candidate)) found.push(candidate)
  }
  add(clean.replace(/^\/v1beta\/openai(?=\/)/, '/v1'))
  if (underPrefix) {
    add(clean.replace(/^\/openai(?=\/)/, ''))
    for (const candidate of [...found]) if (!/^\/v1(beta)?\//.test(candidate)) add(`/v1${candidate}`)
  }
  // A doubled tail: `/v1/messages/v1/messages`, `/v1/v1/messages`, `/v1/chat/completions/chat/completions`.
  for (const candidate of [...found]) {
    const versions = candidate.split(/(?=\/v1(?:beta)?\/)/)
    const last = versions.at(-1)
    if (versions.length > 1 && last !== undefined) add(last)
    add(candidate.replace(/^(\/v1)((?:\/[^/]+){1,2}?)\2(?=\/|$)/, '$1$2'))
  }
  return found
}

const compile = (protocol: Protocol, endpoint: Endpoint): Pattern => {
  const names: string[] = []
  const source = endpoint.path
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\}/g, (_match, name: string) => {
      names.push(name)
      return name === 'model' ? '(.+)' : '([^/:]+)'
    })
  return { protocol, endpoint, names, test: new RegExp(`^${source}$`) }
}

const parametersOf = (pattern: Pattern, path: string): Readonly<Record<string, string>> => {
  const found = pattern.test.exec(path)
  const parameters: Record<string, string> = {}
  pattern.names.forEach((name, index) => {
    parameters[name] = decode(found?.[index + 1] ?? '')
  })
  return parameters
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
