import type { Kysely, Migration } from 'kysely'

/** What models thought on their way to a tool call, sealed, for clients that cannot send it back. */
export const reasoningMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('reasoning')
      .addColumn('organisation_id', 'text', (column) => column.notNull())
      .addColumn('call_key', 'text', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('reasoning_key', ['organisation_id', 'call_key'])
      .execute()
    await kysely.schema.createIndex('reasoning_expires_at').on('reasoning').column('expires_at').execute()
    await kysely.schema.createIndex('reasoning_created_at').on('reasoning').column('created_at').execute()
  },
})
