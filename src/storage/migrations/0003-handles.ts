import type { Kysely, Migration } from 'kysely'

/** Ids of upstream state, bound to the organisation that they were issued to. */
export const handlesMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    // The organisation comes first in the key: no organisation can occupy the id of another.
    await kysely.schema
      .createTable('handles')
      .addColumn('organisation_id', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('team_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('key_id', 'text')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('credential', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addPrimaryKeyConstraint('handles_key', ['organisation_id', 'id'])
      .execute()
    await kysely.schema.createIndex('handles_expires_at').on('handles').column('expires_at').execute()
  },
})
