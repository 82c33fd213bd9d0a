import type { KeyObject } from 'node:crypto'

/** HMAC-SHA-256 of a token in base64: all that is stored of it, and what look-ups go by. */
export type TokenDigest = (token: string) => string

/** One keyed state is copied per call: half the time of making a new HMAC. */
export const createTokenDigest = (key: KeyObject): TokenDigest => {
  const keyed = new Bun.CryptoHasher('sha256', key.export())
  return (token) => keyed.copy().update(token).digest('base64')
}
