import { type Kysely, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'
import type { Schema } from '../schema.ts'
import type { CatalogTable } from './catalog.ts'

type Value = string | null

/** Inserts lines as `readLines` gives them. Throws when one is not of the table's columns. */
export const writeLines = async (
  kysely: Kysely<Schema>,
  kind: DatabaseKind,
  table: CatalogTable,
  lines: readonly string[],
): Promise<void> => {
  const rows = lines.map((line) => parseLine(table, line))
  const names = sql.join(table.columns.map(({ name }) => sql.ref(name)))
  if (kind === 'postgres') {
    const records = rows.map((row) =>
      Object.fromEntries(table.columns.map(({ name }, place) => [name, row[place] ?? null])),
    )
    await sql`insert into ${sql.table(table.name)} (${names}) select ${names}
      from json_populate_recordset(null::${sql.table(table.name)}, (${JSON.stringify(records)}::text)::json)`.execute(
      kysely,
    )
    return
  }
  // SQLite takes 32,766 parameters in a statement.
  const size = Math.max(1, Math.floor(10_000 / table.columns.length))
  for (let place = 0; place < rows.length; place += size) {
    const values = rows
      .slice(place, place + size)
      .map((row) => sql`(${sql.join(row.map((value, column) => bound(table, column, value)))})`)
    await sql`insert into ${sql.table(table.name)} (${names}) values ${sql.join(values)}`.execute(kysely)
  }
}

const bound = (table: CatalogTable, column: number, value: Value): string | bigint | null =>
  value !== null && table.columns[column]?.type === 'integer' ? BigInt(value) : value

const parseLine = (table: CatalogTable, line: string): readonly Value[] => {
  const row: unknown = JSON.parse(line)
  if (!Array.isArray(row) || row.length !== table.columns.length)
    throw new Error(`a line of ${table.name} has not its ${table.columns.length} columns`)
  return row.map((value: unknown, place): Value => {
    if (value === null) return null
    const isInteger = table.columns[place]?.type === 'integer'
    if (typeof value === 'string' && (!isInteger || /^-?\d{1,19}$/.test(value))) return value
    throw new Error(`a line of ${table.name} has a wrong value for ${table.columns[place]?.name}`)
  })
}
