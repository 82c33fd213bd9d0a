import { type Kysely, type Selectable, type SqlBool, sql } from 'kysely'
import type { Database, Schema, ShadowCopiesTable } from '../storage/index.ts'
import type { ShadowCopy, ShadowDrops, ShadowEnd, ShadowMeasures } from './shadow-copy.ts'
import { type ShadowQuery, type ShadowRecord, type ShadowReport, shadowReport } from './shadow-report.ts'

/** Runs in a storage Worker; every method is called across threads. */
export interface ShadowStore {
  /**
   * Records a copy before it is sent. False, and nothing is recorded, where the rule's copies since `budget.since`
   * would cost more than its budget: what has no known cost counts with its reservation. Copies that begin at once, in
   * whatever process, never share what is left.
   */
  begin(copy: ShadowCopy, budget: ShadowBudget | null): Promise<boolean>
  /** Records how a copy ended. */
  finish(copy: string, end: ShadowEnd): Promise<void>
  /** Adds to what was dropped in these hours. */
  drop(drops: readonly ShadowDrops[]): Promise<void>
  report(query: ShadowQuery): Promise<ShadowReport>
  /** Forgets what began before `at`, at most `limit` copies at once; the number of copies. */
  purge(at: number, limit: number): Promise<number>
}

export interface ShadowBudget {
  readonly since: number
  readonly nanoUsd: bigint
}

