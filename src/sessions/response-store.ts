import type { Selectable } from 'kysely'
import type { Database, ResponsesTable } from '../storage/index.ts'
import { deleteExpired } from './delete-expired.ts'
import { type Owner, ownerColumns, ownerOf } from './owner.ts'
import { tooMuch } from './too-much.ts'

/** A kept answer at rest. Times are in milliseconds since 1970. */
export interface ResponseRow {
  readonly owner: Owner
  readonly id: string
  /** `running` while a background job writes it. */
  readonly state: 'running' | 'done'
  readonly sealed: string
  readonly created: number
  /** Last written, continued, or reported to be still running. */
  readonly touched: number
  readonly expires: number
}

export interface ResponseStore {
  /**
   * Writes an answer, in place of an earlier state of it. The answers that it continues live as long as it does.
   * A finished one is never replaced by `running`, and one that somebody deleted or ended stays so.
   */
  write(row: ResponseRow, continues: readonly string[]): Promise<void>
  /** Replaces a running answer; false where it is not running any more. */
  finish(row: ResponseRow): Promise<boolean>
  /** Those that exist, belong to the organisation and live at `at`; in no order. */
  find(organisation: string, ids: readonly string[], at: number): Promise<readonly ResponseRow[]>
  /** Reports that it is still running; false where it is not any more. */
  touch(organisation: string, id: string, at: number): Promise<boolean>
  /** Tells whether it existed. */
  remove(organisation: string, id: string): Promise<boolean>
  /** Deletes at most `limit` answers that expired before `at`; answers how many. */
  purge(at: number, limit: number): Promise<number>
  /** Deletes, for each organisation that keeps more than `size`, at most `limit` of those untouched longest. */
  trim(size: number, limit: number): Promise<number>
}

export const createResponseStore = ({ kysely }: Pick<Database, 'kysely'>): ResponseStore => ({
  write: (row, continues) =>
    kysely.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('responses')
        .values(toColumns(row))
        .onConflict((conflict) => conflict.columns(['organisation_id', 'id']).doNothing())
        .execute()
      for (let start = 0; start < continues.length; start += idsPerStatement) {
        await transaction
          .updateTable('responses')
          .set({ expires_at: row.expires, touched_at: row.touched })
          .where('organisation_id', '=', row.owner.organisation)
          .where('id', 'in', continues.slice(start, start + idsPerStatement))
          .where('expires_at', '<', BigInt(row.expires))
          .execute()
      }
    }),
  finish: async (row) => {
    const { sealed, size, touched_at, expires_at } = toColumns(row)
    const { numUpdatedRows } = await kysely
      .updateTable('responses')
      .set({ state: 'done', sealed, size, touched_at, expires_at })
      .where('organisation_id', '=', row.owner.organisation)
      .where('id', '=', row.id)
      .where('state', '=', 'running')
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n
  },
  find: async (organisation, ids, at) => {
    const found: ResponseRow[] = []
    for (let start = 0; start < ids.length; start += idsPerStatement) {
      const rows = await kysely
        .selectFrom('responses')
        .selectAll()
        .where('organisation_id', '=', organisation)
        .where('id', 'in', ids.slice(start, start + idsPerStatement))
        .where('expires_at', '>', BigInt(at))
        .execute()
      found.push(...rows.map(toRow))
    }
    return found
  },
  touch: async (organisation, id, at) => {
    const { numUpdatedRows } = await kysely
      .updateTable('responses')
      .set({ touched_at: at })
      .where('organisation_id', '=', organisation)
      .where('id', '=', id)
      .where('state', '=', 'running')
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n
  },
  remove: async (organisation, id) => {
    const query = kysely.deleteFrom('responses').where('organisation_id', '=', organisation)
    const { numDeletedRows } = await query.where('id', '=', id).executeTakeFirstOrThrow()
    return numDeletedRows === 1n
  },
  purge: (at, limit) => deleteExpired(kysely, 'responses', at, limit),
  trim: async (size, limit) => {
    let removed = 0
    for (const { organisation, ids } of await tooMuch(kysely, 'responses', { size, limit })) {
      removed += ids.length
      await kysely
        .deleteFrom('responses')
        .where('organisation_id', '=', organisation)
        .where('id', 'in', ids)
        .execute()
    }
    return removed
  },
})

/** SQLite takes 32,766 parameters in one statement and PostgreSQL 65,535. */
const idsPerStatement = 1_000

const toColumns = (row: ResponseRow) => ({
  ...ownerColumns(row.owner),
  id: row.id,
  state: row.state,
  sealed: row.sealed,
  size: row.sealed.length,
  created_at: row.created,
  touched_at: row.touched,
  expires_at: row.expires,
})

const toRow = (row: Selectable<ResponsesTable>): ResponseRow => ({
  owner: ownerOf(row),
  id: row.id,
  state: row.state === 'running' ? 'running' : 'done',
  sealed: row.sealed,
  created: Number(row.created_at),
  touched: Number(row.touched_at),
  expires: Number(row.expires_at),
})
