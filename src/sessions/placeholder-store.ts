import type { Database } from '../storage/index.ts'
import { deleteExpired } from './delete-expired.ts'
import { tooMuch } from './too-much.ts'

/** What placeholders stand for in one conversation that a provider keeps, at rest. Times in milliseconds since 1970. */
export interface PlaceholderRow {
  readonly organisation: string
  /** The provider's id of a response or a conversation. */
  readonly id: string
  /** How often it was written. */
  readonly version: number
  readonly sealed: string
  /** Last written, or continued. */
  readonly touched: number
  readonly expires: number
}

export interface PlaceholderStore {
  /**
   * Writes version 1 where there is none or an expired one, and every later version in place of the one before.
   * False where somebody else was quicker: it is to be read again.
   */
  write(row: PlaceholderRow): Promise<boolean>
  /** Those that exist, belong to the organisation and live at `at`; in no order. */
  find(organisation: string, ids: readonly string[], at: number): Promise<readonly PlaceholderRow[]>
  /** They were continued, and live longer. */
  touch(organisation: string, ids: readonly string[], at: number, expires: number): Promise<void>
  /** Tells whether it existed. */
  remove(organisation: string, id: string): Promise<boolean>
  /** Deletes at most `limit` rows that expired before `at`; answers how many. */
  purge(at: number, limit: number): Promise<number>
  /** Deletes, for each organisation that keeps more than `size`, at most `limit` of those untouched longest. */
  trim(size: number, limit: number): Promise<number>
}

export const createPlaceholderStore = ({ kysely }: Pick<Database, 'kysely'>): PlaceholderStore => ({
  write: async (row) => {
    const { organisation, id, version } = row
    const content = {
      version,
      sealed: row.sealed,
      size: row.sealed.length,
      touched_at: row.touched,
      expires_at: row.expires,
    }
    if (version > 1) {
      const { numUpdatedRows } = await kysely
        .updateTable('placeholders')
        .set(content)
        .where('organisation_id', '=', organisation)
        .where('id', '=', id)
        .where('version', '=', BigInt(version - 1))
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    }
    const { numInsertedOrUpdatedRows } = await kysely
      .insertInto('placeholders')
      .values({ organisation_id: organisation, id, ...content })
      .onConflict((conflict) =>
        conflict
          .columns(['organisation_id', 'id'])
          .doUpdateSet(content)
          .where('placeholders.expires_at', '<=', BigInt(row.touched)),
      )
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n
  },
  find: async (organisation, ids, at) => {
    if (ids.length === 0) return []
    const rows = await kysely
      .selectFrom('placeholders')
      .selectAll()
      .where('organisation_id', '=', organisation)
      .where('id', 'in', ids)
      .where('expires_at', '>', BigInt(at))
      .execute()
    return rows.map((row) => ({
      organisation: row.organisation_id,
      id: row.id,
      version: Number(row.version),
      sealed: row.sealed,
      touched: Number(row.touched_at),
      expires: Number(row.expires_at),
    }))
  },
  touch: async (organisation, ids, at, expires) => {
    if (ids.length === 0) return
    await kysely
      .updateTable('placeholders')
      .set({ touched_at: at, expires_at: expires })
      .where('organisation_id', '=', organisation)
      .where('id', 'in', ids)
      .where('expires_at', '<', BigInt(expires))
      .execute()
  },
  remove: async (organisation, id) => {
    const query = kysely.deleteFrom('placeholders').where('organisation_id', '=', organisation)
    const { numDeletedRows } = await query.where('id', '=', id).executeTakeFirstOrThrow()
    return numDeletedRows === 1n
  },
  purge: (at, limit) => deleteExpired(kysely, 'placeholders', at, limit),
  trim: async (size, limit) => {
    let removed = 0
    for (const { organisation, ids } of await tooMuch(kysely, 'placeholders', { size, limit })) {
      removed += ids.length
      await kysely
        .deleteFrom('placeholders')
        .where('organisation_id', '=', organisation)
        .where('id', 'in', ids)
        .execute()
    }
    return removed
  },
})
