import type { Kysely, Migration } from 'kysely'

/** What placeholders stand for in conversations that providers keep; the values are sealed. */
export const placeholdersMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('placeholders')
      .addColumn('organisation_id', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('touched_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('placeholders_key', ['organisation_id', 'id'])
      .execute()
    await kysely.schema
      .createIndex('placeholders_expires_at')
      .on('placeholders')
      .column('expires_at')
      .execute()
    // Covers the question how much an organisation keeps, so that nobody reads the content for it.
    await kysely.schema
      .createIndex('placeholders_size')
      .on('placeholders')
      .columns(['organisation_id', 'touched_at', 'id', 'size'])
      .execute()
  },
})
