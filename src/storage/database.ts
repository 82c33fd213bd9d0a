import type { SQLQueryBindings, Database as Sqlite, Statement } from 'bun:sqlite'
import type { Kysely } from 'kysely'
import type { PostgresConnection } from './postgres-pool.ts'
import type { Schema } from './schema.ts'

export type DatabaseKind = 'sqlite' | 'postgres'

/** What a transaction works with: the query builder, and the driver below it where every microsecond counts. */
export interface SqliteSession {
  readonly kysely: Kysely<Schema>
  readonly connection: Sqlite
  /** A prepared statement, kept for the next call. */
  readonly prepare: (sql: string) => Statement<unknown, SQLQueryBindings[]>
}

export interface PostgresSession {
  readonly kysely: Kysely<Schema>
  readonly query: PostgresConnection['query']
}

interface DatabaseBase {
  /** Queries and transactions for everything that is not on the hot path. */
  readonly kysely: Kysely<Schema>
  /** Several reads that see one state of the database. Takes no lock that a writer would wait for. */
  readonly snapshot: <T>(work: (kysely: Kysely<Schema>) => Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

/**
 * One transaction on one connection: committed when `work` returns, rolled back when it throws. On SQLite it is
 * immediate and nothing else uses the connection meanwhile, so `work` must not use `database.kysely`.
 */
export interface SqliteDatabase extends DatabaseBase {
  readonly kind: 'sqlite'
  readonly transaction: <T>(work: (session: SqliteSession) => T | Promise<T>) => Promise<T>
}

export interface PostgresDatabase extends DatabaseBase {
  readonly kind: 'postgres'
  /** One connection without a transaction: each statement is its own. */
  readonly session: <T>(work: (session: PostgresSession) => Promise<T>, deadlineMs?: number) => Promise<T>
  readonly transaction: <T>(work: (session: PostgresSession) => Promise<T>, deadlineMs?: number) => Promise<T>
}

export type Database = SqliteDatabase | PostgresDatabase
