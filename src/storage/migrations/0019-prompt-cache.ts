import { type Kysely, type Migration, sql } from 'kysely'

/**
 * What providers' caches saved and cost in an exchange, and where one read less than it had kept. Rows from before have
 * none, and the kept sums none of them. The views stay as they are: reports read the tables.
 */
export const promptCacheMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    for (const table of ['exchange_closed', 'exchange_corrections']) {
      for (const column of moneyColumns) {
        await kysely.schema.alterTable(table).addColumn(column, 'bigint').execute()
      }
      await kysely.schema.alterTable(table).addColumn('prompt_cache_break', 'text').execute()
      // Few exchanges have one, and the latest are looked for.
      await sql
        .raw(`create index ${table}_cache_break on ${table} (at) where prompt_cache_break is not null`)
        .execute(kysely)
    }
    for (const table of ['usage_by_model', 'usage_by_key']) {
      for (const column of [...moneyColumns, 'cache_breaks']) {
        await kysely.schema
          .alterTable(table)
          .addColumn(column, 'bigint', (definition) => definition.notNull().defaultTo(0))
          .execute()
      }
    }
  },
})

const moneyColumns = [
  'prompt_cache_saved_nano_usd',
  'prompt_cache_lost_nano_usd',
  'prompt_cache_missed_nano_usd',
] as const
