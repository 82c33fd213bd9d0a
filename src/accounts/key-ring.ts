import { createChangeReader } from './change-reader.ts'
import { type KeyIdentity, keyIdentity } from './key-identity.ts'
import type { KeyStore } from './key-store.ts'
import type { TokenDigest } from './token-digest.ts'
import { createTokenIndex, earliest } from './token-index.ts'
import type { KeyState } from './virtual-key.ts'

/** All keys of the installation in memory: the look-up of every request. */
export interface KeyRing {
  /** Who holds this key; undefined when it is unknown, revoked, disabled or expired. */
  find(presented: string): KeyIdentity | undefined
  /** Makes a change count at once in this process. An older state than the known one is ignored. */
  apply(state: KeyState): boolean
  /** Reads all keys. Call it before the first `find`, and when messages about changes may have been lost. */
  load(): Promise<number>
  /** Reads what other processes changed since the last call; answers how many keys that were. */
  reload(): Promise<number>
}

export const createKeyRing = (
  store: Pick<KeyStore, 'changes'>,
  digest: TokenDigest,
  now: () => number = Date.now,
): KeyRing => {
  const index = createTokenIndex<KeyIdentity>(digest, now)
  const apply = ({ key, secrets, version }: KeyState): boolean =>
    index.put({
      id: key.id,
      version,
      identity: key.disabled || key.suspended || key.revokedAt !== null ? undefined : keyIdentity(key),
      // A key may be given a later end, an ended secret not: it needs no place here.
      tokens: secrets
        .filter((secret) => now() < earliest(secret.expiresAt))
        .map(({ digest, expiresAt }) => ({ digest, validUntil: earliest(key.expiresAt, expiresAt) })),
    })
  const reader = createChangeReader(
    (after, limit) => store.changes(after, limit),
    ({ key, version }) => ({ version, id: key.id }),
    apply,
  )
  return { find: index.find, apply, load: reader.load, reload: reader.reload }
}
