import type { Database } from '../storage/index.ts'

/** One remembered call at rest. Times are in milliseconds since 1970. */
export interface ReasoningRow {
  readonly organisation: string
  /** `callKey` of the call. */
  readonly key: string
  /** The thoughts, sealed by the organisation's key. */
  readonly sealed: string
  readonly created: number
  readonly expires: number
}

export interface ReasoningStore {
  /** A key that exists already gets the new row. */
  write(rows: readonly ReasoningRow[]): Promise<void>
  /** Those that exist, belong to the organisation and live at `at`. */
  find(organisation: string, keys: readonly string[], at: number): Promise<readonly ReasoningRow[]>
  /** Deletes at most `limit` rows that expired before `at`; answers how many. */
  purge(at: number, limit: number): Promise<number>
  /** Keeps the newest `keep` rows; deletes at most `limit` of the others and answers how many. */
  trim(keep: number, limit: number): Promise<number>
}

export const createReasoningStore = ({ kysely }: Pick<Database, 'kysely'>): ReasoningStore => ({
  write: async (rows) => {
    const distinct = distinctRows(rows)
    for (let start = 0; start < distinct.length; start += rowsPerStatement) {
      await kysely
        .insertInto('reasoning')
        .values(distinct.slice(start, start + rowsPerStatement).map(toColumns))
        .onConflict((conflict) =>
          conflict.columns(['organisation_id', 'call_key']).doUpdateSet((row) => ({
            sealed: row.ref('excluded.sealed'),
            created_at: row.ref('excluded.created_at'),
            expires_at: row.ref('excluded.expires_at'),
          })),
        )
        .execute()
    }
  },
  find: async (organisation, keys, at) => {
    if (keys.length === 0) return []
    const rows = await kysely
      .selectFrom('reasoning')
      .selectAll()
      .where('organisation_id', '=', organisation)
      .where('call_key', 'in', keys)
      .where('expires_at', '>', BigInt(at))
      .execute()
    return rows.map((row) => ({
      organisation: row.organisation_id,
      key: row.call_key,
      sealed: row.sealed,
      created: Number(row.created_at),
      expires: Number(row.expires_at),
    }))
  },
  purge: async (at, limit) => {
    const { numDeletedRows } = await kysely
      .deleteFrom('reasoning')
      .where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple('organisation_id', 'call_key'),
          'in',
          selectFrom('reasoning')
            .select(['organisation_id', 'call_key'])
            .where('expires_at', '<=', BigInt(at))
            .limit(limit)
            .$asTuple('organisation_id', 'call_key'),
        ),
      )
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  },
  trim: async (keep, limit) => {
    const { numDeletedRows } = await kysely
      .deleteFrom('reasoning')
      .where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple('organisation_id', 'call_key'),
          'in',
          selectFrom('reasoning')
            .select(['organisation_id', 'call_key'])
            .orderBy('created_at', 'desc')
            .orderBy('call_key')
            .offset(keep)
            .limit(limit)
            .$asTuple('organisation_id', 'call_key'),
        ),
      )
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  },
})

/** Five parameters a row; SQLite takes 32,766 and PostgreSQL 65,535 in one statement. */
const rowsPerStatement = 1_000

/**
 * One statement may not meet a row twice on PostgreSQL, and two transactions that lock rows in different orders wait
 * for each other: so each key once, the last one, in one order.
 */
const distinctRows = (rows: readonly ReasoningRow[]): readonly ReasoningRow[] => {
  const byKey = new Map<string, ReasoningRow>()
  for (const row of rows) byKey.set(`${row.organisation}\0${row.key}`, row)
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
}

const toColumns = (row: ReasoningRow) => ({
  organisation_id: row.organisation,
  call_key: row.key,
  sealed: row.sealed,
  created_at: row.created,
  expires_at: row.expires,
})
