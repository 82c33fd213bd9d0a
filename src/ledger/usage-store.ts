import { type RawBuilder, sql } from 'kysely'
import type { Database, DatabaseKind } from '../storage/index.ts'
import { type EntryFilters, filterColumns, isFilterName, matching } from './entry-filter.ts'

/** Sums over entries. A counter that a provider did not report adds nothing. */
export interface UsageSums {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly cacheWriteLongTokens: number
  readonly reasoningTokens: number
  readonly costNanoUsd: bigint
  /** Exchanges whose cost is not known: `costNanoUsd` is without them. */
  readonly unpriced: number
}

export interface UsageRow extends UsageSums {
  /** What these entries have in common: a name, an id, or for times `2026-11-21`, `2026-11-21T14`, `2026-11`. */
  readonly group: string | null
}

export interface UsageReport {
  readonly total: UsageSums
  readonly rows: readonly UsageRow[]
}

/** What a report may be broken down by. `model` is the one that answered, else the one that was asked for. */
export const usageDimensions = [
  ...(['model', 'day', 'hour', 'month', 'protocol', 'client', 'status'] as const),
  ...Object.keys(filterColumns).filter(isFilterName),
] as const

export type UsageDimension = (typeof usageDimensions)[number]

export interface UsageQuery {
  /** Entries that ended at this time or later, and before `to`. Milliseconds since 1970, days are UTC. */
  readonly from?: number
  readonly to?: number
  /** Without it the report has a total and no rows. */
  readonly by?: UsageDimension
  readonly filters?: EntryFilters
  /** The most rows to answer, 1 to 1,000. Default 100. The total is over everything. */
  readonly limit?: number
}

/** Adds up entries. Rows are the most expensive first, times the earliest first. */
export const readUsage = async ({ kysely, kind }: Database, query: UsageQuery): Promise<UsageReport> => {
  const condition = matching({
    ...query.filters,
    ...(query.from === undefined ? {} : { from: query.from }),
    ...(query.to === undefined ? {} : { to: query.to }),
  })
  const entries = kysely.selectFrom('exchange_entries').where(condition)
  const total = toSums(await entries.select(sums).executeTakeFirstOrThrow())
  if (query.by === undefined) return { total, rows: [] }
  const { group, time } = dimension(query.by, kind)
  const rows = await entries
    .select([group.as('group'), ...sums])
    .groupBy(group)
    .$if(time, (grouped) => grouped.orderBy('group'))
    .$if(!time, (grouped) => grouped.orderBy('cost', 'desc').orderBy('requests', 'desc').orderBy('group'))
    .limit(boundedLimit(query.limit, 100))
    .execute()
  return { total, rows: rows.map((row) => ({ group: row.group, ...toSums(row) })) }
}

/** At least 1 and at most 1,000: no query answers without a bound. */
export const boundedLimit = (limit: number | undefined, otherwise: number): number =>
  limit === undefined ? otherwise : Math.max(1, Math.min(1_000, Math.trunc(limit)))

/** A cast: PostgreSQL adds up int8 to numeric, which comes as text. */
const sum = (column: string) => sql<bigint>`cast(coalesce(sum(${sql.ref(column)}), 0) as bigint)`

const sums = [
  sql<bigint>`count(*)`.as('requests'),
  sum('input_tokens').as('input'),
  sum('output_tokens').as('output'),
  sum('cache_read_tokens').as('cacheRead'),
  sum('cache_write_tokens').as('cacheWrite'),
  sum('cache_write_long_tokens').as('cacheWriteLong'),
  sum('reasoning_tokens').as('reasoning'),
  sum('cost_nano_usd').as('cost'),
  sql<bigint>`count(*) - count(cost_nano_usd)`.as('unpriced'),
] as const

interface SumColumns {
  readonly requests: bigint
  readonly input: bigint
  readonly output: bigint
  readonly cacheRead: bigint
  readonly cacheWrite: bigint
  readonly cacheWriteLong: bigint
  readonly reasoning: bigint
  readonly cost: bigint
  readonly unpriced: bigint
}

const toSums = (row: SumColumns): UsageSums => ({
  requests: Number(row.requests),
  inputTokens: Number(row.input),
  outputTokens: Number(row.output),
  cacheReadTokens: Number(row.cacheRead),
  cacheWriteTokens: Number(row.cacheWrite),
  cacheWriteLongTokens: Number(row.cacheWriteLong),
  reasoningTokens: Number(row.reasoning),
  costNanoUsd: row.cost,
  unpriced: Number(row.unpriced),
})

interface Dimension {
  readonly group: RawBuilder<string | null>
  readonly time: boolean
}

const dimension = (by: UsageDimension, kind: DatabaseKind): Dimension => {
  switch (by) {
    case 'model':
      return { group: sql`coalesce(model_answered, model_asked)`, time: false }
    case 'protocol':
      return { group: sql`client_protocol`, time: false }
    case 'client':
      return { group: sql`client_agent`, time: false }
    case 'status':
      return { group: sql`cast(status as text)`, time: false }
    case 'hour':
      return { group: utc(kind, '%Y-%m-%dT%H', 'YYYY-MM-DD"T"HH24'), time: true }
    case 'day':
      return { group: utc(kind, '%Y-%m-%d', 'YYYY-MM-DD'), time: true }
    case 'month':
      return { group: utc(kind, '%Y-%m', 'YYYY-MM'), time: true }
    default:
      return { group: sql`${sql.ref(filterColumns[by])}`, time: false }
  }
}

/** Part of a UTC time as text. The formats are spelled into the statement: PostgreSQL groups by equal texts only. */
const utc = (kind: DatabaseKind, onSqlite: string, onPostgres: string): RawBuilder<string> =>
  kind === 'sqlite'
    ? sql`strftime(${sql.lit(onSqlite)}, at / 1000, 'unixepoch')`
    : sql`to_char(to_timestamp(at / 1000) at time zone 'UTC', ${sql.lit(onPostgres)})`
