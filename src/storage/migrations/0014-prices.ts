import type { Kysely, Migration } from 'kysely'

/** Imported prices, the cards that rows of the ledger name, and what a provider billed where a margin was added. */
export const pricesMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .alterTable('exchange_attempts')
      .addColumn('provider_cost_nano_usd', 'bigint')
      .execute()
    await kysely.schema
      .createTable('price_imports')
      .addColumn('number', 'bigint', (column) => column.primaryKey())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await kysely.schema
      .createTable('price_versions')
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('card', 'text', (column) => column.notNull())
      .addColumn('first_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('price_versions_key', ['provider', 'model', 'version'])
      .execute()
  },
})
