import { type Kysely, Migrator, sql } from 'kysely'
import { GatewayError } from '../errors.ts'
import type { DatabaseKind } from './database.ts'
import { migrations } from './migrations/index.ts'
import type { Schema } from './schema.ts'

/**
 * Brings a database up to date. `session` is one connection inside an open transaction: all migrations succeed or
 * none does, and a lock held by that transaction lets one process at a time do it. On SQLite the transaction is
 * exclusive (Kysely's own lock does nothing there); on PostgreSQL an advisory lock also covers Kysely's creation
 * of its own tables, which otherwise fails when two processes start together.
 */
export const migrate = async (session: Kysely<Schema>, kind: DatabaseKind): Promise<void> => {
  if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${advisoryLock})`.execute(session)
  const list = Object.entries(migrations).map(([name, create]) => [name, create(kind)] as const)
  const migrator = new Migrator({
    db: session,
    disableTransactions: true,
    migrationTableName: 'tollgate_migrations',
    migrationLockTableName: 'tollgate_migrations_lock',
    provider: { getMigrations: async () => Object.fromEntries(list) },
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error === undefined) return
  const failed = results?.find((result) => result.status === 'Error')?.migrationName
  if (failed !== undefined) throw new Error(`migration ${failed} failed`, { cause: error })
  if (error instanceof Error && error.message.startsWith('corrupted migrations')) {
    throw new GatewayError(
      'config_invalid',
      'the database was made by a newer version of tollgate: start that version, or restore a backup',
      { cause: error },
    )
  }
  throw error
}

/** Any fixed number that no other program on the same database uses: "tollgate" in ASCII. */
const advisoryLock = 0x746f_6c6c_6761_7465n
