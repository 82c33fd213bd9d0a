import type { Kysely, Migration } from 'kysely'

/** What copies of exchanges that went to another target came to: measures, and no word of prompts or answers. */
export const shadowMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('shadow_copies')
      .addColumn('copy', 'text', (column) => column.primaryKey())
      .addColumn('exchange', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('organisation_id', 'text', (column) => column.notNull())
      .addColumn('team_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('key_id', 'text')
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('primary_provider', 'text', (column) => column.notNull())
      .addColumn('primary_model', 'text', (column) => column.notNull())
      .addColumn('primary_latency_ms', 'bigint', (column) => column.notNull())
      .addColumn('primary_cost_nano_usd', 'bigint')
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('reserved_nano_usd', 'bigint')
      .addColumn('result', 'text')
      .addColumn('error', 'text')
      .addColumn('latency_ms', 'bigint')
      .addColumn('cost_nano_usd', 'bigint')
      .addColumn('same_stop', 'bigint')
      .addColumn('same_tool_calls', 'bigint')
      .addColumn('primary_json', 'bigint')
      .addColumn('copy_json', 'bigint')
      .addColumn('primary_length', 'bigint')
      .addColumn('copy_length', 'bigint')
      .addColumn('similarity_ppm', 'bigint')
      .execute()
    // For the report of a period, and for what a rule has spent since midnight.
    await kysely.schema.createIndex('shadow_copies_at').on('shadow_copies').columns(['at']).execute()
    await kysely.schema
      .createIndex('shadow_copies_route_at')
      .on('shadow_copies')
      .columns(['route', 'at'])
      .execute()
    await kysely.schema
      .createTable('shadow_drops')
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('hour', 'bigint', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('shadow_drops_key', ['route', 'hour', 'reason'])
      .execute()
  },
})
