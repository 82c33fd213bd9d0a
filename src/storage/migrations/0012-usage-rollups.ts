import { type CreateTableBuilder, type Kysely, type Migration, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/**
 * Sums of the ledger per hour and per quarter of an hour, so that a report over a million rows reads thousands. Triggers note
 * every row that arrives below the mark up to which sums were made: whoever writes rows need not know of them, and
 * a report can tell which quarters it must add up from the rows.
 */
export const usageRollupsMigration = (kind: DatabaseKind): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('usage_rollup')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('sealed_until', 'bigint', (column) => column.notNull())
      .addColumn('rolled_until', 'bigint', (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .execute()
    await sql`insert into usage_rollup (id, sealed_until, rolled_until, version) values (1, 0, 0, 0)`.execute(
      kysely,
    )
    await kysely.schema
      .createTable('usage_late')
      .addColumn('quarter', 'bigint', (column) => column.notNull())
      .addColumn('exchange', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('usage_late_key', ['quarter', 'exchange', 'reason'])
      .execute()
    for (const [table, dimensions] of Object.entries(cubes)) {
      await withSums(withTexts(kysely.schema.createTable(table), dimensions))
        .addPrimaryKeyConstraint(`${table}_key`, ['start', 'number'])
        // On SQLite rows of a time lie together then.
        .modifyEnd(kind === 'sqlite' ? sql`without rowid` : sql``)
        .execute()
    }
    for (const statement of kind === 'sqlite' ? triggersOnSqlite : triggersOnPostgres)
      await sql.raw(statement).execute(kysely)
  },
})

/**
 * The small one, by the hour, answers what people look at daily; the large one, by the quarter, everything that does
 * not change with each exchange.
 */
const cubes: Readonly<Record<string, readonly string[]>> = {
  usage_by_model: ['organisation_id', 'kind', 'direction', 'provider', 'model_asked', 'model_answered'],
  usage_by_key: [
    ...['organisation_id', 'team_id', 'user_id', 'key_id', 'kind', 'direction', 'counterparty', 'provider'],
    ...['credential', 'model_asked', 'model_answered', 'operation', 'client_protocol', 'upstream_protocol'],
    ...['outcome', 'client_agent'],
  ],
}

type Table = CreateTableBuilder<string, string>

const withTexts = (table: Table, names: readonly string[]): Table =>
  names.reduce(
    (builder, name) => builder.addColumn(name, 'text'),
    table
      .addColumn('start', 'bigint', (column) => column.notNull())
      .addColumn('number', 'bigint', (column) => column.notNull()),
  )

const withSums = (table: Table): Table =>
  [
    ...['requests', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'],
    ...['cache_write_long_tokens', 'reasoning_tokens', 'cost_nano_usd', 'unpriced', 'reported', 'counted'],
    'estimated',
  ].reduce((builder, name) => builder.addColumn(name, 'bigint', (column) => column.notNull()), table)

const quarterOf = (time: string): string => `${time} - ${time} % 900000`
const sealed = '(select sealed_until from usage_rollup)'

const triggersOnSqlite = [
  `create trigger exchange_closed_late after insert on exchange_closed when new.at < ${sealed} begin
    insert or ignore into usage_late values (${quarterOf('new.at')}, new.exchange, 'closed');
  end`,
  `create trigger exchange_corrections_late after insert on exchange_corrections begin
    insert or ignore into usage_late select ${quarterOf('new.at')}, new.exchange, 'corrected'
      where new.at < ${sealed};
    insert or ignore into usage_late select ${quarterOf('at')}, exchange, 'superseded' from exchange_closed
      where exchange = new.exchange and at < ${sealed};
  end`,
]

// One call for a statement, not one for each row: a commit of the ledger is one statement. The function's own
// query sees what was committed before it began, so a mark that was set under a lock on the table is never missed.
const triggersOnPostgres = [
  `create function note_late_closed() returns trigger language plpgsql as $$ begin
    insert into usage_late select ${quarterOf('at')}, exchange, 'closed' from added where at < ${sealed}
      on conflict do nothing;
    return null;
  end $$`,
  `create trigger exchange_closed_late after insert on exchange_closed
    referencing new table as added for each statement execute function note_late_closed()`,
  `create function note_late_corrections() returns trigger language plpgsql as $$ begin
    insert into usage_late select ${quarterOf('at')}, exchange, 'corrected' from added where at < ${sealed}
      on conflict do nothing;
    insert into usage_late select ${quarterOf('closed.at')}, closed.exchange, 'superseded'
      from added join exchange_closed closed on closed.exchange = added.exchange where closed.at < ${sealed}
      on conflict do nothing;
    return null;
  end $$`,
  `create trigger exchange_corrections_late after insert on exchange_corrections
    referencing new table as added for each statement execute function note_late_corrections()`,
]
