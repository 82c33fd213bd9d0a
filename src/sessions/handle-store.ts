import type { Kysely, Selectable } from 'kysely'
import type { Database, HandlesTable, Schema } from '../storage/index.ts'
import { deleteExpired } from './delete-expired.ts'
import { type Handle, type HandleRow, handleKinds, isHandleId } from './handle.ts'

/** Handles at rest. They are written by `insertHandles`, in the transaction that closes the ledger entry. */
export interface HandleStore {
  /** Undefined when it is unknown, expired at `at`, or was issued to another organisation. */
  find(organisation: string, id: string, at: number): Promise<Handle | undefined>
  /** Tells whether it existed. */
  remove(organisation: string, id: string): Promise<boolean>
  /** Deletes at most `limit` handles that expired before `at`; answers how many. */
  purge(at: number, limit: number): Promise<number>
}

export const createHandleStore = ({ kysely }: Pick<Database, 'kysely'>): HandleStore => ({
  find: async (organisation, id, at) => {
    const row = await kysely
      .selectFrom('handles')
      .selectAll()
      .where('organisation_id', '=', organisation)
      .where('id', '=', id)
      .where((handle) => handle.or([handle('expires_at', 'is', null), handle('expires_at', '>', BigInt(at))]))
      .executeTakeFirst()
    return row === undefined ? undefined : toHandle(row)
  },
  remove: async (organisation, id) => {
    const query = kysely.deleteFrom('handles').where('organisation_id', '=', organisation)
    const { numDeletedRows } = await query.where('id', '=', id).executeTakeFirstOrThrow()
    return numDeletedRows === 1n
  },
  purge: (at, limit) => deleteExpired(kysely, 'handles', at, limit),
})

/**
 * Writes handles in the caller's transaction. An id that the organisation holds already keeps its provider and
 * credential; issued again by the same ones it lives longer; once expired it is replaced. What cannot be a handle
 * is left out: a provider's odd id must not make the entry impossible to store.
 */
export const insertHandles = async (session: Kysely<Schema>, rows: readonly HandleRow[]): Promise<void> => {
  const distinct = distinctRows(rows)
  for (let start = 0; start < distinct.length; start += rowsPerStatement) {
    await session
      .insertInto('handles')
      .values(distinct.slice(start, start + rowsPerStatement).map(toRow))
      .onConflict((conflict) =>
        conflict
          .columns(['organisation_id', 'id'])
          .doUpdateSet((row) => ({
            team_id: row.ref('excluded.team_id'),
            user_id: row.ref('excluded.user_id'),
            key_id: row.ref('excluded.key_id'),
            kind: row.ref('excluded.kind'),
            provider: row.ref('excluded.provider'),
            credential: row.ref('excluded.credential'),
            created_at: row.ref('excluded.created_at'),
            expires_at: row.ref('excluded.expires_at'),
          }))
          .where((row) =>
            row.or([
              row('handles.expires_at', '<=', row.ref('excluded.created_at')),
              row.and([
                row('handles.expires_at', 'is not', null),
                row('handles.provider', '=', row.ref('excluded.provider')),
                row('handles.credential', '=', row.ref('excluded.credential')),
              ]),
            ]),
          ),
      )
      .execute()
  }
}

/** Ten parameters a row; SQLite takes 32,766 and PostgreSQL 65,535 in one statement. */
const rowsPerStatement = 1_000

/**
 * One statement may not meet a row twice on PostgreSQL, and two transactions that lock rows in different orders
 * wait for each other: so each id once, in one order.
 */
const distinctRows = (rows: readonly HandleRow[]): readonly HandleRow[] => {
  const byKey = new Map<string, HandleRow>()
  for (const row of rows) {
    const key = `${row.tenant.organisation}\0${row.id}`
    if (isHandleId(row.id) && !byKey.has(key)) byKey.set(key, row)
  }
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
}

const toRow = (handle: HandleRow) => ({
  organisation_id: handle.tenant.organisation,
  id: handle.id,
  team_id: handle.tenant.team,
  user_id: handle.tenant.user,
  key_id: handle.tenant.key,
  kind: handle.kind,
  provider: handle.provider,
  credential: handle.credential,
  created_at: handle.created,
  expires_at: handle.expires,
})

const toHandle = (row: Selectable<HandlesTable>): Handle => ({
  id: row.id,
  kind: handleKinds.find((kind) => kind === row.kind) ?? 'other',
  tenant: { organisation: row.organisation_id, team: row.team_id, user: row.user_id, key: row.key_id },
  provider: row.provider,
  credential: row.credential,
  created: Number(row.created_at),
  expires: row.expires_at === null ? null : Number(row.expires_at),
})
