import { type CreateTableBuilder, type Kysely, type Migration, type RawBuilder, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/** The ledger: instances, opened, attempts, closed, corrections, and the views `exchange_entries` and `usage_log`. */
export const ledgerMigration = (kind: DatabaseKind): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await createInstances(kysely)
    const keyed = keyedOn(kind)
    await createOpened(kysely, keyed)
    await createAttempts(kysely, keyed)
    await createClosed(kysely, keyed)
    await sql.raw(entriesView).execute(kysely)
    await sql.raw(kind === 'sqlite' ? usageLogOnSqlite : usageLogOnPostgres).execute(kysely)
  },
})

const createInstances = (kysely: Kysely<unknown>) =>
  kysely.schema
    .createTable('instances')
    .addColumn('instance', 'text', (column) => column.primaryKey())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('lease_until', 'bigint', (column) => column.notNull())
    .addColumn('open_since', 'bigint', (column) => column.notNull())
    .execute()

/** What tables with an exchange id as their key differ in. */
interface Keyed {
  /** Ids are ordered by code points on both databases: pages of entries are cut and merged by them. */
  readonly id: RawBuilder<unknown>
  /** On SQLite the table is its own key index: a commit of one exchange writes a third fewer pages. */
  readonly end: RawBuilder<unknown>
}

const keyedOn = (kind: DatabaseKind): Keyed =>
  kind === 'sqlite' ? { id: sql`text`, end: sql`without rowid` } : { id: sql`text collate "C"`, end: sql`` }

