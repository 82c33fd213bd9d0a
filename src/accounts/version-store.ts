import type { Kysely, Transaction } from 'kysely'
import type { Database, Schema } from '../storage/index.ts'

/** A place in the order of changes: what comes after it was changed later. */
export interface ChangeCursor {
  readonly version: number
  readonly id: string
}

/** Before every change. */
export const firstChange: ChangeCursor = { version: 0, id: '' }

/**
 * Runs one change to keys or tokens in a transaction, with the number of the change. Taking the number locks its
 * row, so changes happen one after the other: whoever sees change n sees all before it, and asking for what comes
 * after n misses none. (A sequence or a clock gives no such order between processes.)
 */
export const changeAccounts = <T>(
  { kysely }: Pick<Database, 'kysely'>,
  work: (transaction: Transaction<Schema>, version: number) => Promise<T>,
): Promise<T> =>
  kysely.transaction().execute(async (transaction) => work(transaction, await takeVersion(transaction)))

const takeVersion = async (transaction: Kysely<Schema>): Promise<number> => {
  const { version } = await transaction
    .updateTable('account_versions')
    .set((row) => ({ version: row('version', '+', 1n) }))
    .where('name', '=', 'accounts')
    .returning('version')
    .executeTakeFirstOrThrow()
  return Number(version)
}
