import type { Database } from '../storage/index.ts'
import { type Purpose, purposes } from './purposes.ts'

/** A purpose key as it rests: wrapped (base64) by the master key with this id. */
export interface WrappedKey {
  readonly purpose: Purpose
  readonly wrapped: string
  readonly masterKey: string
  readonly createdAt: number
}

export interface PurposeKeyStore {
  list(): Promise<readonly WrappedKey[]>
  /** Adds what is not there yet; an existing key is never replaced. */
  add(keys: readonly WrappedKey[]): Promise<void>
}

export const createPurposeKeyStore = ({ kysely }: Pick<Database, 'kysely'>): PurposeKeyStore => ({
  list: async () => {
    const rows = await kysely.selectFrom('purpose_keys').selectAll().execute()
    return rows.flatMap((row) => {
      // A row of a newer version may have a purpose that this version does not know.
      const purpose = purposes.find((known) => known === row.purpose)
      if (purpose === undefined) return []
      const { wrapped, master_key_id: masterKey } = row
      return [{ purpose, wrapped, masterKey, createdAt: Number(row.created_at) }]
    })
  },
  add: async (keys) => {
    const rows = keys.map((key) => ({
      purpose: key.purpose,
      wrapped: key.wrapped,
      master_key_id: key.masterKey,
      created_at: key.createdAt,
    }))
    await kysely
      .insertInto('purpose_keys')
      .values(rows)
      .onConflict((conflict) => conflict.column('purpose').doNothing())
      .execute()
  },
})
