/**
 * Writes test/fixtures/first-release: a database as the first release made it, for both kinds, with rows in every
 * table. It was run once, with the migrations of that release, and is kept: later ones are tested on what it wrote.
 * The schema of PostgreSQL comes from `pg_dump`. Ciphertexts are made up.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, Migrator, sql } from 'kysely'
import { migrations } from '../src/storage/migrations/index.ts'
import { createMutex } from '../src/storage/mutex.ts'
import { postgresDialect } from '../src/storage/postgres-dialect.ts'
import { openPostgresPool } from '../src/storage/postgres-pool.ts'
import type { Schema } from '../src/storage/schema.ts'
import { createStatementCache, openSqliteConnection } from '../src/storage/sqlite-connection.ts'
import { sqliteDialect } from '../src/storage/sqlite-dialect.ts'
import { type CatalogTable, readCatalog } from '../src/storage/transfer/catalog.ts'
import { findPostgres, startPostgres } from '../test/support/postgres.ts'

const lastOfRelease = '0009-canaries'
const folder = join(import.meta.dir, '..', 'test', 'fixtures', 'first-release')

const migrateToRelease = async (kysely: Kysely<Schema>, kind: 'sqlite' | 'postgres'): Promise<void> => {
  const released = Object.entries(migrations).filter(([name]) => name <= lastOfRelease)
  const migrator = new Migrator({
    db: kysely,
    migrationTableName: 'tollgate_migrations',
    migrationLockTableName: 'tollgate_migrations_lock',
    provider: {
      getMigrations: async () => Object.fromEntries(released.map(([name, create]) => [name, create(kind)])),
    },
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

/** Words that the gateway itself reads again. */
const known: Readonly<Record<string, string>> = {
  ...{ kind: 'client', direction: 'consume', operation: 'generate', client_protocol: 'openai-chat' },
  ...{ upstream_protocol: 'anthropic-messages', protocol: 'anthropic-messages', outcome: 'success' },
  ...{
    usage_source: 'reported',
    state: 'ok',
    made_by: 'created',
    result: 'passed',
    organisation_id: 'org_default',
  },
  ...{
    scopes: '{"models":null,"endpoints":null,"providers":null}',
    options: '{}',
    metadata: '{"note":"kept"}',
  },
  ...{
    usage_other: '{"webSearches":2}',
    warnings: '[]',
    origin: 'https://api.example.com',
    provider: 'openai',
  },
}

const exampleOf = (table: string, { name, type }: CatalogTable['columns'][number], row: number): string => {
  if (type === 'integer') {
    if (name === 'disabled' || name === 'streamed') return String(row % 2)
    if (name === 'status') return '200'
    if (name === 'number' || name === 'attempts' || name === 'position') return String(row)
    if (name.includes('nano_usd')) return String(1_000_000_007 * row)
    return /(?:_at|until|since|^at|hour)$/.test(name)
      ? String(1_764_000_000_000 + row * 1_000_003)
      : String(row * 41)
  }
  if (name === 'sealed' || name === 'wrapped') return `'fake-ciphertext-${table}-${row}'`
  if (name === 'digest') return `'fake-digest-${table}-${row}'`
  const word = name === 'key_id' ? `virtual_keys-id-${row}` : (known[name] ?? `${table}-${name}-${row}`)
  // Each its own exchange, but the corrections: they belong to what was closed.
  const text = name === 'exchange' ? `exchange-${row}` : name === 'provider' && row === 2 ? 'anthropic' : word
  return `'${text.replaceAll("'", "''")}'`
}

const rowsAs = (table: CatalogTable): readonly string[] =>
  (table.name === 'first_start' ? [1] : table.name === 'exchange_corrections' ? [3] : [1, 2, 3]).map(
    (row) => {
      const names = table.columns.map(({ name }) => name)
      const values = table.columns.map((column) => exampleOf(table.name, column, row))
      return `insert into ${table.name} (${names.join(', ')}) values (${values.join(', ')});`
    },
  )

const connection = await openSqliteConnection(':memory:', { synchronous: 'normal', readOnly: false })
const { lock } = createMutex()
const kysely = new Kysely<Schema>({
  dialect: sqliteDialect({ statements: createStatementCache(connection), lock, busyTimeoutMs: 1_000 }),
})
await migrateToRelease(kysely, 'sqlite')
const { tables } = await readCatalog(kysely, 'sqlite')
const objects = await sql<{ sql: string }>`select sql from sqlite_master where sql is not null
  and name not like 'sqlite_%' order by case type when 'table' then 1 when 'index' then 2 else 3 end, rowid`.execute(
  kysely,
)
await Bun.write(join(folder, 'schema.sqlite.sql'), objects.rows.map((row) => `${row.sql};\n`).join(''))

const names = Object.keys(migrations).filter((name) => name <= lastOfRelease)
await Bun.write(
  join(folder, 'rows.sql'),
  [
    ...names.map(
      (name) =>
        `insert into tollgate_migrations (name, timestamp) values ('${name}', '2026-11-20T00:00:00.000Z');`,
    ),
    `insert into tollgate_migrations_lock (id, is_locked) values ('migration_lock', 0);`,
    `insert into account_versions (name, version) values ('accounts', 3);`,
    `insert into organisations (id, name, created_at) values ('org_default', 'default', 0);`,
    ...tables.filter(({ name }) => name !== 'account_versions').flatMap(rowsAs),
    '',
  ].join('\n'),
)

const pgDump = [`${findPostgres()}/pg_dump`, '/usr/lib/postgresql/15/bin/pg_dump'].find((path) =>
  existsSync(path),
)
if (pgDump === undefined) throw new Error('there is no pg_dump')
const server = await startPostgres()
const url = await server.createDatabase()
const pool = openPostgresPool(url, { deadlineMs: 60_000, connections: 1, readOnly: false })
await migrateToRelease(new Kysely<Schema>({ dialect: postgresDialect(() => pool.connect()) }), 'postgres')
await pool.close()
const dump = Bun.spawnSync([pgDump, '--schema-only', '--no-owner', '--no-privileges', url])
await server.stop()
if (dump.exitCode !== 0) throw new Error(dump.stderr.toString())
const schema = dump.stdout
  .toString()
  .split('\n')
  .filter((line) => line !== '' && !/^(?:--|SET |SELECT pg_catalog\.set_config|\\)/.test(line))
await Bun.write(join(folder, 'schema.postgres.sql'), `${schema.join('\n')}\n`)
