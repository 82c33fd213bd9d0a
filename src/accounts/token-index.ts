import type { TokenDigest } from './token-digest.ts'

/** The state of one owner of tokens. Without an identity (revoked, disabled) none of its tokens is found. */
export interface IndexEntry<Identity> {
  readonly id: string
  readonly version: number
  readonly identity: Identity | undefined
  readonly tokens: readonly { readonly digest: string; readonly validUntil: number }[]
}

export interface TokenIndex<Identity> {
  find(presented: string): Identity | undefined
  /** Replaces what is known of `entry.id`, unless that is as new or newer. Tells whether it did. */
  put(entry: IndexEntry<Identity>): boolean
}

/** Longer than any token of ours or an operator's; bounds the work for a stranger. */
const longestToken = 512

/**
 * Who holds a token, from memory: one HMAC and one look-up. The look-up goes by the HMAC, so its timing tells
 * nothing about the token. `now` is asked at each look-up.
 */
export const createTokenIndex = <Identity>(digest: TokenDigest, now: () => number): TokenIndex<Identity> => {
  const byDigest = new Map<string, { readonly identity: Identity; readonly validUntil: number }>()
  const known = new Map<string, { readonly version: number; readonly digests: readonly string[] }>()
  return {
    find: (presented) => {
      if (presented.length > longestToken) return undefined
      const found = byDigest.get(digest(presented))
      return found !== undefined && now() < found.validUntil ? found.identity : undefined
    },
    put: ({ id, version, identity, tokens }) => {
      const before = known.get(id)
      if (before !== undefined && before.version >= version) return false
      for (const stale of before?.digests ?? []) byDigest.delete(stale)
      const live = identity === undefined ? [] : tokens
      known.set(id, { version, digests: live.map((token) => token.digest) })
      if (identity === undefined) return true
      for (const token of live) byDigest.set(token.digest, { identity, validUntil: token.validUntil })
      return true
    },
  }
}

/** The earlier of some times in milliseconds, of which `null` is never. */
export const earliest = (...times: readonly (number | null)[]): number =>
  Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY))
