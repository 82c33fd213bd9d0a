import { type Kysely, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'
import type { Schema } from '../schema.ts'
import type { CatalogTable } from './catalog.ts'

/** Rows in memory at a time. */
export const pageSize = 1_000

/**
 * The rows of a table as lines, page by page, in the one order that both databases give them. `kysely` is one
 * connection inside a transaction.
 */
export const readLines = (
  kysely: Kysely<Schema>,
  kind: DatabaseKind,
  table: CatalogTable,
): AsyncIterable<readonly string[]> =>
  kind === 'sqlite' ? pagesOnSqlite(kysely, table) : pagesOnPostgres(kysely, table)

type Row = Readonly<Record<string, unknown>>

/** A page begins where the one before ended. */
const pagesOnSqlite = async function* (
  kysely: Kysely<Schema>,
  table: CatalogTable,
): AsyncGenerator<readonly string[]> {
  const key = table.key.map((name) => sql.ref(name))
  let after = sql`1 = 1`
  for (;;) {
    const { rows } = await sql<Row>`select ${columnsOf(table)} from ${sql.table(table.name)}
      where ${after} order by ${sql.join(key)} limit ${pageSize}`.execute(kysely)
    if (rows.length > 0) yield rows.map((row) => lineOf(table, row))
    const last = rows.at(-1)
    if (rows.length < pageSize || last === undefined) return
    after = sql`(${sql.join(key)}) > (${sql.join(table.key.map((name) => last[name]))})`
  }
}

const pagesOnPostgres = async function* (
  kysely: Kysely<Schema>,
  table: CatalogTable,
): AsyncGenerator<readonly string[]> {
  const texts = new Set(table.columns.filter(({ type }) => type === 'text').map(({ name }) => name))
  // By code points, as SQLite orders.
  const order = table.key.map((name) => (texts.has(name) ? sql`${sql.ref(name)} collate "C"` : sql.ref(name)))
  await sql`declare tollgate_export no scroll cursor for
    select ${columnsOf(table)} from ${sql.table(table.name)} order by ${sql.join(order)}`.execute(kysely)
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(pageSize)} from tollgate_export`.execute(kysely)
    if (rows.length > 0) yield rows.map((row) => lineOf(table, row))
    if (rows.length < pageSize) break
  }
  await sql`close tollgate_export`.execute(kysely)
}

const columnsOf = (table: CatalogTable) => sql.join(table.columns.map(({ name }) => sql.ref(name)))

const lineOf = ({ name: table, columns }: CatalogTable, row: Row): string =>
  JSON.stringify(
    columns.map(({ name, type }) => {
      const value = row[name] ?? null
      if (value === null) return null
      if (type === 'integer' && (typeof value === 'bigint' || typeof value === 'number')) return String(value)
      // PostgreSQL's texts cannot hold it; it means nothing in any of them.
      if (type === 'text' && typeof value === 'string') return value.replaceAll('\0', '\uFFFD')
      throw new Error(`${table}.${name} holds a ${typeof value} where ${type} is expected`)
    }),
  )