/** @param mostRows copies that a report reads */
export const createShadowStore = (database: Database, mostRows = 200_000): ShadowStore => {
  const { kysely } = database
  return {
    begin(copy, budget) {
      const begin = async (transaction: Kysely<Schema>): Promise<boolean> => {
        if (budget !== null && !(await fits(transaction, copy, budget))) return false
        await transaction.insertInto('shadow_copies').values(toColumns(copy)).execute()
        return true
      }
      if (budget === null) return begin(kysely)
      if (database.kind === 'sqlite') return database.transaction((session) => begin(session.kysely))
      return database.transaction(async (session) => {
        // Sums are no rows that could be locked: so whoever begins a copy of this rule waits for the one before.
        await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`shadow ${copy.route}`])
        return begin(session.kysely)
      })
    },
    async finish(copy, end) {
      await kysely
        .updateTable('shadow_copies')
        .set({
          result: end.result,
          error: end.error,
          latency_ms: end.latencyMs,
          cost_nano_usd: end.costNanoUsd,
          ...(end.measures === null ? {} : measureColumns(end.measures)),
        })
        .where('copy', '=', copy)
        .execute()
    },
    async drop(drops) {
      if (drops.length === 0) return
      // One order for all: two processes that lock rows in different orders wait for each other.
      const rows = drops.toSorted((one, other) => (dropName(one) < dropName(other) ? -1 : 1))
      await kysely
        .insertInto('shadow_drops')
        .values(rows.map(({ route, hour, reason, count }) => ({ route, hour, reason, count })))
        .onConflict((conflict) =>
          conflict
            .columns(['route', 'hour', 'reason'])
            .doUpdateSet({ count: sql`shadow_drops.count + excluded.count` }),
        )
        .execute()
    },
    report: (query) => report(kysely, query, mostRows),
    async purge(at, limit) {
      await kysely
        .deleteFrom('shadow_drops')
        .where('hour', '<', BigInt(hourOf(at)))
        .execute()
      const { numDeletedRows } = await kysely
        .deleteFrom('shadow_copies')
        .where('copy', 'in', (copies) =>
          copies.selectFrom('shadow_copies').select('copy').where('at', '<', BigInt(at)).limit(limit),
        )
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

const dropName = ({ route, hour, reason }: ShadowDrops): string => JSON.stringify([route, hour, reason])

/** A copy without a bound fits into no budget. */
const fits = async (
  kysely: Kysely<Schema>,
  { route, reservedNanoUsd }: ShadowCopy,
  { since, nanoUsd }: ShadowBudget,
): Promise<boolean> => {
  if (reservedNanoUsd === null) return false
  const { spent } = await kysely
    .selectFrom('shadow_copies')
    // A cast: PostgreSQL adds up int8 to numeric, which comes as text.
    .select(
      sql<bigint>`cast(coalesce(sum(coalesce(cost_nano_usd, reserved_nano_usd)), 0) as bigint)`.as('spent'),
    )
    .where('route', '=', route)
    .where('at', '>=', BigInt(since))
    .executeTakeFirstOrThrow()
  return spent + reservedNanoUsd <= nanoUsd
}

const report = async (
  kysely: Kysely<Schema>,
  query: ShadowQuery,
  mostRows: number,
): Promise<ShadowReport> => {
  const rows = await kysely
    .selectFrom('shadow_copies')
    .selectAll()
    .where(within('at', query, query.from))
    .orderBy('at', 'desc')
    .limit(mostRows + 1)
    .execute()
  const drops = await kysely
    .selectFrom('shadow_drops')
    .select(['route', 'reason', sql<bigint>`cast(sum(count) as bigint)`.as('count')])
    // An hour counts where the period begins within it.
    .where(within('hour', query, query.from === undefined ? undefined : hourOf(query.from)))
    .groupBy(['route', 'reason'])
    .orderBy('route')
    .orderBy('reason')
    .execute()
  return shadowReport(
    rows.slice(0, mostRows).map(toRecord),
    drops.map(({ route, reason, count }) => ({ route, reason, count: Number(count) })),
    rows.length <= mostRows,
  )
}

const hourLength = 3_600_000

/** The start of an hour. */
export const hourOf = (time: number): number => time - (time % hourLength)

const within = (column: string, { to, route }: ShadowQuery, from: number | undefined) =>
  sql<SqlBool>`${sql.join(
    [
      sql`1 = 1`,
      ...(from === undefined ? [] : [sql`${sql.ref(column)} >= ${BigInt(from)}`]),
      ...(to === undefined ? [] : [sql`${sql.ref(column)} < ${BigInt(to)}`]),
      ...(route === undefined ? [] : [sql`route = ${route}`]),
    ],
    sql` and `,
  )}`

const toColumns = ({ tenant, primary, ...copy }: ShadowCopy) => ({
  copy: copy.copy,
  exchange: copy.exchange,
  at: copy.at,
  organisation_id: tenant.organisation,
  team_id: tenant.team,
  user_id: tenant.user,
  key_id: tenant.key,
  route: copy.route,
  primary_provider: primary.provider,
  primary_model: primary.model,
  primary_latency_ms: primary.latencyMs,
  primary_cost_nano_usd: primary.costNanoUsd,
  provider: copy.provider,
  model: copy.model,
  reserved_nano_usd: copy.reservedNanoUsd,
})

const measureColumns = (measures: ShadowMeasures) => ({
  same_stop: flag(measures.sameStop),
  same_tool_calls: flag(measures.sameToolCalls),
  primary_json: flag(measures.primaryJson),
  copy_json: flag(measures.copyJson),
  primary_length: measures.primaryLength,
  copy_length: measures.copyLength,
  similarity_ppm: measures.similarity === null ? null : Math.round(measures.similarity * 1_000_000),
})

type Row = Selectable<ShadowCopiesTable>

const toRecord = (row: Row): ShadowRecord => ({
  copy: row.copy,
  exchange: row.exchange,
  at: Number(row.at),
  tenant: { organisation: row.organisation_id, team: row.team_id, user: row.user_id, key: row.key_id },
  route: row.route,
  primary: {
    provider: row.primary_provider,
    model: row.primary_model,
    latencyMs: Number(row.primary_latency_ms),
    costNanoUsd: row.primary_cost_nano_usd,
  },
  provider: row.provider,
  model: row.model,
  reservedNanoUsd: row.reserved_nano_usd,
  end: toEnd(row),
})

const toEnd = (row: Row): ShadowEnd | null => {
  const result = results.find((known) => known === row.result)
  if (result === undefined) return null
  return {
    result,
    error: row.error,
    latencyMs: Number(row.latency_ms ?? 0),
    costNanoUsd: row.cost_nano_usd,
    measures: row.same_stop === null ? null : toMeasures(row),
  }
}

const results: readonly ShadowEnd['result'][] = ['compared', 'failed', 'unreadable']

const toMeasures = (row: Row): ShadowMeasures => ({
  sameStop: row.same_stop === 1n,
  sameToolCalls: fact(row.same_tool_calls),
  primaryJson: fact(row.primary_json),
  copyJson: fact(row.copy_json),
  primaryLength: Number(row.primary_length ?? 0),
  copyLength: Number(row.copy_length ?? 0),
  similarity: row.similarity_ppm === null ? null : Number(row.similarity_ppm) / 1_000_000,
})

const flag = (fact: boolean | null): number | null => (fact === null ? null : fact ? 1 : 0)

const fact = (column: bigint | null): boolean | null => (column === null ? null : column === 1n)