const createOpened = async (kysely: Kysely<unknown>, { id, end }: Keyed) => {
  const table = kysely.schema
    .createTable('exchange_opened')
    .addColumn('exchange', id, (column) => column.primaryKey())
    .addColumn('instance', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
  await texts(tenant(table), ['kind', 'direction', 'operation', 'client_protocol'], true)
    .addColumn('request_bytes', 'bigint', (column) => column.notNull())
    .$call((builder) => texts(builder, ['counterparty', 'session', 'model_asked', 'provider', 'model']))
    .$call((builder) => texts(builder, ['upstream_protocol', 'credential']))
    .$call((builder) =>
      integers(builder, ['reserved_nano_usd', 'reserved_input_tokens', 'reserved_output_tokens']),
    )
    .modifyEnd(end)
    .execute()
  await kysely.schema
    .createIndex('exchange_opened_instance')
    .on('exchange_opened')
    .columns(['instance', 'at'])
    .execute()
}

const createAttempts = (kysely: Kysely<unknown>, { id, end }: Keyed) => {
  const table = kysely.schema
    .createTable('exchange_attempts')
    .addColumn('exchange', id, (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('latency_ms', 'bigint', (column) => column.notNull())
  return texts(usage(tenant(table)), ['provider', 'protocol', 'model_sent'], true)
    .$call((builder) => texts(builder, ['credential', 'model_answered', 'error', 'upstream_request_id']))
    .$call((builder) => integers(builder, ['status', 'ttft_ms']))
    .addPrimaryKeyConstraint('exchange_attempts_key', ['exchange', 'number'])
    .modifyEnd(end)
    .execute()
}

const createClosed = async (kysely: Kysely<unknown>, keyed: Keyed) => {
  await closedColumns(kysely, keyed, 'exchange_closed').execute()
  await closedColumns(kysely, keyed, 'exchange_corrections')
    .addColumn('recorded_at', 'bigint', (column) => column.notNull())
    .execute()
  const index = (name: string, columns: string[]) =>
    kysely.schema.createIndex(name).on('exchange_closed').columns(columns).execute()
  await index('exchange_closed_at', ['at', 'exchange'])
  await index('exchange_closed_key', ['key_id', 'at'])
}

const closedColumns = (kysely: Kysely<unknown>, { id, end }: Keyed, name: string) => {
  const table = kysely.schema
    .createTable(name)
    .addColumn('exchange', id, (column) => column.primaryKey())
    .addColumn('instance', 'text', (column) => column.notNull())
  return usage(tenant(table))
    .$call((builder) =>
      texts(builder, ['kind', 'direction', 'operation', 'client_protocol', 'outcome'], true),
    )
    .$call((builder) => integers(builder, ['at', 'opened_at', 'streamed', 'attempts', 'latency_ms'], true))
    .$call((builder) => integers(builder, ['request_bytes', 'response_bytes'], true))
    .$call((builder) => texts(builder, ['counterparty', 'session', 'upstream_protocol', 'model_asked']))
    .$call((builder) => texts(builder, ['model_answered', 'provider', 'credential', 'error', 'stage']))
    .$call((builder) => texts(builder, ['warnings', 'client_agent']))
    .$call((builder) => integers(builder, ['status', 'ttft_ms']))
    .modifyEnd(end)
}

type Table = CreateTableBuilder<string, string>

const tenant = (table: Table): Table =>
  texts(texts(table, ['organisation_id'], true), ['team_id', 'user_id', 'key_id'])

const usage = (table: Table): Table =>
  texts(
    integers(table, [
      ...['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'],
      ...['cache_write_long_tokens', 'reasoning_tokens', 'cost_nano_usd'],
    ]),
    ['usage_other', 'usage_source', 'price_version'],
  )

const texts = (table: Table, names: readonly string[], required = false): Table =>
  columns(table, 'text', names, required)

const integers = (table: Table, names: readonly string[], required = false): Table =>
  columns(table, 'bigint', names, required)

const columns = (table: Table, type: 'text' | 'bigint', names: readonly string[], required: boolean): Table =>
  names.reduce(
    (builder, name) => builder.addColumn(name, type, (column) => (required ? column.notNull() : column)),
    table,
  )

// Both selects must name the columns in one order: a union matches them by place.
const entryColumns = [
  ...['exchange', 'instance', 'at', 'opened_at', 'kind', 'direction', 'counterparty', 'organisation_id'],
  ...['team_id', 'user_id', 'key_id', 'session', 'operation', 'client_protocol', 'upstream_protocol'],
  ...['model_asked', 'model_answered', 'provider', 'credential', 'outcome', 'status', 'error', 'stage'],
  ...['streamed', 'attempts', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'],
  ...['cache_write_long_tokens', 'reasoning_tokens', 'usage_other', 'usage_source', 'cost_nano_usd'],
  ...[
    'price_version',
    'latency_ms',
    'ttft_ms',
    'request_bytes',
    'response_bytes',
    'warnings',
    'client_agent',
  ],
]

const entriesView = `create view exchange_entries as
  select ${entryColumns.join(', ')}, cast(0 as bigint) as corrected from exchange_closed
  where not exists (select 1 from exchange_corrections where exchange_corrections.exchange = exchange_closed.exchange)
  union all
  select ${entryColumns.join(', ')}, cast(1 as bigint) as corrected from exchange_corrections`

const usageLog = (time: string, cost: string) => `create view usage_log as
  select ${time} as time, exchange, organisation_id as organisation, team_id as team, user_id as "user",
    key_id as "key", session, kind, direction, client_protocol, upstream_protocol, provider, model_asked,
    model_answered, outcome, status, error, stage, attempts, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_long_tokens, reasoning_tokens, usage_source, ${cost} as cost_usd,
    price_version, latency_ms, ttft_ms, client_agent
  from exchange_entries`

const usageLogOnSqlite = usageLog(
  `strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch')`,
  `case when cost_nano_usd is null then null else
    iif(cost_nano_usd < 0, '-', '') || printf('%d.%09d', abs(cost_nano_usd) / 1000000000, abs(cost_nano_usd) % 1000000000) end`,
)

const usageLogOnPostgres = usageLog(
  `to_char(to_timestamp(at / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  `cast(cast(cost_nano_usd as numeric) / 1000000000 as numeric(30, 9))::text`,
)
