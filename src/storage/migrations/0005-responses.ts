import type { Kysely, Migration } from 'kysely'

/** Answers and conversations that the gateway keeps for providers which keep none; their content is sealed. */
export const responsesMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('responses')
      .addColumn('organisation_id', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('team_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('key_id', 'text')
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('touched_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('responses_key', ['organisation_id', 'id'])
      .execute()
    await kysely.schema.createIndex('responses_expires_at').on('responses').column('expires_at').execute()
    // Covers the question how much an organisation keeps, so that nobody reads the content for it.
    await kysely.schema
      .createIndex('responses_size')
      .on('responses')
      .columns(['organisation_id', 'touched_at', 'id', 'size'])
      .execute()
    await kysely.schema
      .createTable('conversations')
      .addColumn('organisation_id', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('team_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('key_id', 'text')
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('touched_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('conversations_key', ['organisation_id', 'id'])
      .execute()
    await kysely.schema
      .createIndex('conversations_expires_at')
      .on('conversations')
      .column('expires_at')
      .execute()
    await kysely.schema
      .createIndex('conversations_size')
      .on('conversations')
      .columns(['organisation_id', 'touched_at', 'id', 'size'])
      .execute()
    await createItems(kysely)
  },
})

const createItems = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('conversation_items')
    .addColumn('organisation_id', 'text', (column) => column.notNull())
    .addColumn('conversation_id', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('conversation_items_key', [
      'organisation_id',
      'conversation_id',
      'position',
      'id',
    ])
    .execute()
  await kysely.schema
    .createIndex('conversation_items_id')
    .on('conversation_items')
    .columns(['organisation_id', 'id'])
    .execute()
}
