/**
 * Moves everything that a database holds into another one, whichever kinds they are. One transaction on either side:
 * the source is read as it was at one moment, and the target has all of it or nothing.
 */
import { type Kysely, sql } from 'kysely'
import { GatewayError } from '../../errors.ts'
import type { Database, DatabaseKind } from '../database.ts'
import { openDatabase } from '../open-database.ts'
import type { Schema } from '../schema.ts'
import { type CatalogTable, type DatabaseCatalog, readCatalog } from './catalog.ts'
import { createTally, type ExportedTable, type TableLines, type TableSummary } from './manifest.ts'
import { readLines } from './read-rows.ts'
import { writeLines } from './write-rows.ts'

/** Rows on their way: of a database as it was at one moment, or of an export. */
export interface TransferSource {
  readonly schema: readonly string[]
  /** In an order in which they can be inserted. Each must be read to its end before the next. */
  readonly tables: AsyncIterable<TableLines>
  /** What the rows must come to; whole when all were read. */
  readonly summaries: () => readonly ExportedTable[]
}

export interface ImportOptions {
  /** Takes away what the target holds. Without it, a target that holds something is refused. */
  readonly replace?: boolean
  /** Told when a table is done. */
  readonly onTable?: (summary: TableSummary) => void
}

/** Gives everything that a database holds, as it is at one moment, to `work`. */
export const readDatabase = <T>(
  database: Database,
  work: (source: TransferSource) => Promise<T>,
): Promise<T> =>
  database.snapshot(async (kysely) => {
    const { schema, tables } = await readCatalog(kysely, database.kind)
    const exported: ExportedTable[] = []
    const read = async function* (): AsyncGenerator<TableLines> {
      for (const table of tables) {
        const tally = createTally()
        yield { table, lines: counted(readLines(kysely, database.kind, table), tally.add) }
        exported.push({ ...table, ...tally.summary(table.name) })
      }
    }
    return work({ schema, tables: read(), summaries: () => exported })
  })

/** Moves everything from one database into another without files between. Throws as `importDatabase`. */
export const copyDatabase = (
  from: Database,
  to: Database,
  options?: ImportOptions,
): Promise<readonly TableSummary[]> => readDatabase(from, (source) => importDatabase(to, source, options))

/**
 * Writes everything that `source` has into `database`, reads it again, and compares row counts and checksums: when
 * they differ, nothing has happened. Throws `conflict` for a target that holds something, `config_invalid` for an
 * export of another schema.
 */
export const importDatabase = async (
  database: Database,
  source: TransferSource,
  options: ImportOptions = {},
): Promise<readonly TableSummary[]> => {
  const untouched = await rowsOfNewDatabase()
  return database.kysely.transaction().execute(async (kysely) => {
    const { kind } = database
    const catalog = await readCatalog(kysely, kind)
    sameSchema(catalog.schema, source.schema)
    if (options.replace !== true) await refuseRows(kysely, catalog, untouched)
    return withoutTriggers(kysely, kind, catalog, async () => {
      for (const { name } of [...catalog.tables].reverse())
        await sql`delete from ${sql.table(name)}`.execute(kysely)
      const written = await writeTables(kysely, kind, catalog, source, options)
      sameRows(source.summaries(), written)
      return written
    })
  })
}

const counted = async function* (
  pages: AsyncIterable<readonly string[]>,
  count: (lines: readonly string[]) => void,
): AsyncGenerator<readonly string[]> {
  for await (const lines of pages) {
    count(lines)
    yield lines
  }
}

