import type { Kysely, Migration } from 'kysely'

/** What canary prompts came to, and whose turn it was: no word of prompts or answers. */
export const canariesMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('canary_turns')
      .addColumn('canary', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
    await kysely.schema
      .createTable('canary_runs')
      .addColumn('exchange', 'text', (column) => column.primaryKey())
      .addColumn('canary', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('result', 'text', (column) => column.notNull())
      .addColumn('error', 'text')
      .execute()
    // For the audit of a period.
    await kysely.schema.createIndex('canary_runs_at').on('canary_runs').columns(['at']).execute()
  },
})
