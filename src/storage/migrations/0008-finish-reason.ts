import type { Kysely, Migration } from 'kysely'

/** How each answer ended. Rows from before have none. */
export const finishReasonMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema.alterTable('exchange_attempts').addColumn('finish_reason', 'text').execute()
  },
})
