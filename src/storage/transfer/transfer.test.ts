import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { temporaryFolder } from '../../../test/support/databases.ts'
import { type PostgresServer, postgresAvailable, startPostgres } from '../../../test/support/postgres.ts'
import type { Database } from '../database.ts'
import { openDatabase } from '../open-database.ts'
import type { Schema } from '../schema.ts'
import { type CatalogTable, readCatalog } from './catalog.ts'
import { exportToFolder, importFromFolder } from './export-folder.ts'
import type { Manifest } from './manifest.ts'
import { copyDatabase } from './transfer.ts'
import { writeLines } from './write-rows.ts'

setDefaultTimeout(120_000)
const folder = temporaryFolder()
const opened: Database[] = []
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()))
})

let count = 0
const newPath = (name: string): string => {
  count += 1
  return join(folder.path(), `${name}-${count}`)
}
const open = async (url: string): Promise<Database> => {
  const database = await openDatabase(url)
  opened.push(database)
  return database
}
const openSqlite = (): Promise<Database> => open(`sqlite:${newPath('database')}.db`)

/** Anything that a column may hold. */
const anyValue = (type: 'text' | 'integer'): fc.Arbitrary<string> =>
  type === 'integer'
    ? fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
    : fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('', '"', '\\', 'a\nb\r\nc', '\u2028', 'ÄÖÜ 😀', 'Null'),
      )

/** Fills every table with random rows: keys are made unique, and references lead to rows that are there. */
const fill = async (database: Database, rows: number, seed: number): Promise<void> => {
  const { tables } = await readCatalog(database.kysely, database.kind)
  await database.kysely.transaction().execute(async (kysely) => {
    for (const name of ['audit_log_no_update', 'audit_log_no_delete'])
      await sql`drop trigger ${sql.ref(name)}`.execute(kysely)
    const nullable = await nullableColumns(kysely)
    const parents = await references(kysely)
    for (const table of tables) {
      await sql`delete from ${sql.table(table.name)}`.execute(kysely)
      const lines = fc.sample(
        fc.tuple(
          ...table.columns.map(({ name, type }) =>
            nullable.has(`${table.name}.${name}`)
              ? fc.option(anyValue(type), { nil: null, freq: 3 })
              : anyValue(type),
          ),
        ),
        { numRuns: rows, seed: seed + table.name.length },
      )
      const keyed = await Promise.all(
        lines.map(async (line, number) =>
          JSON.stringify(
            await Promise.all(
              line.map((value, place) =>
                unique(kysely, table, parents, table.columns[place]?.name ?? '', value, number),
              ),
            ),
          ),
        ),
      )
      await writeLines(kysely, 'sqlite', table, keyed)
    }
  })
}

const unique = async (
  kysely: Kysely<Schema>,
  table: CatalogTable,
  parents: ReadonlyMap<string, string>,
  column: string,
  value: string | null,
  number: number,
): Promise<string | null> => {
  const parent = parents.get(`${table.name}.${column}`)
  if (parent !== undefined) {
    const { rows } = await sql<{
      id: string
    }>`select id from ${sql.table(parent)} order by id limit 1 offset ${number % 5}`.execute(kysely)
    return rows[0]?.id ?? null
  }
  const type = table.columns.find(({ name }) => name === column)?.type
  const isKey =
    table.key.includes(column) || ['name', 'digest', 'email', 'prefix', 'provider', 'label'].includes(column)
  if (!isKey || value === null) return value
  return type === 'integer' ? String(number + 1) : `${value}${number}`
}

const nullableColumns = async (kysely: Kysely<Schema>): Promise<ReadonlySet<string>> => {
  const { rows } = await sql<{ name: string }>`select tables.name || '.' || info.name as name
    from sqlite_master tables join pragma_table_info(tables.name) info
    where tables.type = 'table' and info."notnull" = 0 and info.pk = 0`.execute(kysely)
  return new Set(rows.map(({ name }) => name))
}

const references = async (kysely: Kysely<Schema>): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await sql<{
    child: string
    parent: string
  }>`select tables.name || '.' || links."from" as child,
    links."table" as parent from sqlite_master tables join pragma_foreign_key_list(tables.name) links
    where tables.type = 'table'`.execute(kysely)
  return new Map(rows.map(({ child, parent }) => [child, parent]))
}

const sums = ({ tables }: Pick<Manifest, 'tables'>) =>
  Object.fromEntries(tables.map(({ name, rows, sha256 }) => [name, `${rows} ${sha256}`]))

