import type { Kysely, Migration } from 'kysely'

/** Which changes of upstreams were announced, so that each is announced once, by whichever process finds it first. */
export const driftMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('drift_announcements')
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('series', 'text', (column) => column.notNull())
      .addColumn('changed_at', 'bigint', (column) => column.notNull())
      .addColumn('announced_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('drift_announcements_key', ['provider', 'model', 'series'])
      .execute()
  },
})
