import { Kysely } from 'kysely'
import { GatewayError } from '../errors.ts'
import type { Database, PostgresDatabase, PostgresSession, SqliteDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { createMutex } from './mutex.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { openPostgresPool } from './postgres-pool.ts'
import type { Schema } from './schema.ts'
import { createStatementCache, openSqliteConnection, whileBusy } from './sqlite-connection.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

export interface DatabaseOptions {
  /** SQLite: `full` (default) survives power loss, `normal` only a crash of the process. */
  readonly synchronous?: 'full' | 'normal'
  /** SQLite: wait for another process's write, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number
  /** PostgreSQL: the longest a query may take, in milliseconds. Default 10,000. */
  readonly deadlineMs?: number
  /** PostgreSQL: size of the connection pool. Default 5. */
  readonly connections?: number
  /** Refuse writes and run no migrations. Default false. */
  readonly readOnly?: boolean
}

/**
 * Opens the database that `url` names and brings its schema up to date. Processes may start together.
 * URLs: `sqlite:/path/file.db`, `sqlite::memory:`, `postgres://user:password@host/database`.
 * Throws GatewayError `config_invalid` for another URL or a database from a newer version.
 */
export const openDatabase = async (url: string, options: DatabaseOptions = {}): Promise<Database> => {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length), options)
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, options)
  const scheme = /^[a-z+]{1,20}:/.exec(url)?.[0] ?? 'a url without a scheme'
  throw new GatewayError(
    'config_invalid',
    `database url: expected sqlite:/path/file.db or postgres://…, found ${scheme}`,
  )
}

const openSqlite = async (path: string, options: DatabaseOptions): Promise<SqliteDatabase> => {
  const { readOnly = false, busyTimeoutMs = 5_000, synchronous = 'full' } = options
  const connection = await openSqliteConnection(path, { synchronous, readOnly })
  const statements = createStatementCache(connection)
  const { lock } = createMutex()
  const kysely = new Kysely<Schema>({ dialect: sqliteDialect({ statements, lock, busyTimeoutMs }) })
  // Works on the connection of whoever holds the lock already.
  const unlocked = { statements, lock: async () => () => {}, busyTimeoutMs }
  const session = {
    kysely: new Kysely<Schema>({ dialect: sqliteDialect(unlocked) }),
    connection,
    prepare: statements.get,
  }
  const transaction =
    (begin: string, waitMs: number): SqliteDatabase['transaction'] =>
    async (work) => {
      const release = await lock()
      try {
        await whileBusy(() => statements.get(begin).run(), waitMs)
        const result = work(session)
        const value = result instanceof Promise ? await result : result
        statements.get('commit').run()
        return value
      } catch (error) {
        // SQLite has rolled back by itself after some errors, such as a full disk.
        if (connection.inTransaction) statements.get('rollback').run()
        throw error
      } finally {
        release()
      }
    }
  const close = async () => {
    const release = await lock()
    statements.close()
    connection.close()
    release()
  }
  try {
    if (!readOnly)
      await transaction('begin exclusive', migrationWaitMs)(({ kysely }) => migrate(kysely, 'sqlite'))
  } catch (error) {
    await close()
    throw error
  }
  return {
    ...{ kind: 'sqlite', kysely, close, transaction: transaction('begin immediate', busyTimeoutMs) },
    snapshot: (work) => transaction('begin deferred', busyTimeoutMs)((session) => work(session.kysely)),
  }
}

const openPostgres = async (url: string, options: DatabaseOptions): Promise<PostgresDatabase> => {
  const readOnly = options.readOnly ?? false
  const pool = openPostgresPool(url, {
    deadlineMs: options.deadlineMs ?? 10_000,
    connections: options.connections ?? 5,
    readOnly,
  })
  const session: PostgresDatabase['session'] = async (work, deadlineMs) => {
    const connection = await pool.connect(deadlineMs)
    const bound = { query: connection.query, release: async () => {} }
    try {
      return await work({
        query: connection.query,
        // Made when asked for: the hot path does without.
        get kysely() {
          return new Kysely<Schema>({ dialect: postgresDialect(async () => bound) })
        },
      })
    } finally {
      await connection.release()
    }
  }
  const between = <T>(begin: string, work: (session: PostgresSession) => Promise<T>, deadlineMs?: number) =>
    session(async (bound) => {
      try {
        await bound.query(begin)
        const value = await work(bound)
        // A transaction in which a statement failed is rolled back by `commit`, without an error.
        const { command } = await bound.query('commit')
        if (command !== 'COMMIT')
          throw new Error('the transaction was rolled back: a statement in it had failed')
        return value
      } catch (error) {
        // A lost connection cannot roll back; the server has done so. The first error is the one to report.
        await bound.query('rollback').catch(() => {})
        throw error
      }
    }, deadlineMs)
  const transaction: PostgresDatabase['transaction'] = (work, deadlineMs) =>
    between('begin', work, deadlineMs)
  const snapshot: PostgresDatabase['snapshot'] = (work) =>
    between('begin isolation level repeatable read read only', (bound) => work(bound.kysely))
  try {
    if (!readOnly) await transaction(({ kysely }) => migrate(kysely, 'postgres'), migrationWaitMs)
  } catch (error) {
    await pool.close()
    throw error
  }
  const kysely = new Kysely<Schema>({ dialect: postgresDialect(() => pool.connect()) })
  return { kind: 'postgres', kysely, session, transaction, snapshot, close: pool.close }
}

/** A process that starts waits this long for the migrations of another one. */
const migrationWaitMs = 120_000
