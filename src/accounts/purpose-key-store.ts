import type { Database } from '../storage/index.ts'
import { type Purpose, purposes } from './purposes.ts'
import { changeAccounts } from './version-store.ts'

/** A purpose key as it rests: wrapped (base64) by the master key with this id. */
export interface WrappedKey {
  readonly purpose: Purpose
  readonly wrapped: string
  readonly masterKey: string
  readonly createdAt: number
}

/** The same of any release: a newer one may know more purposes. */
export interface AnyWrappedKey {
  readonly purpose: string
  readonly wrapped: string
  readonly masterKey: string
}

export interface PurposeKeyStore {
  list(): Promise<readonly WrappedKey[]>
  /** All rows, also those of purposes that this release does not know. */
  listAll(): Promise<readonly AnyWrappedKey[]>
  /**
   * Adds what is not there yet; an existing key is never replaced. Adds nothing where another master key wraps what is
   * there: a rotation was faster.
   */
  add(keys: readonly WrappedKey[]): Promise<void>
  /** Replaces all of `before`, which must be all that there is: else nothing is written, and the answer is false. */
  rewrap(before: readonly AnyWrappedKey[], after: readonly AnyWrappedKey[]): Promise<boolean>
}

export const createPurposeKeyStore = (database: Pick<Database, 'kysely'>): PurposeKeyStore => {
  const { kysely } = database
  return {
    list: async () => {
      const rows = await kysely.selectFrom('purpose_keys').selectAll().execute()
      return rows.flatMap((row) => {
        const purpose = purposes.find((known) => known === row.purpose)
        if (purpose === undefined) return []
        const { wrapped, master_key_id: masterKey } = row
        return [{ purpose, wrapped, masterKey, createdAt: Number(row.created_at) }]
      })
    },
    listAll: () => readAll(kysely),
    add: (keys) =>
      // Like every change to accounts these come one after the other: none slips in between two steps of another.
      changeAccounts(database, async (transaction) => {
        const master = keys[0]?.masterKey
        const existing = await readAll(transaction)
        if (master === undefined || existing.some(({ masterKey }) => masterKey !== master)) return
        const rows = keys.map((key) => ({
          purpose: key.purpose,
          wrapped: key.wrapped,
          master_key_id: key.masterKey,
          created_at: key.createdAt,
        }))
        await transaction
          .insertInto('purpose_keys')
          .values(rows)
          .onConflict((conflict) => conflict.column('purpose').doNothing())
          .execute()
      }),
    rewrap: (before, after) =>
      changeAccounts(database, async (transaction) => {
        if (!isSame(before, await readAll(transaction))) return false
        for (const { purpose, wrapped, masterKey } of after) {
          await transaction
            .updateTable('purpose_keys')
            .set({ wrapped, master_key_id: masterKey })
            .where('purpose', '=', purpose)
            .execute()
        }
        return true
      }),
  }
}

/** Ids of the master keys that wrap what the database holds: one, or none in an empty one. */
export const masterKeysOf = async (store: Pick<PurposeKeyStore, 'listAll'>): Promise<readonly string[]> => [
  ...new Set((await store.listAll()).map(({ masterKey }) => masterKey)),
]

const readAll = async (session: Database['kysely']): Promise<readonly AnyWrappedKey[]> => {
  const rows = await session.selectFrom('purpose_keys').selectAll().orderBy('purpose').execute()
  return rows.map(({ purpose, wrapped, master_key_id: masterKey }) => ({ purpose, wrapped, masterKey }))
}

const isSame = (one: readonly AnyWrappedKey[], other: readonly AnyWrappedKey[]): boolean =>
  one.length === other.length &&
  one.every(({ purpose, wrapped }) => other.some((key) => key.purpose === purpose && key.wrapped === wrapped))
