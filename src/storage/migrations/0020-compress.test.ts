import { expect, test } from 'bun:test'
import { sql } from 'kysely'
import { onEachDatabase } from '../../../test/support/each-database.ts'
import { answerCacheMigration } from './0018-answer-cache.ts'
import { compressMigration } from './0020-compress.ts'

onEachDatabase('compress', (open) => {
  test('the view shows the columns, whatever views of that name other schemas have', async () => {
    const { kysely, kind } = await open()
    // Back to what the releases before left.
    await sql`drop view usage_log`.execute(kysely)
    await sql`drop view exchange_entries`.execute(kysely)
    const added = ['compress_bytes_before', 'compress_bytes_after'] as const
    const others = [
      'compress_tokens_before',
      'compress_tokens_after',
      'cache',
      'cache_saved_nano_usd',
    ] as const
    for (const table of ['exchange_closed', 'exchange_corrections'] as const) {
      for (const column of [...added, ...others]) {
        await sql`alter table ${sql.table(table)} drop column ${sql.ref(column)}`.execute(kysely)
      }
    }
    for (const view of ['exchange_entries', 'usage_log'] as const) {
      await sql`create view ${sql.table(view)} as select exchange from exchange_closed`.execute(kysely)
    }
    await answerCacheMigration(kind).up(kysely)
    if (kind !== 'sqlite') {
      await sql`create schema aaa`.execute(kysely)
      await sql`create view aaa.exchange_entries as select 1 as something_else`.execute(kysely)
    }

    await compressMigration(kind).up(kysely)

    const row = {
      ...{
        exchange: 'a',
        instance: 'a',
        kind: 'client',
        direction: 'consume',
        organisation_id: 'org_default',
      },
      ...{ operation: 'generate', client_protocol: 'openai-chat', outcome: 'success', at: 1, opened_at: 1 },
      ...{ streamed: 0, attempts: 1, latency_ms: 0, request_bytes: 1, response_bytes: 1 },
      ...{ compress_bytes_before: 5, compress_bytes_after: 3 },
    }
    await kysely.insertInto('exchange_closed').values(row).execute()
    const { rows } = await sql<Record<string, unknown>>`select * from exchange_entries`.execute(kysely)
    expect(rows).toHaveLength(1)
    const [entry = {}] = rows
    expect([entry['exchange'], Number(entry['corrected'])]).toEqual(['a', 0])
    expect(added.map((column) => Number(entry[column]))).toEqual([5, 3])
    // Made anew, SQLite's view for people still reads it.
    expect((await sql`select exchange from usage_log`.execute(kysely)).rows).toEqual([{ exchange: 'a' }])
  })
})
