/**
 * Writes one batch of ledger rows in one transaction. Writing a batch again changes nothing: every row has a key,
 * and a row that is there stays. Two exceptions, both monotonic: a reservation may grow, and a final row of an
 * orphan gets a correction when the real one arrives.
 */
import type { Kysely } from 'kysely'
import type {
  Database,
  PostgresDatabase,
  PostgresSession,
  Schema,
  SqliteDatabase,
  SqliteSession,
} from '../storage/index.ts'
import type { Batch } from './ledger-line.ts'
import { attemptColumns, closedColumns, openedColumns, type Value } from './row-format.ts'

/** Stores what came with an exchange in the same transaction. Must be idempotent: batches are replayed. */
export type HandleWriter = (kysely: Kysely<Schema>, handles: readonly unknown[]) => Promise<void>

export interface BatchStoreOptions {
  readonly writeHandles: HandleWriter
  readonly now: () => number
  /** The longest wait for PostgreSQL, in milliseconds. */
  readonly deadlineMs: number
  /** Makes each commit this much slower, to measure with a slow disk. */
  readonly fsyncDelayMs: number
}

export type WriteBatch = (batch: Batch) => Promise<void>

export const createBatchWriter = (database: Database, options: BatchStoreOptions): WriteBatch =>
  database.kind === 'sqlite' ? sqliteWriter(database, options) : postgresWriter(database, options)

const sqliteWriter =
  (database: SqliteDatabase, options: BatchStoreOptions): WriteBatch =>
  (batch) =>
    database.transaction((session) => {
      insertRows(session, batch, options.now())
      // Blocks the thread, as the disk would.
      if (options.fsyncDelayMs > 0) Bun.sleepSync(options.fsyncDelayMs)
      return batch.handles.length === 0 ? undefined : options.writeHandles(session.kysely, batch.handles)
    })

const insertRows = ({ prepare }: SqliteSession, batch: Batch, now: number): void => {
  const opened = prepare(sqliteOpened)
  for (const row of batch.opened) opened.run(...row)
  const attempt = prepare(sqliteAttempt)
  for (const row of batch.attempts) attempt.run(...row)
  const closed = prepare(sqliteClosed)
  for (const row of batch.closed) {
    const { changes } = closed.run(...row)
    if (Number(changes) === 0) prepare(sqliteCorrection).run(...row, now)
  }
}

const newReservation = `on conflict (exchange) do update set
  reserved_nano_usd = excluded.reserved_nano_usd, reserved_input_tokens = excluded.reserved_input_tokens,
  reserved_output_tokens = excluded.reserved_output_tokens, provider = excluded.provider, model = excluded.model,
  upstream_protocol = excluded.upstream_protocol, credential = excluded.credential`

const placeholders = (columns: readonly string[]) => columns.map(() => '?').join(', ')

const sqliteOpened = `insert into exchange_opened (${openedColumns.join(', ')})
  values (${placeholders(openedColumns)}) ${newReservation}`

const sqliteAttempt = `insert into exchange_attempts (${attemptColumns.join(', ')})
  values (${placeholders(attemptColumns)}) on conflict do nothing`

const sqliteClosed = `insert into exchange_closed (${closedColumns.join(', ')})
  values (${placeholders(closedColumns)}) on conflict do nothing`

const orphanedPlace = `?${closedColumns.indexOf('outcome') + 1}`
const exchangePlace = `?${closedColumns.indexOf('exchange') + 1}`

const sqliteCorrection = `insert into exchange_corrections (${closedColumns.join(', ')}, recorded_at)
  select ${closedColumns.map((_, place) => `?${place + 1}`).join(', ')}, ?${closedColumns.length + 1}
  where ${orphanedPlace} <> 'orphaned' and exists
    (select 1 from exchange_closed where exchange = ${exchangePlace} and outcome = 'orphaned')
  on conflict do nothing`

/** One statement with a JSON parameter for each table: one trip to the server, whatever the number of rows. */
const postgresWriter =
  (database: PostgresDatabase, options: BatchStoreOptions): WriteBatch =>
  async (batch) => {
    const opened = recordset(openedColumns, batch.opened)
    const attempts = recordset(attemptColumns, batch.attempts)
    const closed = recordset(closedColumns, batch.closed)
    if (options.fsyncDelayMs > 0) await Bun.sleep(options.fsyncDelayMs)
    const insert = async (query: PostgresSession['query']) => {
      const { count } = await query(postgresInsert, [opened, attempts, closed])
      // A second statement sees what the first one waited for: an orphan closed by another instance meanwhile.
      if (count < batch.closed.length) await query(postgresCorrection, [closed, BigInt(options.now())])
    }
    // Alone, the one statement is its own transaction and saves two trips. A correction lost in between comes back:
    // the batch is not acknowledged then, and is replayed.
    if (batch.handles.length === 0) return database.session(({ query }) => insert(query), options.deadlineMs)
    await database.transaction(async ({ query, kysely }) => {
      await insert(query)
      await options.writeHandles(kysely, batch.handles)
    }, options.deadlineMs)
  }

const recordset = (columns: readonly string[], rows: readonly (readonly Value[])[]): string =>
  JSON.stringify(
    rows.map((row) => {
      const object: Record<string, Value> = {}
      for (let place = 0; place < columns.length; place += 1) {
        const [column, value] = [columns[place], row[place]]
        // A field that is absent is null, and costs the server nothing to read.
        if (column !== undefined && value !== null && value !== undefined) object[column] = value
      }
      return object
    }),
  )

const rowsFrom = (parameter: string, table: string, columns: readonly string[]) =>
  `select ${columns.join(', ')} from json_populate_recordset(null::${table}, (${parameter}::text)::json)`

const postgresInsert = `with
  opened as (insert into exchange_opened (${openedColumns.join(', ')})
    ${rowsFrom('$1', 'exchange_opened', openedColumns)} ${newReservation}),
  attempts as (insert into exchange_attempts (${attemptColumns.join(', ')})
    ${rowsFrom('$2', 'exchange_attempts', attemptColumns)} on conflict do nothing)
  insert into exchange_closed (${closedColumns.join(', ')})
    ${rowsFrom('$3', 'exchange_closed', closedColumns)} on conflict do nothing`

const postgresCorrection = `insert into exchange_corrections (${closedColumns.join(', ')}, recorded_at)
  select ${closedColumns.map((name) => `late.${name}`).join(', ')}, $2::int8
  from json_populate_recordset(null::exchange_closed, ($1::text)::json) late
  join exchange_closed on exchange_closed.exchange = late.exchange
  where exchange_closed.outcome = 'orphaned' and late.outcome <> 'orphaned'
  on conflict do nothing`
