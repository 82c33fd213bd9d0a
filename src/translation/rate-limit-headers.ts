import type { ProtocolId } from '../ir/index.ts'

/** One kind of limit, as far as the provider told of it. */
interface Limit {
  readonly limit?: string
  readonly remaining?: string
  /** Milliseconds since the epoch. */
  readonly resetAt?: number
}

type Kind = 'requests' | 'tokens' | 'input-tokens' | 'output-tokens'

/**
 * The provider's rate limits in the client's family of headers (translation.md §2): Anthropic counts input and output
 * apart and tells the moment of a reset, OpenAI tells how long it is until then, and Gemini has no such headers.
 */
export const rateLimitHeaders = (
  upstream: Headers,
  client: ProtocolId,
  now: number,
): Readonly<Record<string, string>> => {
  if (client === 'gemini') return {}
  const forAnthropic = client === 'anthropic-messages'
  const limits = readLimits(upstream, now)
  const headers: Record<string, string> = {}
  for (const [kind, { limit, remaining, resetAt }] of limits) {
    if (!forAnthropic && kind !== 'requests' && kind !== 'tokens') continue
    const name = (field: string): string =>
      forAnthropic ? `anthropic-ratelimit-${kind}-${field}` : `x-ratelimit-${field}-${kind}`
    if (limit !== undefined) headers[name('limit')] = limit
    if (remaining !== undefined) headers[name('remaining')] = remaining
    if (resetAt !== undefined) {
      headers[name('reset')] = forAnthropic ? timestamp(resetAt) : duration(resetAt - now)
    }
  }
  return headers
}

/** How a limit of ours stands. */
export interface OwnLimit {
  readonly kind: Kind
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until all of it is there again. */
  readonly reset: number
}

/**
 * Limits of ours in the client's family of headers, each kind by the one of which the least is left; without those of
 * which the answer already says that as little is left.
 * @param said the headers of the answer
 */
export const ownRateLimitHeaders = (
  limits: readonly OwnLimit[],
  client: ProtocolId,
  now: number,
  said?: Headers,
): Readonly<Record<string, string>> => {
  if (client === 'gemini') return {}
  const own = new Headers()
  const least = new Map<Kind, OwnLimit>()
  for (const limit of limits) {
    // OpenAI tells of tokens of either kind in one.
    const kind = client === 'anthropic-messages' || limit.kind === 'requests' ? limit.kind : 'tokens'
    const known = least.get(kind)
    if (known === undefined || limit.remaining < known.remaining) least.set(kind, limit)
  }
  const theirs = new Map(said === undefined ? [] : readLimits(said, now))
  for (const [kind, { limit, remaining, reset }] of least) {
    const left = theirs.get(kind)?.remaining
    if (left !== undefined && Number(left) <= remaining) continue
    own.set(`x-ratelimit-limit-${kind}`, String(limit))
    own.set(`x-ratelimit-remaining-${kind}`, String(remaining))
    own.set(`x-ratelimit-reset-${kind}`, duration(reset))
  }
  return rateLimitHeaders(own, client, now)
}

/** When every limit of which nothing is left begins anew, in milliseconds since 1970; undefined where none is told. */
export const usedUpUntil = (upstream: Headers, now: number): number | undefined => {
  const moments = readLimits(upstream, now).flatMap(([, { remaining, resetAt }]) =>
    remaining !== undefined && Number(remaining) === 0 && resetAt !== undefined ? [resetAt] : [],
  )
  return moments.length === 0 ? undefined : Math.max(...moments)
}

const kinds: readonly Kind[] = ['requests', 'tokens', 'input-tokens', 'output-tokens']

const readLimits = (headers: Headers, now: number): readonly (readonly [Kind, Limit])[] =>
  kinds.flatMap((kind) => {
    const limit = headers.get(`anthropic-ratelimit-${kind}-limit`) ?? headers.get(`x-ratelimit-limit-${kind}`)
    const remaining =
      headers.get(`anthropic-ratelimit-${kind}-remaining`) ?? headers.get(`x-ratelimit-remaining-${kind}`)
    const resetAt = momentOf(
      headers.get(`anthropic-ratelimit-${kind}-reset`),
      headers.get(`x-ratelimit-reset-${kind}`),
      now,
    )
    if (limit === null && remaining === null && resetAt === undefined) return []
    const found: Limit = {
      ...(isCount(limit) ? { limit } : {}),
      ...(isCount(remaining) ? { remaining } : {}),
      ...(resetAt === undefined ? {} : { resetAt }),
    }
    return [[kind, found] as const]
  })

const isCount = (value: string | null): value is string => value !== null && /^\d{1,15}$/.test(value)

const momentOf = (moment: string | null, after: string | null, now: number): number | undefined => {
  if (moment !== null) {
    const at = Date.parse(moment)
    return Number.isNaN(at) ? undefined : at
  }
  const milliseconds = after === null ? undefined : parseDuration(after)
  return milliseconds === undefined ? undefined : now + milliseconds
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `6m0s`, `1.5s`, `20ms`; a bare number is seconds. Milliseconds. */
const parseDuration = (text: string): number | undefined => {
  if (text.length > 40) return undefined
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined
  let total = 0
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(number) * (units[unit ?? ''] ?? 0)
  }
  return total
}

const timestamp = (at: number): string =>
  new Date(Math.ceil(at / 1000) * 1000).toISOString().replace('.000', '')

const duration = (milliseconds: number): string => {
  const left = Math.max(0, Math.ceil(milliseconds))
  if (left < 1000) return `${left}ms`
  const seconds = Math.ceil(left / 1000)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`
}
