import { type SqlBool, sql } from 'kysely'
import type { Database } from '../../storage/index.ts'
import { toInteger } from '../entry-filter.ts'
import { type AuditedQuery, isAudited } from './audited.ts'
import { type CanaryRun, canaryResults } from './canary-run.ts'

/** Runs in a storage Worker; every method is called across threads. */
export interface CanaryStore {
  /**
   * Takes the turn of a canary at `at`, unless somebody took it after `notSince`. Answers when it was taken last: `at`
   * for one caller only, whatever their number, in whatever process.
   */
  takeTurn(turn: CanaryTurn): Promise<number>
  record(run: CanaryRun): Promise<void>
  /** Forgets runs before `at`, at most `limit` at once; their number. */
  purge(at: number, limit: number): Promise<number>
}

/** A canary that nobody asked for so long is no longer configured, in milliseconds. */
const longestTurn = 60 * 86_400_000

/** Times in milliseconds since 1970. */
export interface CanaryTurn {
  readonly canary: string
  readonly at: number
  readonly notSince: number
}

export const createCanaryStore = ({ kysely }: Database): CanaryStore => ({
  async takeTurn({ canary, at, notSince }) {
    const taken = await kysely
      .insertInto('canary_turns')
      .values({ canary, at: toInteger(at) })
      .onConflict((conflict) =>
        conflict
          .column('canary')
          .doUpdateSet({ at: toInteger(at) })
          .where(
            // Clocks differ a little. A turn far in the future was taken by one that was wrong: it must not silence
            // the canary.
            sql<SqlBool>`canary_turns.at <= ${toInteger(notSince)} or canary_turns.at > ${toInteger(2 * at - notSince)}`,
          ),
      )
      .returning('canary')
      .executeTakeFirst()
    if (taken !== undefined) return at
    const last = await kysely
      .selectFrom('canary_turns')
      .select('at')
      .where('canary', '=', canary)
      .executeTakeFirstOrThrow()
    // Two processes in the same millisecond: the one that was refused must not take the other's turn for its own.
    return Math.min(Number(last.at), at - 1)
  },
  async record({ exchange, canary, at, provider, model, result, error }) {
    await kysely
      .insertInto('canary_runs')
      .values({ exchange, canary, at: toInteger(at), provider, model, result, error })
      .execute()
  },
  async purge(at, limit) {
    await kysely
      .deleteFrom('canary_turns')
      .where('at', '<', toInteger(at - longestTurn))
      .execute()
    const { numDeletedRows } = await kysely
      .deleteFrom('canary_runs')
      .where('exchange', 'in', (runs) =>
        runs.selectFrom('canary_runs').select('exchange').where('at', '<', toInteger(at)).limit(limit),
      )
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  },
})

/** The newest runs first. */
export const readCanaryRuns = async (
  { kysely }: Pick<Database, 'kysely'>,
  query: AuditedQuery,
  most: number,
): Promise<readonly CanaryRun[]> => {
  const rows = await kysely
    .selectFrom('canary_runs')
    .selectAll()
    .where(isAudited(query))
    .orderBy('at', 'desc')
    .orderBy('exchange', 'desc')
    .limit(most)
    .execute()
  return rows.map((row) => ({
    exchange: row.exchange,
    canary: row.canary,
    at: Number(row.at),
    provider: row.provider,
    model: row.model,
    result: canaryResults.find((known) => known === row.result) ?? 'no_answer',
    error: row.error,
  }))
}
