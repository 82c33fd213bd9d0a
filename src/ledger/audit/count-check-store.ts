import { type SqlBool, sql } from 'kysely'
import type { Database } from '../../storage/index.ts'
import { toInteger } from '../entry-filter.ts'
import { type AuditedQuery, isAudited } from './audited.ts'
import { type CountCheck, type CountPair, countMethods } from './count-check.ts'

/** Runs in a storage Worker; every method is called across threads. */
export interface CountCheckStore {
  /** A call that has one keeps it. */
  record(check: CountCheck): Promise<void>
  /** Forgets those of calls before `at`, at most `limit` at once; their number. */
  purge(at: number, limit: number): Promise<number>
}

export const createCountCheckStore = ({ kysely }: Database): CountCheckStore => ({
  async record({ input, output, hiddenReasoning, attempt, at, edition, ...named }) {
    await kysely
      .insertInto('count_checks')
      .values({
        ...named,
        attempt: toInteger(attempt),
        at: toInteger(at),
        edition: toInteger(edition),
        reported_input: integerOrNull(input?.reported),
        counted_input: integerOrNull(input?.counted),
        reported_output: integerOrNull(output?.reported),
        counted_output: integerOrNull(output?.counted),
        hidden_reasoning: integerOrNull(hiddenReasoning),
      })
      .onConflict((conflict) => conflict.columns(['exchange', 'attempt']).doNothing())
      .execute()
  },
  async purge(at, limit) {
    const { numDeletedRows } = await kysely
      .deleteFrom('count_checks')
      .where(
        sql<SqlBool>`(exchange, attempt) in (select exchange, attempt from count_checks
          where at < ${toInteger(at)} limit ${limit})`,
      )
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  },
})

const integerOrNull = (value: number | null | undefined): bigint | null =>
  value === null || value === undefined ? null : toInteger(value)

/** The newest first. */
export const readCountChecks = async (
  { kysely }: Pick<Database, 'kysely'>,
  query: AuditedQuery,
  most: number,
): Promise<readonly CountCheck[]> => {
  const rows = await kysely
    .selectFrom('count_checks')
    .selectAll()
    .where(isAudited(query))
    .orderBy('at', 'desc')
    .orderBy('exchange', 'desc')
    .orderBy('attempt', 'desc')
    .limit(most)
    .execute()
  return rows.map((row) => ({
    exchange: row.exchange,
    attempt: Number(row.attempt),
    at: Number(row.at),
    provider: row.provider,
    model: row.model,
    protocol: row.protocol,
    method: countMethods.find((known) => known === row.method) ?? 'estimated',
    edition: Number(row.edition),
    input: pairOf(row.reported_input, row.counted_input),
    output: pairOf(row.reported_output, row.counted_output),
    hiddenReasoning: row.hidden_reasoning === null ? null : Number(row.hidden_reasoning),
  }))
}

const pairOf = (reported: bigint | null, counted: bigint | null): CountPair | null =>
  reported === null || counted === null ? null : { reported: Number(reported), counted: Number(counted) }
