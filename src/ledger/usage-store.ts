import { type Kysely, sql } from 'kysely'
import type { Database, DatabaseKind, Schema } from '../storage/index.ts'
import { type EntryFilters, filterColumns, isFilterName, matching } from './entry-filter.ts'
import {
  addendsOfRow,
  type CubeName,
  cubeNames,
  cubes,
  entriesWithin,
  isSpan,
  type Span,
  startOf,
  sumNames,
  totals,
  within,
} from './rollup-cubes.ts'
import { readLate, readMark } from './rollup-store.ts'
import { type ZoneSpan, zoneSpans } from './time-zone.ts'
import { type Dimension, dimension, type UsageDimension } from './usage-dimensions.ts'

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
  /** Exchanges by where their numbers came from; those without numbers are in none. */
  readonly reported: number
  readonly counted: number
  readonly estimated: number
  /** What providers' caches saved, what writing into them cost more, and what they could have saved beyond that. */
  readonly promptCacheSavedNanoUsd: bigint
  readonly promptCacheLostNanoUsd: bigint
  readonly promptCacheMissedNanoUsd: bigint
  /** Exchanges of which a provider read less than it had kept. */
  readonly cacheBreaks: number
}

export interface UsageRow extends UsageSums {
  /** What these entries have in common: a name, an id, or for times `2026-11-21`, `2026-11-21T14`, `2026-11`. */
  readonly group: string | null
  /** The same for every dimension of the report, in its order. */
  readonly groups: readonly (string | null)[]
}

export interface UsageReport {
  readonly total: UsageSums
  readonly rows: readonly UsageRow[]
  /** There are more groups than `limit`. The total has them all. */
  readonly isCut: boolean
}

export interface UsageQuery {
  /** Entries that ended at this time or later, and before `to`. Milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
  /** One dimension, or two. Without any the report has a total and no rows. */
  readonly by?: UsageDimension | readonly UsageDimension[]
  /** Whose hours, days and months: `Europe/Berlin`. Default UTC. */
  readonly timeZone?: string
  readonly filters?: EntryFilters
  /** The most rows to answer, 1 to 10,000. Default 100. */
  readonly limit?: number
}

/**
 * Adds up entries: from the sums that are kept where they have what is asked for, and from the rows elsewhere. Rows
 * are the most expensive first; where the first dimension is a time, the earliest first.
 * Throws `gateway_request_invalid` for a time zone that there is not.
 */
export const readUsage = (database: Database, asked: UsageQuery): Promise<UsageReport> =>
  database.snapshot(async (kysely) => {
    const query = withSpan(asked)
    const chosen = [query.by ?? []].flat()
    const zone = chosen.some((by) => isTime(by)) ? await zoneOf(kysely, query) : []
    const dimensions = chosen.map((by) => dimension(by, database.kind, zone))
    const source = await sourceOf(kysely, query, dimensions, zone)
    const limit = boundedLimit(query.limit, 100, 10_000)
    const groups =
      dimensions.length === 0
        ? []
        : await readGroups(kysely, database.kind, { ...source, dimensions, limit: limit + 1 })
    const isCut = groups.length > limit
    const [total = noSums] =
      dimensions.length === 0 || isCut
        ? await readGroups(kysely, database.kind, { ...source, dimensions: [], limit: 1 })
        : [groups.reduce(plus, noSums)]
    return { total: withoutGroups(total), rows: groups.slice(0, limit), isCut }
  })

/** At least 1 and at most `most`: no query answers without a bound. */
export const boundedLimit = (limit: number | undefined, otherwise: number, most = 1_000): number =>
  limit === undefined ? otherwise : Math.max(1, Math.min(most, Math.trunc(limit)))

