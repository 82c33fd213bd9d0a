import { type Kysely, type Migration, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/** What the cache of answers did about an exchange, as JSON, and what it saved. Both views are made anew with it. */
export const answerCacheMigration = (kind: DatabaseKind): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    for (const table of ['exchange_closed', 'exchange_corrections']) {
      await kysely.schema.alterTable(table).addColumn('cache', 'text').execute()
      await kysely.schema.alterTable(table).addColumn('cache_saved_nano_usd', 'bigint').execute()
    }
    await kysely.schema.dropView('usage_log').execute()
    await kysely.schema.dropView('exchange_entries').execute()
    await sql.raw(entriesView).execute(kysely)
    await sql.raw(kind === 'sqlite' ? usageLogOnSqlite : usageLogOnPostgres).execute(kysely)
  },
})

// Both selects must name the columns in one order: a union matches them by place.
const entryColumns = [
  ...['exchange', 'instance', 'at', 'opened_at', 'kind', 'direction', 'counterparty', 'organisation_id'],
  ...['team_id', 'user_id', 'key_id', 'session', 'tags', 'operation', 'client_protocol', 'upstream_protocol'],
  ...['model_asked', 'model_answered', 'provider', 'credential', 'outcome', 'status', 'error', 'stage'],
  ...['streamed', 'attempts', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'],
  ...['cache_write_long_tokens', 'reasoning_tokens', 'usage_other', 'usage_source', 'cost_nano_usd'],
  ...['price_version', 'latency_ms', 'ttft_ms', 'request_bytes', 'response_bytes', 'warnings'],
  ...['client_agent', 'firewall', 'cache', 'cache_saved_nano_usd'],
].join(', ')

const entriesView = `create view exchange_entries as
  select ${entryColumns}, cast(0 as bigint) as corrected from exchange_closed
  where not exists (select 1 from exchange_corrections where exchange_corrections.exchange = exchange_closed.exchange)
  union all
  select ${entryColumns}, cast(1 as bigint) as corrected from exchange_corrections`

const usageLog = (time: string, usd: (column: string) => string) => `create view usage_log as
  select ${time} as time, exchange, organisation_id as organisation, team_id as team, user_id as "user",
    key_id as "key", session, tags, kind, direction, client_protocol, upstream_protocol, provider, model_asked,
    model_answered, outcome, status, error, stage, attempts, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_long_tokens, reasoning_tokens, usage_source, ${usd('cost_nano_usd')} as cost_usd,
    price_version, latency_ms, ttft_ms, client_agent, firewall, cache,
    ${usd('cache_saved_nano_usd')} as cache_saved_usd
  from exchange_entries`

const usageLogOnSqlite = usageLog(
  `strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch')`,
  (column) => `case when ${column} is null then null else
    iif(${column} < 0, '-', '') || printf('%d.%09d', abs(${column}) / 1000000000, abs(${column}) % 1000000000) end`,
)

const usageLogOnPostgres = usageLog(
  `to_char(to_timestamp(at / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  (column) => `cast(cast(${column} as numeric) / 1000000000 as numeric(30, 9))::text`,
)
