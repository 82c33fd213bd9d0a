import { GatewayError } from '../errors.ts'
import { expireInField } from './fields.ts'
import type { KeyFilter, KeyOutcome, KeyStore } from './key-store.ts'
import { parseInput } from './parse-input.ts'
import { Secret } from './secret.ts'
import { isId, newId, newToken, shownPrefix, virtualKeyPrefix } from './token.ts'
import type { TokenDigest } from './token-digest.ts'
import {
  type KeyChange,
  type KeyState,
  keyChangeSchema,
  keyFilterSchema,
  type NewKey,
  newKeySchema,
  type VirtualKey,
} from './virtual-key.ts'

export interface VirtualKeysParts {
  readonly store: Omit<KeyStore, 'changes' | 'touch'>
  readonly digest: TokenDigest
  /** Where a change counts at once: the key ring of this process. */
  readonly apply: (state: KeyState) => void
  readonly now?: () => number
}

/** A key and its secret, which is never seen again. */
export interface IssuedKey {
  readonly key: VirtualKey
  readonly secret: Secret
}

/**
 * What administrators do with virtual keys. Input is checked here; a wrong one is `gateway_request_invalid`, an
 * unknown key `not_found`, and a change to a revoked key `conflict`.
 */
export interface VirtualKeys {
  create(input: NewKey): Promise<IssuedKey>
  get(id: string): Promise<VirtualKey>
  list(filter: KeyFilter): Promise<readonly VirtualKey[]>
  update(id: string, change: KeyChange): Promise<VirtualKey>
  revoke(id: string): Promise<VirtualKey>
  /**
   * Issues a new secret; the old one stays valid for `overlapSeconds`, at most 30 days. With `expireInSeconds` the key
   * as a whole ends then.
   */
  rotate(id: string, overlapSeconds: number, expireInSeconds?: number): Promise<IssuedKey>
}

const longestOverlap = 30 * 24 * 3600

export const createVirtualKeys = ({
  store,
  digest,
  apply,
  now = Date.now,
}: VirtualKeysParts): VirtualKeys => {
  const change = async (id: string, work: () => Promise<KeyOutcome>): Promise<VirtualKey> => {
    const outcome: KeyOutcome = isId(id) ? await work() : { type: 'unknown' }
    if (outcome.type === 'unknown') throw unknownKey(id)
    if (outcome.type === 'revoked') {
      throw new GatewayError('conflict', `virtual key ${id} is revoked, which is final: create another one`)
    }
    apply(outcome.state)
    return outcome.state.key
  }
  return {
    create: async (input) => {
      const at = now()
      const { expireInSeconds, ...given } = parseInput(newKeySchema, input, 'virtual key')
      if (expireInSeconds !== undefined && given.expiresAt !== null) throw twoEnds()
      const parsed = { ...given, expiresAt: endOf(expireInSeconds, at) ?? given.expiresAt }
      if (parsed.expiresAt !== null && parsed.expiresAt <= at) {
        throw new GatewayError('gateway_request_invalid', 'virtual key: expiresAt is in the past', {
          param: 'expiresAt',
        })
      }
      const token = newToken(virtualKeyPrefix)
      const creation = await store.create({
        ...parsed,
        id: newId('key', at),
        prefix: shownPrefix(token),
        digest: digest(token),
        madeBy: 'created',
        createdAt: at,
      })
      if (creation.type === 'unknown-tenant') {
        const { missing } = creation
        throw new GatewayError('not_found', `virtual key: there is no such ${missing} in the organisation`, {
          param: missing,
        })
      }
      apply(creation.state)
      return { key: creation.state.key, secret: new Secret(token) }
    },
    get: async (id) => {
      const key = isId(id) ? await store.get(id) : undefined
      if (key === undefined) throw unknownKey(id)
      return key
    },
    list: async (filter) => store.list(parseInput(keyFilterSchema, filter, 'filter')),
    update: async (id, input) => {
      const at = now()
      const { expireInSeconds, ...given } = parseInput(keyChangeSchema, input, 'virtual key')
      if (expireInSeconds !== undefined && given.expiresAt !== undefined) throw twoEnds()
      const expiresAt = endOf(expireInSeconds, at)
      const changes = expiresAt === undefined ? given : { ...given, expiresAt }
      return change(id, () => store.update(id, changes, at))
    },
    revoke: (id) => change(id, () => store.revoke(id, now())),
    rotate: async (id, overlapSeconds, expireInSeconds) => {
      if (!(overlapSeconds >= 0 && overlapSeconds <= longestOverlap)) {
        const message = `virtual key: the overlap must be between 0 and ${longestOverlap} seconds`
        throw new GatewayError('gateway_request_invalid', message, { param: 'overlapSeconds' })
      }
      const at = now()
      const seconds = parseInput(expireInField.optional(), expireInSeconds, 'virtual key, expireInSeconds')
      const expiresAt = endOf(seconds, at)
      const token = newToken(virtualKeyPrefix)
      const rotation = {
        digest: digest(token),
        prefix: shownPrefix(token),
        ...(expiresAt === undefined ? {} : { expiresAt }),
        overlapUntil: at + Math.round(overlapSeconds * 1000),
      }
      return { key: await change(id, () => store.rotate(id, rotation, at)), secret: new Secret(token) }
    },
  }
}

const endOf = (expireInSeconds: number | undefined, at: number): number | undefined =>
  expireInSeconds === undefined ? undefined : at + expireInSeconds * 1000

const twoEnds = (): GatewayError =>
  new GatewayError('gateway_request_invalid', 'virtual key: give expiresAt or expireInSeconds, not both', {
    param: 'expireInSeconds',
  })

const unknownKey = (id: string): GatewayError =>
  // The id is not repeated when it may be a secret that somebody pasted into the wrong place.
  new GatewayError(
    'not_found',
    /^key_[0-9a-f]{1,64}$/.test(id) ? `there is no virtual key ${id}` : 'there is no such virtual key',
  )
