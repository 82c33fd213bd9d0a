/** Who shares answers with whom; nobody outside the organisation ever does. */
export const cacheScopes = ['organisation', 'team', 'user', 'key'] as const

export type CacheScope = (typeof cacheScopes)[number]

/** What holds for one exchange. */
export interface CachePolicy {
  readonly exact: 'on' | 'off'
  /** May a question that means the same have the same answer? */
  readonly semantic: 'on' | 'off'
  readonly scope: CacheScope
  /** Milliseconds that an answer is kept. */
  readonly ttl: number
  /** May answers that call tools be kept? */
  readonly toolCalls: boolean
}

/** What a route says otherwise. */
export type CacheLayer = { readonly [Field in keyof CachePolicy]?: CachePolicy[Field] | undefined }

/** What a key says otherwise. */
export type KeyCacheLayer = Omit<CacheLayer, 'ttl'> & { readonly ttlSeconds?: number | undefined }

/** What the key says wins over the route, and that over the gateway, field by field. */
export const cachePolicy = (
  base: CachePolicy,
  route: CacheLayer | undefined,
  key: KeyCacheLayer,
): CachePolicy => ({
  exact: key.exact ?? route?.exact ?? base.exact,
  semantic: key.semantic ?? route?.semantic ?? base.semantic,
  scope: key.scope ?? route?.scope ?? base.scope,
  ttl: key.ttlSeconds === undefined ? (route?.ttl ?? base.ttl) : key.ttlSeconds * 1000,
  toolCalls: key.toolCalls ?? route?.toolCalls ?? base.toolCalls,
})