describe('an export to a folder', () => {
  test('has every table of the database, with a file for its owner only', async () => {
    const database = await openSqlite()
    const manifest = await exportToFolder(database, newPath('export'))
    const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'
      and name not in ('tollgate_migrations', 'tollgate_migrations_lock') and name not like 'sqlite_%'`.execute(
      database.kysely,
    )
    expect(manifest.tables.map(({ name }) => name).sort()).toEqual(rows.map(({ name }) => name).sort())
    expect(manifest.schema.at(-1)).toMatch(/^\d{4}-/)
    const path = join(
      folder.path(),
      readdirSync(folder.path()).find((name) => name.startsWith('export')) ?? '',
    )
    expect(statSync(path).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600)
    await expect(exportToFolder(database, path)).rejects.toThrow('is not empty')
  })

  test('comes back as it was, whatever the rows', async () => {
    const source = await openSqlite()
    await fill(source, 40, 1)
    const path = newPath('export')
    const manifest = await exportToFolder(source, path)
    for (const table of manifest.tables)
      expect({ name: table.name, rows: table.rows }).toEqual({ name: table.name, rows: 40 })
    const target = await openSqlite()
    expect(await importFromFolder(target, path)).toHaveLength(manifest.tables.length)
    expect(sums(await exportToFolder(target, newPath('export')))).toEqual(sums(manifest))
    // What the database does by itself works as before.
    await expect(sql`delete from audit_log`.execute(target.kysely)).rejects.toThrow('never changed')
  })

  test('is refused by a database that holds something, unless it may be replaced', async () => {
    const source = await openSqlite()
    await fill(source, 7, 2)
    const path = newPath('export')
    const manifest = await exportToFolder(source, path)
    const target = await openSqlite()
    await fill(target, 3, 3)
    await expect(importFromFolder(target, path)).rejects.toThrow(/is not empty: \w+ has 3 rows/)
    await importFromFolder(target, path, { replace: true })
    expect(sums(await exportToFolder(target, newPath('export')))).toEqual(sums(manifest))
  })

  test('is imported whole or not at all', async () => {
    const source = await openSqlite()
    await fill(source, 12, 4)
    const path = newPath('export')
    await exportToFolder(source, path)
    const target = await openSqlite()
    const before = sums(await exportToFolder(target, newPath('export')))
    const damage = async (file: string, change: (text: string) => string, message: RegExp | string) => {
      const whole = readFileSync(join(path, file), 'utf8')
      writeFileSync(join(path, file), change(whole))
      await expect(importFromFolder(target, path)).rejects.toThrow(message)
      expect(sums(await exportToFolder(target, newPath('export')))).toEqual(before)
      writeFileSync(join(path, file), whole)
    }
    const lastLine = /[^\n]+\n$/
    await damage(
      'virtual_keys.jsonl',
      (text) => text.replace(lastLine, ''),
      'virtual_keys should have 12 rows and has 11',
    )
    await damage('canary_turns.jsonl', (text) => text.replace(/\["-?\d/, '["1'), 'checksum of canary_turns')
    await damage('exchange_closed.jsonl', (text) => `${text}["1"]\n`, 'has not its')
    await damage('manifest.json', (text) => text.replace(/"rows": 12/, '"rows": 13'), 'should have 13 rows')
    await importFromFolder(target, path)
  })

  test('of another schema, or without its manifest, is refused with what to do', async () => {
    const source = await openSqlite()
    const path = newPath('export')
    await exportToFolder(source, path)
    const target = await openSqlite()
    const file = join(path, 'manifest.json')
    const manifest: { schema: string[] } = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...manifest, schema: manifest.schema.slice(0, -1) }))
    await expect(importFromFolder(target, path)).rejects.toThrow('export it anew with this release')
    appendFileSync(file, 'x')
    await expect(importFromFolder(target, path)).rejects.toThrow('did not come to its end')
    rmSync(file)
    expect(existsSync(file)).toBe(false)
    await expect(importFromFolder(target, path)).rejects.toThrow('did not come to its end')
  })
})

describe.skipIf(!postgresAvailable('moving between databases'))('between SQLite and PostgreSQL', () => {
  let server: PostgresServer | undefined
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    await server?.stop()
  })
  const openPostgres = async () => open((await server?.createDatabase()) ?? '')

  test('everything goes there and back, by folders and directly, and is the same', async () => {
    const source = await openSqlite()
    await fill(source, 60, 5)
    const [first, second] = [newPath('export'), newPath('export')]
    const manifest = await exportToFolder(source, first)
    const there = await openPostgres()
    await importFromFolder(there, first)
    const back = await exportToFolder(there, second)
    expect(sums(back)).toEqual(sums(manifest))
    for (const { name } of manifest.tables)
      expect(readFileSync(join(second, `${name}.jsonl`), 'utf8')).toBe(
        readFileSync(join(first, `${name}.jsonl`), 'utf8'),
      )
    const again = await openSqlite()
    await importFromFolder(again, second)
    expect(sums(await exportToFolder(again, newPath('export')))).toEqual(sums(manifest))

    const copied = await openPostgres()
    await copyDatabase(source, copied)
    const returned = await openSqlite()
    await copyDatabase(copied, returned)
    expect(sums(await exportToFolder(returned, newPath('export')))).toEqual(sums(manifest))
    await expect(copyDatabase(source, copied)).rejects.toThrow('is not empty')
    await copyDatabase(source, copied, { replace: true })
    await expect(sql`truncate audit_log`.execute(copied.kysely)).rejects.toThrow('never changed')
  })

  test('more rows than a page, and what PostgreSQL cannot hold', async () => {
    const source = await openSqlite()
    for (let page = 0; page < 5; page += 1) {
      const values = Array.from(
        { length: 500 },
        (_, number) => sql`(${`canary-${page}-${number}-Ä`}, ${BigInt(number)})`,
      )
      await sql`insert into canary_turns (canary, at) values ${sql.join(values)}`.execute(source.kysely)
    }
    await sql`insert into canary_turns (canary, at) values (${'a\0b'}, 1)`.execute(source.kysely)
    const there = await openPostgres()
    const summaries = await copyDatabase(source, there)
    expect(summaries.find(({ name }) => name === 'canary_turns')?.rows).toBe(2_501)
    const { rows } = await sql<{
      canary: string
    }>`select canary from canary_turns where at = 1 and canary like 'a%'`.execute(there.kysely)
    expect(rows).toEqual([{ canary: 'a\uFFFDb' }])
  })
})
