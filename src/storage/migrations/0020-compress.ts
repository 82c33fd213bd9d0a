import { type Kysely, type Migration, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/**
 * What the compressor made of the blocks that it changed. Rows from before have none. The view of entries gets the
 * columns behind those that it has, whichever these are; the view for people stays as it is.
 */
export const compressMigration = (kind: DatabaseKind): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    for (const table of tables) {
      for (const column of columns) {
        await kysely.schema.alterTable(table).addColumn(column, 'bigint').execute()
      }
    }
    const before = (await kysely.introspection.getTables())
      .find(({ name }) => name === 'exchange_entries')
      ?.columns.map(({ name }) => name)
    if (before === undefined) throw new Error('there is no view exchange_entries')
    // PostgreSQL adds columns to a view that others read; SQLite makes it anew, and does not ask who reads it.
    if (kind === 'sqlite') await kysely.schema.dropView('exchange_entries').execute()
    await sql.raw(entriesView(kind, before)).execute(kysely)
  },
})

const tables = ['exchange_closed', 'exchange_corrections'] as const

const columns = [
  'compress_bytes_before',
  'compress_bytes_after',
  'compress_tokens_before',
  'compress_tokens_after',
] as const

// Both selects must name the columns in one order: a union matches them by place.
const entriesView = (kind: DatabaseKind, before: readonly string[]): string => {
  const select = (corrected: 0 | 1): string =>
    [...before, ...columns]
      .map((name) => (name === 'corrected' ? `cast(${corrected} as bigint) as corrected` : name))
      .join(', ')
  return `create ${kind === 'sqlite' ? '' : 'or replace '}view exchange_entries as
  select ${select(0)} from exchange_closed
  where not exists (select 1 from exchange_corrections where exchange_corrections.exchange = exchange_closed.exchange)
  union all
  select ${select(1)} from exchange_corrections`
}
