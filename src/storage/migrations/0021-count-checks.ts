import type { Kysely, Migration } from 'kysely'

/** What providers reported of calls, beside what was counted here: numbers, and no word of prompts or answers. */
export const countChecksMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('count_checks')
      .addColumn('exchange', 'text', (column) => column.notNull())
      .addColumn('attempt', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('protocol', 'text', (column) => column.notNull())
      .addColumn('method', 'text', (column) => column.notNull())
      .addColumn('edition', 'bigint', (column) => column.notNull())
      .addColumn('reported_input', 'bigint')
      .addColumn('counted_input', 'bigint')
      .addColumn('reported_output', 'bigint')
      .addColumn('counted_output', 'bigint')
      .addColumn('hidden_reasoning', 'bigint')
      .addPrimaryKeyConstraint('count_checks_key', ['exchange', 'attempt'])
      .execute()
    // For the audit of a period.
    await kysely.schema.createIndex('count_checks_at').on('count_checks').columns(['at']).execute()
  },
})
