/**
 * Keeps sums of the ledger per hour and per quarter of an hour. They are equal to the sum over the rows at all times, because a
 * report takes them only for quarters in which nothing changed since, and adds up the rows of all others:
 *
 * 1. `seal` moves the mark up to which triggers note rows that arrive late. On PostgreSQL under a lock that waits
 *    for commits under way, so that a row is either there before the mark or noted.
 * 2. `add` computes the sums of some quarters before that mark, in a snapshot. It may take its time, on a reader.
 * 3. `install` writes them, unless others did since the snapshot, and takes away the notes of late rows that the
 *    snapshot saw. A quarter with a note that it did not see stays as it is, and noted.
 */
import { type Kysely, sql } from 'kysely'
import type { Database, Schema, SqliteSession } from '../storage/index.ts'
import {
  addendsOfRow,
  type CubeName,
  cubeNames,
  cubes,
  entriesWithin,
  isSpan,
  quarter,
  type Span,
  startOf,
  sumNames,
  totals,
} from './rollup-cubes.ts'

/** Runs in a storage Worker; every method is called across threads. */
export interface RollupStore {
  /** Promises sums for everything before `until`. True when there is something to add up. */
  readonly seal: (until: number) => Promise<boolean>
  /** Adds up the next quarters; undefined when all sums are there. Writes nothing. */
  readonly add: (rows?: number) => Promise<NewSums | undefined>
  /** Writes what `add` found; false when it has to be found anew. */
  readonly install: (sums: NewSums) => Promise<boolean>
}

export interface NewSums {
  readonly version: bigint
  /** Sums exist up to here afterwards. */
  readonly until: number
  /** What they replace. */
  readonly spans: Readonly<Record<CubeName, readonly Span[]>>
  /** How many late rows of each noted quarter they include. */
  readonly late: readonly (readonly [quarter: number, rows: number])[]
  readonly rows: Readonly<Record<CubeName, readonly Readonly<Record<string, unknown>>[]>>
}

export const createRollupStore = (database: Database): RollupStore => ({
  seal: async (until) => {
    const target = startOf(quarter, until)
    const mark = await readMark(database.kysely)
    if (mark.sealedUntil < target) await moveMark(database, target)
    if (mark.rolledUntil < Math.max(mark.sealedUntil, target)) return true
    return (await readLate(database.kysely, mark.rolledUntil, 1)).length > 0
  },
  add: (rows = 5_000) =>
    database.snapshot(async (kysely) => {
      const { sealedUntil, rolledUntil, version } = await readMark(kysely)
      const stale = await readLate(kysely, rolledUntil, 20)
      const until = stale.length > 0 ? rolledUntil : await nextEnd(kysely, rolledUntil, sealedUntil, rows)
      if (stale.length === 0 && until === rolledUntil) return undefined
      const spans = spansOf(
        stale.map(([start]) => start),
        rolledUntil,
        until,
      )
      const late = stale.length > 0 ? stale : await readLate(kysely, until, null, rolledUntil)
      return {
        ...{ version, until, spans, late },
        rows: {
          usage_by_model: await sumUp(kysely, 'usage_by_model', spans.usage_by_model),
          usage_by_key: await sumUp(kysely, 'usage_by_key', spans.usage_by_key),
        },
      }
    }),
  install: async (sums) => {
    try {
      if (database.kind === 'sqlite')
        await database.transaction(async ({ kysely, prepare }) => {
          await replace(kysely, sums)
          for (const cube of cubeNames) insertOnSqlite(prepare, cube, sums.rows[cube])
        })
      else
        await database.kysely.transaction().execute(async (kysely) => {
          await replace(kysely, sums)
          for (const cube of cubeNames) await insertOnPostgres(kysely, cube, sums.rows[cube])
        })
      return true
    } catch (error) {
      if (error instanceof Outdated) return false
      throw error
    }
  },
})

/** Makes room for new sums. Throws `Outdated` when they are not of what the database holds now. */
const replace = async (kysely: Kysely<Schema>, { version, until, spans, late }: NewSums): Promise<void> => {
  const { numUpdatedRows } = await kysely
    .updateTable('usage_rollup')
    .set({ rolled_until: until, version: version + 1n })
    .where('version', '=', version)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) throw new Outdated()
  for (const [start, seen] of late) {
    const { numDeletedRows } = await kysely
      .deleteFrom('usage_late')
      .where('quarter', '=', BigInt(start))
      .executeTakeFirstOrThrow()
    if (numDeletedRows !== BigInt(seen)) throw new Outdated()
  }
  for (const cube of cubeNames) {
    for (const [from, to] of spans[cube])
      await sql`delete from ${sql.table(cube)} where start >= ${BigInt(from)} and start < ${BigInt(to)}`.execute(
        kysely,
      )
  }
}

type SumRow = Readonly<Record<string, unknown>>

const columnsOfCube = (cube: CubeName): readonly string[] => [
  'number',
  'start',
  ...cubes[cube].columns,
  ...sumNames,
]

