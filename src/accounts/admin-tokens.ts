import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import type { AdminToken, AdminTokenState, AdminTokenStore } from './admin-token-store.ts'
import { createChangeReader } from './change-reader.ts'
import { expiresAtField, nameField } from './fields.ts'
import { parseInput } from './parse-input.ts'
import { Secret } from './secret.ts'
import { adminTokenPrefix, isId, newId, newToken, shownPrefix } from './token.ts'
import type { TokenDigest } from './token-digest.ts'
import { createTokenIndex, earliest } from './token-index.ts'

const newAdminTokenSchema = z.strictObject({
  name: nameField,
  expiresAt: expiresAtField.default(null),
})

export type NewAdminToken = z.input<typeof newAdminTokenSchema>

/** Who administrates. */
export interface AdminIdentity {
  readonly id: string
  readonly name: string
}

export interface IssuedAdminToken {
  readonly token: AdminToken
  readonly secret: Secret
}

/** The admin tokens: looked up in memory, changed in the store. */
export interface AdminTokens {
  /** Who holds this token; undefined when it is unknown, revoked or expired. */
  find(presented: string): AdminIdentity | undefined
  /** Throws `gateway_request_invalid`. */
  create(input: NewAdminToken): Promise<IssuedAdminToken>
  list(): Promise<readonly AdminToken[]>
  /** Counts at once in this process. Throws `not_found`. */
  revoke(id: string): Promise<AdminToken>
  /** Reads all tokens. Call it before the first `find`. */
  load(): Promise<number>
  /** Reads what other processes changed since the last call. */
  reload(): Promise<number>
}

export const createAdminTokens = (
  store: AdminTokenStore,
  digest: TokenDigest,
  now: () => number = Date.now,
): AdminTokens => {
  const index = createTokenIndex<AdminIdentity>(digest, now)
  const apply = ({ token, digest, version }: AdminTokenState): boolean =>
    index.put({
      id: token.id,
      version,
      identity: token.revokedAt === null ? { id: token.id, name: token.name } : undefined,
      tokens: [{ digest, validUntil: earliest(token.expiresAt) }],
    })
  const reader = createChangeReader(
    (after, limit) => store.changes(after, limit),
    ({ token, version }) => ({ version, id: token.id }),
    apply,
  )
  return {
    find: index.find,
    load: reader.load,
    reload: reader.reload,
    list: () => store.list(),
    create: async (input) => {
      const { name, expiresAt } = parseInput(newAdminTokenSchema, input, 'admin token')
      const text = newToken(adminTokenPrefix)
      const at = now()
      const state = await store.create({
        id: newId('admin', at),
        name,
        prefix: shownPrefix(text),
        digest: digest(text),
        madeBy: 'created',
        expiresAt,
        createdAt: at,
      })
      apply(state)
      return { token: state.token, secret: new Secret(text) }
    },
    revoke: async (id) => {
      const state = isId(id) ? await store.revoke(id, now()) : undefined
      if (state === undefined) throw new GatewayError('not_found', 'there is no such admin token')
      apply(state)
      return state.token
    },
  }
}
