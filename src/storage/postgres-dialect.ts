import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type { PostgresConnection } from './postgres-pool.ts'

/** Kysely over Bun's PostgreSQL client. `connect` hands out a connection that is released after use. */
export const postgresDialect = (connect: () => Promise<PostgresConnection>): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => postgresDriver(connect),
  createIntrospector: (kysely: Kysely<unknown>) => new PostgresIntrospector(kysely),
  createQueryCompiler: () => new PostgresQueryCompiler(),
})

const postgresDriver = (connect: () => Promise<PostgresConnection>): Driver => {
  const connections = new WeakMap<DatabaseConnection, PostgresConnection>()
  const command = (sql: string) => async (connection: DatabaseConnection) => {
    await connection.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => {},
    acquireConnection: async () => {
      const connection = await connect()
      const adapted = kyselyConnection(connection)
      connections.set(adapted, connection)
      return adapted
    },
    releaseConnection: async (connection) => connections.get(connection)?.release(),
    beginTransaction: (connection, settings) => command(beginStatement(settings))(connection),
    commitTransaction: command('commit'),
    rollbackTransaction: command('rollback'),
    savepoint: (connection, name) => command(`savepoint "${name}"`)(connection),
    rollbackToSavepoint: (connection, name) => command(`rollback to "${name}"`)(connection),
    releaseSavepoint: (connection, name) => command(`release "${name}"`)(connection),
    destroy: async () => {},
  }
}

const beginStatement = ({ isolationLevel, accessMode }: TransactionSettings): string =>
  [
    'start transaction',
    ...(isolationLevel === undefined ? [] : [`isolation level ${isolationLevel}`]),
    ...(accessMode === undefined ? [] : [accessMode]),
  ].join(' ')

const writes = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

const kyselyConnection = (connection: PostgresConnection): DatabaseConnection => ({
  executeQuery: async <Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> => {
    const result = await connection.query(sql, parameters)
    // Kysely's own contract: the compiled query fixes the row type, the driver hands rows through unseen.
    const rows = [...result.rows] as Row[]
    return writes.has(result.command ?? '') ? { rows, numAffectedRows: BigInt(result.count) } : { rows }
  },
  // biome-ignore lint/correctness/useYield: the interface wants a generator; nothing of ours streams rows.
  streamQuery: async function* () {
    throw new Error('streaming is not supported on PostgreSQL: page through the rows instead')
  },
})
