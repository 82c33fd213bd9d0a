import { type Kysely, type Migration, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/**
 * What the compressor made of the blocks that it changed. Rows from before have none. The view of entries gets the
 * columns behind those that it has; the view for people stays as it is.
 */
export const compressMigration = (kind: DatabaseKind): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    for (const table of tables) {
      for (const column of columns) {
        await kysely.schema.alterTable(table).addColumn(column, 'bigint').execute()
      }
    }
    // PostgreSQL adds columns to a view that others read; SQLite makes it anew, and does not ask who reads it.
    if (kind === 'sqlite') await kysely.schema.dropView('exchange_entries').execute()
    await sql.raw(entriesView(kind)).execute(kysely)
  },
})

const tables = ['exchange_closed', 'exchange_corrections'] as const

const columns = [
  'compress_bytes_before',
  'compress_bytes_after',
  'compress_tokens_before',
  'compress_tokens_after',
] as const

// Both selects must name the columns in one order: a union matches them by place. PostgreSQL wants those that are there
// already to stay where they are, `corrected` among them.
const entryColumns = [
  ...['exchange', 'instance', 'at', 'opened_at', 'kind', 'direction', 'counterparty', 'organisation_id'],
  ...['team_id', 'user_id', 'key_id', 'session', 'tags', 'operation', 'client_protocol', 'upstream_protocol'],
  ...['model_asked', 'model_answered', 'provider', 'credential', 'outcome', 'status', 'error', 'stage'],
  ...['streamed', 'attempts', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'],
  ...['cache_write_long_tokens', 'reasoning_tokens', 'usage_other', 'usage_source', 'cost_nano_usd'],
  ...['price_version', 'latency_ms', 'ttft_ms', 'request_bytes', 'response_bytes', 'warnings'],
  ...['client_agent', 'firewall', 'cache', 'cache_saved_nano_usd'],
].join(', ')

const entriesView = (kind: DatabaseKind): string => {
  const select = (corrected: 0 | 1): string =>
    `${entryColumns}, cast(${corrected} as bigint) as corrected, ${columns.join(', ')}`
  return `create ${kind === 'sqlite' ? '' : 'or replace '}view exchange_entries as
  select ${select(0)} from exchange_closed
  where not exists (select 1 from exchange_corrections where exchange_corrections.exchange = exchange_closed.exchange)
  union all
  select ${select(1)} from exchange_corrections`
}
