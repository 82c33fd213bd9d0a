/** What tables a database has, asked of the database itself: one that a later migration makes is there, too. */
import { type Kysely, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'
import type { Schema } from '../schema.ts'

export interface ColumnOfTable {
  readonly name: string
  readonly type: 'text' | 'integer'
}

export interface CatalogTable {
  readonly name: string
  /** By name: the databases list them in different orders once one was added. */
  readonly columns: readonly ColumnOfTable[]
  /** Columns of its key, by which rows have one order. */
  readonly key: readonly string[]
}

export interface DatabaseCatalog {
  /** Names of the migrations that were run. */
  readonly schema: readonly string[]
  /** A table comes after those that its rows refer to. */
  readonly tables: readonly CatalogTable[]
}

interface RawColumn {
  readonly table: string
  readonly column: string
  readonly type: string
  /** Place in the key from 1; 0 for none. */
  readonly key: bigint | number
}

interface Reference {
  readonly child: string
  readonly parent: string
}

/** Throws for a column of a type that the two databases do not share, and for a table without a key. */
export const readCatalog = async (kysely: Kysely<Schema>, kind: DatabaseKind): Promise<DatabaseCatalog> => {
  const [columns, references] =
    kind === 'sqlite' ? [sqliteColumns, sqliteReferences] : [postgresColumns, postgresReferences]
  const { rows } = await columns.execute(kysely)
  const { rows: links } = await references.execute(kysely)
  const schema = await sql<{ name: string }>`select name from tollgate_migrations order by name`.execute(
    kysely,
  )
  const names = [...new Set(rows.map(({ table }) => table))].sort()
  return {
    schema: schema.rows.map(({ name }) => name),
    tables: parentsFirst(names, links).map((name) =>
      tableOf(
        name,
        rows.filter(({ table }) => table === name),
      ),
    ),
  }
}

const tableOf = (name: string, raw: readonly RawColumn[]): CatalogTable => {
  const columns = raw
    .map(({ column, type }): ColumnOfTable => ({ name: column, type: typeOf(name, column, type) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  const key = raw
    .filter((column) => Number(column.key) > 0)
    .sort((one, other) => Number(one.key) - Number(other.key))
    .map(({ column }) => column)
  if (key.length === 0) throw new Error(`${name} has no primary key, which moving its rows takes`)
  return { name, columns, key }
}

const typeOf = (table: string, column: string, type: string): ColumnOfTable['type'] => {
  if (type === 'text') return 'text'
  if (type === 'bigint') return 'integer'
  throw new Error(`${table}.${column} is of the type ${type}, which cannot be moved between databases`)
}

const parentsFirst = (names: readonly string[], references: readonly Reference[]): readonly string[] => {
  const placed: string[] = []
  const place = (name: string, below: readonly string[]) => {
    if (placed.includes(name)) return
    if (below.includes(name)) throw new Error(`tables refer to each other in a circle: ${below.join(', ')}`)
    for (const { child, parent } of references)
      if (child === name && parent !== name) place(parent, [...below, name])
    placed.push(name)
  }
  for (const name of names) place(name, [])
  return placed
}

const sqliteTables = sql`select name from sqlite_master where type = 'table'
  and name not like 'sqlite\\_%' escape '\\' and name not like 'tollgate\\_migrations%' escape '\\'`

const sqliteColumns = sql<RawColumn>`select tables.name as "table", info.name as "column",
  lower(info.type) as type, info.pk as key
  from (${sqliteTables}) tables join pragma_table_info(tables.name) info`

const sqliteReferences = sql<Reference>`select tables.name as child, links."table" as parent
  from (${sqliteTables}) tables join pragma_foreign_key_list(tables.name) links`

const postgresColumns = sql<RawColumn>`select tables.relname as "table", columns.attname as "column",
  format_type(columns.atttypid, null) as type, coalesce(array_position(keys.conkey, columns.attnum), 0) as key
  from pg_class tables
  join pg_attribute columns on columns.attrelid = tables.oid and columns.attnum > 0 and not columns.attisdropped
  left join pg_constraint keys on keys.conrelid = tables.oid and keys.contype = 'p'
  where tables.relkind = 'r' and tables.relnamespace = current_schema()::regnamespace
  and tables.relname not like 'tollgate\\_migrations%'`

const postgresReferences = sql<Reference>`select child.relname as child, parent.relname as parent
  from pg_constraint links
  join pg_class child on child.oid = links.conrelid join pg_class parent on parent.oid = links.confrelid
  where links.contype = 'f' and child.relnamespace = current_schema()::regnamespace`
