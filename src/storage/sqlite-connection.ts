import { Database, type SQLQueryBindings, type Statement } from 'bun:sqlite'
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { storageFailure } from './storage-failure.ts'

export interface SqliteSettings {
  /** `full` survives power loss; `normal` survives a crash of the process. */
  readonly synchronous: 'full' | 'normal'
  /** Refuse every write, so that a reporting connection can never hold the write lock. */
  readonly readOnly: boolean
}

/** Opens (and creates, readable by its owner only) a database file. Every integer is read as a bigint. */
export const openSqliteConnection = async (path: string, settings: SqliteSettings): Promise<Database> => {
  const create = !settings.readOnly
  if (create && path !== ':memory:') createPrivateFile(path)
  const connection = new Database(path, { create, readwrite: true, safeIntegers: true, strict: true })
  // Before journal_mode: switching to WAL needs a lock that another starting process may hold.
  connection.run(`pragma busy_timeout = ${blockingWaitMs}`)
  await whileBusy(() => connection.run('pragma journal_mode = wal'), 10_000)
  connection.run(`pragma synchronous = ${settings.synchronous}`)
  connection.run('pragma foreign_keys = on')
  // 8 MB: the pages that every commit writes again are moved to the database file once for hundreds of commits.
  connection.run('pragma wal_autocheckpoint = 2000')
  connection.run('pragma journal_size_limit = 67108864')
  if (settings.readOnly) connection.run('pragma query_only = on')
  return connection
}

/**
 * Waits for another connection's write without blocking the thread: the holder may be on this very thread, in the
 * middle of a transaction, and would never get to its end. Throws SQLITE_BUSY after `milliseconds`.
 */
export const whileBusy = async <T>(work: () => T, milliseconds: number): Promise<T> => {
  const deadline = performance.now() + milliseconds
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (storageFailure(error) !== 'busy' || performance.now() > deadline) throw error
    }
    await Bun.sleep(2)
  }
}

/** SQLite's own wait, which blocks the thread: enough for the usual write of another process. */
const blockingWaitMs = 20

export interface StatementCache {
  readonly get: (sql: string) => Statement<unknown, SQLQueryBindings[]>
  readonly close: () => void
}

/** Keeps the statements used last; a query builder makes the same few texts over and over. */
export const createStatementCache = (connection: Database, capacity = 256): StatementCache => {
  const statements = new Map<string, Statement<unknown, SQLQueryBindings[]>>()
  return {
    get: (sql) => {
      const known = statements.get(sql)
      if (known !== undefined) {
        statements.delete(sql)
        statements.set(sql, known)
        return known
      }
      const statement = connection.prepare<unknown, SQLQueryBindings[]>(sql)
      statements.set(sql, statement)
      for (const [oldest, unused] of statements) {
        if (statements.size <= capacity) break
        statements.delete(oldest)
        unused.finalize()
      }
      return statement
    },
    close: () => {
      for (const statement of statements.values()) statement.finalize()
      statements.clear()
    },
  }
}

/** SQLite gives its side files the mode of the database file, so the file is made before SQLite makes it. */
const createPrivateFile = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(path, 'wx', 0o600))
    chmodSync(path, 0o600)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
