import type { Kysely, Selectable } from 'kysely'
import type { Database, Schema, VirtualKeysTable } from '../storage/index.ts'
import { changedOptions } from './key-options.ts'
import {
  checkTenant,
  insertKey,
  readKey,
  readState,
  readStates,
  revokeKeys,
  type TenantCheck,
  toKey,
} from './key-row-store.ts'
import { type ChangeCursor, changeAccounts } from './version-store.ts'
import {
  type KeyState,
  parseKeyColumns,
  type StoredChange,
  type StoredKey,
  type VirtualKey,
} from './virtual-key.ts'

export interface KeyFilter {
  readonly organisation?: string
  readonly team?: string
  readonly user?: string
  /** Leave out revoked keys. */
  readonly live?: boolean
  /** Continue after this id: keys come newest first. */
  readonly after?: string
  /** At most this many, 100 by default. */
  readonly limit?: number
}

export type KeyCreation =
  | { readonly type: 'created'; readonly state: KeyState }
  | Extract<TenantCheck, { readonly type: 'unknown-tenant' }>

export type KeyOutcome =
  | { readonly type: 'changed'; readonly state: KeyState }
  | { readonly type: 'unknown' }
  | { readonly type: 'revoked' }

export interface KeyRotation {
  readonly digest: string
  readonly prefix: string
  /** When the secrets so far end, in milliseconds. */
  readonly overlapUntil: number
  /** The key's new end, in milliseconds; absent, it stays. */
  readonly expiresAt?: number
}

export interface KeyUse {
  readonly id: string
  readonly at: number
}

/** Virtual keys at rest. Everything it takes and gives can be cloned; it never sees a secret, only its HMAC. */
export interface KeyStore {
  /** The organisation must exist, team and user must be of it. */
  create(key: StoredKey): Promise<KeyCreation>
  get(id: string): Promise<VirtualKey | undefined>
  list(filter: KeyFilter): Promise<readonly VirtualKey[]>
  update(id: string, change: StoredChange, at: number): Promise<KeyOutcome>
  /** Final. A key that is revoked already stays as it is. */
  revoke(id: string, at: number): Promise<KeyOutcome>
  rotate(id: string, rotation: KeyRotation, at: number): Promise<KeyOutcome>
  /** Keys changed after a place, in the order of their changes. */
  changes(after: ChangeCursor, limit: number): Promise<readonly KeyState[]>
  touch(uses: readonly KeyUse[]): Promise<void>
}

export const createKeyStore = (database: Pick<Database, 'kysely'>): KeyStore => {
  const { kysely } = database
  /** Changes one key that is not revoked. */
  const change = (
    id: string,
    work: (
      transaction: Kysely<Schema>,
      version: number,
      before: Selectable<VirtualKeysTable>,
    ) => Promise<void>,
  ): Promise<KeyOutcome> =>
    changeAccounts(database, async (transaction, version) => {
      const before = await readKey(transaction, id)
      if (before === undefined) return { type: 'unknown' }
      if (before.revoked_at !== null) return { type: 'revoked' }
      await work(transaction, version, before)
      return { type: 'changed', state: await readState(transaction, id) }
    })
  return {
    create: (key) =>
      changeAccounts(database, async (transaction, version) => {
        const tenant = await checkTenant(transaction, key)
        if (tenant.type === 'unknown-tenant') return tenant
        await insertKey(transaction, { ...key, team: tenant.team }, version, tenant.isSuspended)
        return { type: 'created', state: await readState(transaction, key.id) }
      }),
    get: async (id) => {
      const row = await readKey(kysely, id)
      return row === undefined ? undefined : toKey(row)
    },
    list: async ({ organisation, team, user, live, after, limit = 100 }) => {
      let query = kysely.selectFrom('virtual_keys').selectAll()
      if (organisation !== undefined) query = query.where('organisation_id', '=', organisation)
      if (team !== undefined) query = query.where('team_id', '=', team)
      if (user !== undefined) query = query.where('user_id', '=', user)
      if (live === true) query = query.where('revoked_at', 'is', null)
      if (after !== undefined) query = query.where('id', '<', after)
      const rows = await query.orderBy('id', 'desc').limit(limit).execute()
      return rows.map(toKey)
    },
    update: (id, { name, scopes, options, metadata, expiresAt, disabled }, at) =>
      change(id, async (transaction, version, row) => {
        const before = parseKeyColumns(row)
        const columns = {
          ...(name === undefined ? {} : { name }),
          ...(scopes === undefined ? {} : { scopes: JSON.stringify({ ...before.scopes, ...scopes }) }),
          ...(options === undefined
            ? {}
            : { options: JSON.stringify(changedOptions(before.options, options)) }),
          ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
          ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
          ...(disabled === undefined ? {} : { disabled: disabled ? 1 : 0 }),
        }
        const query = transaction.updateTable('virtual_keys').set({ ...columns, updated_at: at, version })
        await query.where('id', '=', id).execute()
      }),
    revoke: (id, at) =>
      changeAccounts(database, async (transaction, version) => {
        if ((await readKey(transaction, id)) === undefined) return { type: 'unknown' }
        await revokeKeys(transaction, [id], at, version)
        return { type: 'changed', state: await readState(transaction, id) }
      }),
    rotate: (id, { digest, prefix, overlapUntil, expiresAt }, at) =>
      change(id, async (transaction, version) => {
        // Rotating twice within an overlap never lengthens the life of the first secret. Ended secrets stay, so
        // that a preset one is known when the environment presents it again.
        await transaction
          .updateTable('key_secrets')
          .set({ expires_at: overlapUntil })
          .where('key_id', '=', id)
          .where((row) =>
            row.or([row('expires_at', 'is', null), row('expires_at', '>', BigInt(overlapUntil))]),
          )
          .execute()
        const { organisation_id } = await transaction
          .updateTable('virtual_keys')
          .set({
            ...{ prefix, updated_at: at, version },
            ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
          })
          .where('id', '=', id)
          .returning('organisation_id')
          .executeTakeFirstOrThrow()
        const secret = { digest, key_id: id, organisation_id, created_at: at }
        await transaction.insertInto('key_secrets').values(secret).execute()
      }),
    changes: async (after, limit) => {
      const version = BigInt(after.version)
      const rows = await kysely
        .selectFrom('virtual_keys')
        .selectAll()
        .where((row) =>
          row.or([
            row('version', '>', version),
            row.and([row('version', '=', version), row('id', '>', after.id)]),
          ]),
        )
        .orderBy('version')
        .orderBy('id')
        .limit(limit)
        .execute()
      return readStates(kysely, rows)
    },
    touch: async (uses) => {
      if (uses.length === 0) return
      await changeAccounts(database, async (transaction) => {
        for (const { id, at } of uses) {
          await transaction
            .updateTable('virtual_keys')
            .set({ last_used_at: at })
            .where('id', '=', id)
            .where((row) => row.or([row('last_used_at', 'is', null), row('last_used_at', '<', BigInt(at))]))
            .execute()
        }
      })
    },
  }
}