/** Filters may name a span too. */
const withSpan = (query: UsageQuery): UsageQuery => {
  const from = query.from ?? query.filters?.from
  const to = query.to ?? query.filters?.to
  return { ...query, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

const isTime = (by: UsageDimension): boolean => by === 'hour' || by === 'day' || by === 'month'

/** Past every time that the ledger can hold. */
const endOfTime = Number.MAX_SAFE_INTEGER

const zoneOf = async (kysely: Kysely<Schema>, query: UsageQuery): Promise<readonly ZoneSpan[]> => {
  const { timeZone = 'UTC' } = query
  if (timeZone === 'UTC') return zoneSpans('UTC', 0, 0)
  const ends = await sql<{ first: bigint | null; last: bigint | null }>`
    select min(at) as first, max(at) as last from (
      select min(at) as at from exchange_closed union all select max(at) from exchange_closed union all
      select min(at) from exchange_corrections union all select max(at) from exchange_corrections) ends`.execute(
    kysely,
  )
  const { first = null, last = null } = ends.rows[0] ?? {}
  const from = Math.max(query.from ?? 0, Number(first ?? 0n))
  return zoneSpans(timeZone, from, Math.max(from, Math.min(query.to ?? endOfTime, Number(last ?? 0n))))
}

interface Source {
  readonly query: UsageQuery
  /** Where sums are taken from, and for which times; the rest is added up from the rows. */
  readonly cube: CubeName
  readonly kept: readonly Span[]
  readonly live: readonly Span[]
}

const sourceOf = async (
  kysely: Kysely<Schema>,
  query: UsageQuery,
  dimensions: readonly Dimension[],
  zone: readonly ZoneSpan[],
): Promise<Source> => {
  const from = query.from === undefined ? 0 : Math.trunc(query.from)
  const to = query.to === undefined ? endOfTime : Math.trunc(query.to)
  const needed = [
    ...dimensions.flatMap(({ columns }) => columns),
    ...Object.keys(query.filters ?? {})
      .filter(isFilterName)
      .filter((name) => query.filters?.[name] !== undefined)
      .map((name) => filterColumns[name]),
  ].filter((column) => column !== 'at')
  const cube = cubeNames.find(
    (name) =>
      needed.every((column) => cubes[name].columns.includes(column)) &&
      // Days that begin at half past need sums that do, too.
      zone.every(({ offset }) => offset % cubes[name].grain === 0),
  )
  if (cube === undefined) return { query, cube: 'usage_by_key', kept: [], live: [[from, to]] }
  const { grain } = cubes[cube]
  const { rolledUntil } = await readMark(kysely)
  const stale = (await readLate(kysely, rolledUntil, null)).map(([start]) => startOf(grain, start))
  const first = from === startOf(grain, from) ? from : startOf(grain, from) + grain
  const end = startOf(grain, Math.min(rolledUntil, to))
  if (first >= end) return { query, cube, kept: [], live: [[from, to]] }
  const holes = holesOf(
    [...new Set(stale)].filter((start) => start >= first && start < end),
    grain,
  )
  const live: readonly Span[] = [[from, first], ...holes, [end, to]]
  const edges = live.flat().slice(1, -1)
  const kept = edges.flatMap((edge, place): Span[] =>
    place % 2 === 0 ? [[edge, edges[place + 1] ?? edge]] : [],
  )
  return { query, cube, kept: kept.filter(isSpan), live: live.filter(isSpan) }
}

/** The most spans of one statement; more become one that covers them all. */
const mostHoles = 50

/** Grains as spans, neighbours together. */
const holesOf = (starts: readonly number[], grain: number): readonly Span[] => {
  const holes: [number, number][] = []
  for (const start of starts) {
    const last = holes.at(-1)
    if (last?.[1] === start) last[1] = start + grain
    else holes.push([start, start + grain])
  }
  const [first] = holes
  return first === undefined || holes.length <= mostHoles
    ? holes
    : [[first[0], holes.at(-1)?.[1] ?? first[1]]]
}

interface Groups extends Source {
  readonly dimensions: readonly Dimension[]
  readonly limit: number
}

const readGroups = async (
  kysely: Kysely<Schema>,
  kind: DatabaseKind,
  { query, cube, kept, live, dimensions, limit }: Groups,
): Promise<readonly UsageRow[]> => {
  const { from: _from, to: _to, ...filters } = query.filters ?? {}
  const condition = matching(filters)
  const groupNames = dimensions.map((_, place) => sql.ref(`group${place}`))
  const labelled = dimensions.map(
    ({ expression }, place) => sql`${expression} as ${sql.ref(`group${place}`)}`,
  )
  const ofRows = entriesWithin(live, sql.join([...labelled, ...addendsOfRow]), condition)
  const sums = sql.join(sumNames.map((name) => sql.ref(name)))
  const ofCube = sql`select ${sql.join([...labelled, sums])}
    from (select start as at, ${sql.table(cube)}.* from ${sql.table(cube)} where ${within('start', kept)}) kept
    where ${condition}`
  const parts = [...(kept.length > 0 ? [ofCube] : []), ...(live.length > 0 ? [ofRows] : [])]
  if (parts.length === 0) return []
  const { rows } = await sql<Readonly<Record<string, unknown>>>`
    select ${sql.join([...groupNames, ...totals])} from (${sql.join(parts, sql` union all `)}) entries
    ${groupNames.length === 0 ? sql`` : sql`group by ${sql.join(groupNames)} order by ${order(kind, dimensions)}`}
    limit ${BigInt(limit)}`.execute(kysely)
  return rows.map((row) => {
    const groups = dimensions.map(({ label }, place) => label(row[`group${place}`]))
    return { group: groups[0] ?? null, groups, ...toSums(row) }
  })
}

const order = (kind: DatabaseKind, dimensions: readonly Dimension[]) => {
  const names = dimensions.map(({ time }, place) => {
    const name = sql.ref(`group${place}`)
    // By code points and nothing last, as SQLite does not by itself and PostgreSQL only in some languages.
    return sql`${name} is null, ${name} ${kind === 'postgres' && !time ? sql`collate "C"` : sql``}`
  })
  const expensive = sql`cost_nano_usd desc, requests desc`
  const [first] = dimensions
  return sql.join(first?.time === true ? [names[0], expensive, ...names.slice(1)] : [expensive, ...names])
}

const toSums = (row: Readonly<Record<string, unknown>>): UsageSums => {
  const count = (name: string): number => Number(row[name])
  const money = (name: string): bigint => {
    const amount = row[name]
    return typeof amount === 'bigint' ? amount : 0n
  }
  return {
    requests: count('requests'),
    inputTokens: count('input_tokens'),
    outputTokens: count('output_tokens'),
    cacheReadTokens: count('cache_read_tokens'),
    cacheWriteTokens: count('cache_write_tokens'),
    cacheWriteLongTokens: count('cache_write_long_tokens'),
    reasoningTokens: count('reasoning_tokens'),
    costNanoUsd: money('cost_nano_usd'),
    unpriced: count('unpriced'),
    reported: count('reported'),
    counted: count('counted'),
    estimated: count('estimated'),
    promptCacheSavedNanoUsd: money('prompt_cache_saved_nano_usd'),
    promptCacheLostNanoUsd: money('prompt_cache_lost_nano_usd'),
    promptCacheMissedNanoUsd: money('prompt_cache_missed_nano_usd'),
    cacheBreaks: count('cache_breaks'),
  }
}

const noSums: UsageRow = {
  ...{ group: null, groups: [], requests: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0 },
  ...{ cacheWriteTokens: 0, cacheWriteLongTokens: 0, reasoningTokens: 0, costNanoUsd: 0n, unpriced: 0 },
  ...{ reported: 0, counted: 0, estimated: 0, cacheBreaks: 0 },
  ...{ promptCacheSavedNanoUsd: 0n, promptCacheLostNanoUsd: 0n, promptCacheMissedNanoUsd: 0n },
}

const plus = (one: UsageRow, other: UsageRow): UsageRow => ({
  ...{ group: null, groups: [] },
  requests: one.requests + other.requests,
  inputTokens: one.inputTokens + other.inputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
  cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
  cacheWriteLongTokens: one.cacheWriteLongTokens + other.cacheWriteLongTokens,
  reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  costNanoUsd: one.costNanoUsd + other.costNanoUsd,
  unpriced: one.unpriced + other.unpriced,
  reported: one.reported + other.reported,
  counted: one.counted + other.counted,
  estimated: one.estimated + other.estimated,
  promptCacheSavedNanoUsd: one.promptCacheSavedNanoUsd + other.promptCacheSavedNanoUsd,
  promptCacheLostNanoUsd: one.promptCacheLostNanoUsd + other.promptCacheLostNanoUsd,
  promptCacheMissedNanoUsd: one.promptCacheMissedNanoUsd + other.promptCacheMissedNanoUsd,
  cacheBreaks: one.cacheBreaks + other.cacheBreaks,
})

const withoutGroups = ({ group: _group, groups: _groups, ...sums }: UsageRow): UsageSums => sums