const writeTables = async (
  kysely: Kysely<Schema>,
  kind: DatabaseKind,
  catalog: DatabaseCatalog,
  source: TransferSource,
  { onTable = () => {} }: ImportOptions,
): Promise<readonly TableSummary[]> => {
  const written: TableSummary[] = []
  const missing = new Set(catalog.tables.map(({ name }) => name))
  for await (const { table, lines } of source.tables) {
    const target = catalog.tables.find(({ name }) => name === table.name)
    if (target === undefined || !missing.delete(table.name) || !sameColumns(target, table))
      throw broken(`the table ${table.name} of the export is not one of this database`)
    for await (const page of lines) await writeLines(kysely, kind, target, page)
    const tally = createTally()
    for await (const page of readLines(kysely, kind, target)) tally.add(page)
    const summary = tally.summary(table.name)
    written.push(summary)
    onTable(summary)
  }
  if (missing.size > 0) throw broken(`the export has no ${[...missing].join(', ')}`)
  return written
}

const sameColumns = (one: CatalogTable, other: CatalogTable): boolean =>
  JSON.stringify([one.columns, one.key]) === JSON.stringify([other.columns, other.key])

const sameSchema = (here: readonly string[], there: readonly string[]): void => {
  if (JSON.stringify(here) === JSON.stringify(there)) return
  throw new GatewayError(
    'config_invalid',
    `the export is of the schema ${there.at(-1) ?? 'without a name'}, and this database of ${here.at(-1)}: export it anew with this release, which brings its database up to date first`,
  )
}

const sameRows = (expected: readonly TableSummary[], written: readonly TableSummary[]): void => {
  for (const { name, rows, sha256 } of expected) {
    const found = written.find((one) => one.name === name)
    if (found?.rows !== rows) throw broken(`${name} should have ${rows} rows and has ${found?.rows ?? 0}`)
    if (found.sha256 !== sha256) throw broken(`the checksum of ${name} is not that of the export`)
  }
}

const broken = (message: string): GatewayError =>
  new GatewayError('conflict', `nothing was imported: ${message}`)

const countOf = async (kysely: Kysely<Schema>, table: string): Promise<number> => {
  const { rows } = await sql<{ count: bigint }>`select count(*) as count from ${sql.table(table)}`.execute(
    kysely,
  )
  return Number(rows[0]?.count ?? 0n)
}

/** How many rows migrations themselves put into each table. */
const rowsOfNewDatabase = async (): Promise<ReadonlyMap<string, number>> => {
  const fresh = await openDatabase('sqlite::memory:')
  try {
    const { tables } = await readCatalog(fresh.kysely, 'sqlite')
    const counts = new Map<string, number>()
    for (const { name } of tables) counts.set(name, await countOf(fresh.kysely, name))
    return counts
  } finally {
    await fresh.close()
  }
}

const refuseRows = async (
  kysely: Kysely<Schema>,
  { tables }: DatabaseCatalog,
  untouched: ReadonlyMap<string, number>,
): Promise<void> => {
  for (const { name } of tables) {
    const rows = await countOf(kysely, name)
    if (rows > (untouched.get(name) ?? 0))
      throw new GatewayError(
        'conflict',
        `the database is not empty: ${name} has ${rows} rows; import into a new one, or replace what it holds with --replace`,
      )
  }
}

/** Rows come as they were: nothing is to be derived from them, or refused because the audit log never changes. */
const withoutTriggers = async <T>(
  kysely: Kysely<Schema>,
  kind: DatabaseKind,
  { tables }: DatabaseCatalog,
  work: () => Promise<T>,
): Promise<T> => {
  if (kind === 'postgres') {
    const set = async (state: 'disable' | 'enable') => {
      for (const { name } of tables)
        await sql`alter table ${sql.table(name)} ${sql.raw(state)} trigger user`.execute(kysely)
    }
    await set('disable')
    const result = await work()
    await set('enable')
    return result
  }
  const triggers = await sql<{ name: string; sql: string }>`
    select name, sql from sqlite_master where type = 'trigger'`.execute(kysely)
  for (const { name } of triggers.rows) await sql`drop trigger ${sql.ref(name)}`.execute(kysely)
  const result = await work()
  for (const trigger of triggers.rows) await sql.raw(trigger.sql).execute(kysely)
  return result
}
