import type { Kysely } from 'kysely'
import type { Schema } from '../storage/index.ts'

/** Tables whose rows end at a time and are known by organisation and id. */
type ExpiringTable = 'responses' | 'handles' | 'placeholders'

/** Deletes rows that have expired by `at`, at most `limit` at once; how many went. */
export const deleteExpired = async (
  kysely: Kysely<Schema>,
  table: ExpiringTable,
  at: number,
  limit: number,
): Promise<number> => {
  const { numDeletedRows } = await kysely
    .deleteFrom(table)
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('organisation_id', 'id'),
        'in',
        selectFrom(table)
          .select(['organisation_id', 'id'])
          .where('expires_at', '<=', BigInt(at))
          .limit(limit)
          .$asTuple('organisation_id', 'id'),
      ),
    )
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
