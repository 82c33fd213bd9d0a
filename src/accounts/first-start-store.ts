import type { Kysely } from 'kysely'
import type { Database, Schema } from '../storage/index.ts'
import { insertAdminToken, revokeAdminTokens, type StoredAdminToken } from './admin-token-store.ts'
import { insertKey, revokeKeys } from './key-row-store.ts'
import { changeAccounts } from './version-store.ts'
import type { StoredKey } from './virtual-key.ts'

/** What a first start offers; null where the environment presets it. */
export interface FirstPair {
  readonly adminToken: StoredAdminToken | null
  readonly key: StoredKey | null
}

export interface FirstStartStore {
  /** True when an earlier first start was completed. */
  isComplete(): Promise<boolean>
  /**
   * Makes this pair the one that counts, and revokes a pair that was made before and never seen. False, and
   * nothing is written, when the first start is complete.
   */
  offer(pair: FirstPair, at: number): Promise<boolean>
  /** Completes the first start. False when another process replaced this pair meanwhile: it is revoked. */
  complete(adminTokenId: string | null, keyId: string | null, at: number): Promise<boolean>
  /**
   * Makes a preset admin token valid in place of the one that was preset before. One that is known stays as it is
   * (revoked, perhaps), unless it was only replaced by another preset: then it is valid again.
   */
  presetAdminToken(token: StoredAdminToken): Promise<void>
  /** The same for a virtual key. */
  presetKey(key: StoredKey): Promise<void>
}

export const createFirstStartStore = (database: Pick<Database, 'kysely'>): FirstStartStore => ({
  isComplete: async () => {
    const row = await readFirstStart(database.kysely)
    return row !== undefined && row.shown_at !== null
  },
  offer: ({ adminToken, key }, at) =>
    changeAccounts(database, async (transaction, version) => {
      const before = await readFirstStart(transaction)
      if (before !== undefined && before.shown_at !== null) return false
      if (before?.admin_token_id) await revokeAdminTokens(transaction, [before.admin_token_id], at, version)
      if (before?.key_id) await revokeKeys(transaction, [before.key_id], at, version)
      if (adminToken !== null) await insertAdminToken(transaction, adminToken, version)
      if (key !== null) await insertKey(transaction, key, version)
      const pair = { admin_token_id: adminToken?.id ?? null, key_id: key?.id ?? null, created_at: at }
      await transaction
        .insertInto('first_start')
        .values({ id: 1, ...pair })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(pair))
        .execute()
      return true
    }),
  complete: (adminTokenId, keyId, at) =>
    changeAccounts(database, async (transaction) => {
      const row = await readFirstStart(transaction)
      if (row === undefined || row.admin_token_id !== adminTokenId || row.key_id !== keyId) return false
      await transaction
        .updateTable('first_start')
        .set({ shown_at: at })
        .where('shown_at', 'is', null)
        .execute()
      return true
    }),
  presetAdminToken: (token) =>
    changeAccounts(database, async (transaction, version) => {
      const known = await transaction
        .selectFrom('admin_tokens')
        .select(['id', 'made_by'])
        .where('digest', '=', token.digest)
        .executeTakeFirst()
      if (known !== undefined && known.made_by !== 'replaced-preset') return
      await transaction
        .updateTable('admin_tokens')
        .set({ revoked_at: token.createdAt, made_by: 'replaced-preset', version })
        .where('made_by', '=', 'preset')
        .where('revoked_at', 'is', null)
        .execute()
      if (known === undefined) return insertAdminToken(transaction, token, version)
      const restored = { revoked_at: null, made_by: 'preset', version }
      await transaction.updateTable('admin_tokens').set(restored).where('id', '=', known.id).execute()
    }),
  presetKey: (key) =>
    changeAccounts(database, async (transaction, version) => {
      const known = await transaction
        .selectFrom('key_secrets')
        .innerJoin('virtual_keys', 'virtual_keys.id', 'key_secrets.key_id')
        .select(['virtual_keys.id', 'virtual_keys.made_by'])
        .where('key_secrets.digest', '=', key.digest)
        .executeTakeFirst()
      if (known !== undefined && known.made_by !== 'replaced-preset') return
      const at = key.createdAt
      await transaction
        .updateTable('virtual_keys')
        .set({ revoked_at: at, updated_at: at, made_by: 'replaced-preset', version })
        .where('made_by', '=', 'preset')
        .where('revoked_at', 'is', null)
        .execute()
      if (known === undefined) return insertKey(transaction, key, version)
      const restored = { revoked_at: null, updated_at: at, made_by: 'preset', version }
      await transaction.updateTable('virtual_keys').set(restored).where('id', '=', known.id).execute()
    }),
})

const readFirstStart = (session: Kysely<Schema>) =>
  session.selectFrom('first_start').selectAll().where('id', '=', 1n).executeTakeFirst()
