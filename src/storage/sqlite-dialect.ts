import type { SQLQueryBindings } from 'bun:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { type StatementCache, whileBusy } from './sqlite-connection.ts'

export interface SqliteDialectOptions {
  readonly statements: StatementCache
  /** Gives the connection to one user at a time; resolves with the release. */
  readonly lock: () => Promise<() => void>
  /** How long a statement waits for another connection's write, in milliseconds. */
  readonly busyTimeoutMs: number
}

/** Kysely over one bun:sqlite connection. */
export const sqliteDialect = (options: SqliteDialectOptions): Dialect => ({
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => sqliteDriver(options),
  createIntrospector: (kysely: Kysely<unknown>) => new SqliteIntrospector(kysely),
  createQueryCompiler: () => new SqliteQueryCompiler(),
})

interface LockedConnection extends DatabaseConnection {
  readonly release: () => void
}

const sqliteDriver = (options: SqliteDialectOptions): Driver => {
  const releases = new WeakMap<DatabaseConnection, () => void>()
  const command = (sql: string) => async (connection: DatabaseConnection) => {
    await connection.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => {},
    acquireConnection: async () => {
      const connection = sqliteConnection(options, await options.lock())
      releases.set(connection, connection.release)
      return connection
    },
    releaseConnection: async (connection) => releases.get(connection)?.(),
    // `immediate` waits for the write lock at the start; a deferred transaction fails when it starts to write.
    beginTransaction: command('begin immediate'),
    commitTransaction: command('commit'),
    rollbackTransaction: command('rollback'),
    savepoint: (connection, name) => command(`savepoint "${name}"`)(connection),
    rollbackToSavepoint: (connection, name) => command(`rollback to "${name}"`)(connection),
    releaseSavepoint: (connection, name) => command(`release "${name}"`)(connection),
    destroy: async () => {},
  }
}

const sqliteConnection = (
  { statements, busyTimeoutMs }: SqliteDialectOptions,
  release: () => void,
): LockedConnection => ({
  release,
  executeQuery: async <Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> => {
    const bindings = parameters.map(toBinding)
    return whileBusy(() => {
      const statement = statements.get(sql)
      // Kysely's own contract: the compiled query fixes the row type, the driver hands rows through unseen.
      if (statement.columnNames.length > 0) return { rows: statement.all(...bindings) as Row[] }
      const { changes, lastInsertRowid } = statement.run(...bindings)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    }, busyTimeoutMs)
  },
  // biome-ignore lint/correctness/useYield: the interface wants a generator; nothing of ours streams rows.
  streamQuery: async function* () {
    throw new Error('streaming is not supported on SQLite: page through the rows instead')
  },
})

const toBinding = (value: unknown): SQLQueryBindings => {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Uint8Array) return value
  throw new TypeError(`a ${typeof value} cannot be stored: use text, an integer, bytes or null`)
}