/** One prepared statement, as often as there are rows: commits wait meanwhile. */
const insertOnSqlite = (prepare: SqliteSession['prepare'], cube: CubeName, rows: readonly SumRow[]): void => {
  const [, ...names] = columnsOfCube(cube)
  const statement = prepare(
    `insert into ${cube} (number, ${names.join(', ')}) values (?, ${names.map(() => '?').join(', ')})`,
  )
  rows.forEach((row, number) => {
    statement.run(number, ...names.map((name) => toBinding(row[name])))
  })
}

const toBinding = (value: unknown): string | bigint | null =>
  typeof value === 'string' || typeof value === 'bigint' ? value : null

/** One statement with one parameter. */
const insertOnPostgres = async (
  kysely: Kysely<Schema>,
  cube: CubeName,
  rows: readonly SumRow[],
): Promise<void> => {
  const names = columnsOfCube(cube)
  const records = JSON.stringify(
    rows.map((row, number) => ({ ...row, number })),
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  )
  const columns = sql.join(names.map((name) => sql.ref(name)))
  await sql`insert into ${sql.table(cube)} (${columns}) select ${columns}
    from json_populate_recordset(null::${sql.table(cube)}, (${records}::text)::json)`.execute(kysely)
}

/**
 * What is summed up anew in each table: whole grains only. An hour has no sums before its last quarter is done.
 */
const spansOf = (stale: readonly number[], rolledUntil: number, until: number): NewSums['spans'] => {
  const of = (cube: CubeName): readonly Span[] => {
    const { grain } = cubes[cube]
    const end = startOf(grain, until)
    if (stale.length === 0) return [[startOf(grain, rolledUntil), end] as const].filter(isSpan)
    return [...new Set(stale.map((start) => startOf(grain, start)))]
      .filter((start) => start < end)
      .map((start) => [start, start + grain])
  }
  return { usage_by_model: of('usage_by_model'), usage_by_key: of('usage_by_key') }
}

/** Others wrote sums since, or rows arrived: everything is rolled back. */
class Outdated extends Error {}

export interface RollupMark {
  readonly sealedUntil: number
  readonly rolledUntil: number
  readonly version: bigint
}

export const readMark = async (kysely: Kysely<Schema>): Promise<RollupMark> => {
  const row = await kysely.selectFrom('usage_rollup').selectAll().executeTakeFirstOrThrow()
  return {
    sealedUntil: Number(row.sealed_until),
    rolledUntil: Number(row.rolled_until),
    version: row.version,
  }
}

/** Quarters before `until` that have notes, the earliest first, with how many. */
export const readLate = async (
  kysely: Kysely<Schema>,
  until: number,
  limit: number | null,
  from = 0,
): Promise<readonly (readonly [quarter: number, rows: number])[]> => {
  const rows = await kysely
    .selectFrom('usage_late')
    .select(['quarter', (builder) => builder.fn.countAll<bigint>().as('rows')])
    .where('quarter', '<', BigInt(until))
    .where('quarter', '>=', BigInt(from))
    .groupBy('quarter')
    .orderBy('quarter')
    .$if(limit !== null, (query) => query.limit(limit ?? 0))
    .execute()
  return rows.map((row) => [Number(row.quarter), Number(row.rows)] as const)
}

/** Waits for commits under way, not longer than a moment: they come first, and the next call may try again. */
const moveMark = ({ kysely, kind }: Database, target: number): Promise<void> =>
  kysely.transaction().execute(async (transaction) => {
    if (kind === 'postgres') {
      await sql`set local lock_timeout = '500ms'`.execute(transaction)
      await sql`lock table exchange_closed, exchange_corrections in share mode`.execute(transaction)
    }
    await transaction
      .updateTable('usage_rollup')
      .set({ sealed_until: target })
      .where('sealed_until', '<', BigInt(target))
      .execute()
  })

/** The end of whole quarters with about `rows` rows, at least one quarter. */
const nextEnd = async (
  kysely: Kysely<Schema>,
  from: number,
  sealedUntil: number,
  rows: number,
): Promise<number> => {
  const beyond = await kysely
    .selectFrom('exchange_closed')
    .select('at')
    .where('at', '>=', BigInt(from))
    .where('at', '<', BigInt(sealedUntil))
    .orderBy('at')
    .offset(rows)
    .limit(1)
    .executeTakeFirst()
  return beyond === undefined
    ? sealedUntil
    : Math.max(startOf(quarter, Number(beyond.at)), Math.min(from + quarter, sealedUntil))
}

const sumUp = async (
  kysely: Kysely<Schema>,
  cube: CubeName,
  spans: readonly Span[],
): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  if (spans.length === 0) return []
  const { grain, columns: dimensions } = cubes[cube]
  const names = sql.join(dimensions.map((name) => sql.ref(name)))
  const columns = sql`at - at % ${sql.lit(grain)} as start, ${names}, ${sql.join(addendsOfRow)}`
  const { rows } = await sql<Record<string, unknown>>`
    select start, ${names}, ${sql.join(totals)} from (${entriesWithin(spans, columns, sql`1 = 1`)}) entries
    group by start, ${names}`.execute(kysely)
  return rows
}
