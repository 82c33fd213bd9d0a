import { expect, test } from 'bun:test'
import { sql } from 'kysely'
import { onEachDatabase } from '../../../test/support/each-database.ts'
import { tagsMigration } from './0011-tags.ts'

onEachDatabase('tags', (open) => {
  test('are null in rows from before, and both views show them', async () => {
    const { kysely, kind } = await open()
    // Back to what the release before left.
    await sql`drop view usage_log`.execute(kysely)
    await sql`drop view exchange_entries`.execute(kysely)
    const tables = ['exchange_opened', 'exchange_closed', 'exchange_corrections'] as const
    for (const table of tables) await sql`alter table ${sql.table(table)} drop column tags`.execute(kysely)
    await sql`create view exchange_entries as select exchange from exchange_closed`.execute(kysely)
    await sql`create view usage_log as select exchange from exchange_entries`.execute(kysely)
    const row = (exchange: string) => ({
      ...{ exchange, instance: 'a', kind: 'client', direction: 'consume', organisation_id: 'org_default' },
      ...{ operation: 'generate', client_protocol: 'openai-chat', outcome: 'success' },
      ...{
        at: 1,
        opened_at: 1,
        streamed: 0,
        attempts: 1,
        latency_ms: 0,
        request_bytes: 1,
        response_bytes: 1,
      },
      cost_nano_usd: 1_500_000_000n,
    })
    await kysely.insertInto('exchange_closed').values(row('old')).execute()

    await tagsMigration(kind).up(kysely)

    await kysely
      .insertInto('exchange_closed')
      .values({ ...row('new'), tags: '["ci"]' })
      .execute()
    const corrected = { ...row('old'), tags: '["b"]', recorded_at: 2 }
    const read = () => sql`select exchange, tags, cost_usd from usage_log order by exchange`.execute(kysely)
    const [fresh, old] = (await read()).rows
    expect(fresh).toEqual({ exchange: 'new', tags: '["ci"]', cost_usd: '1.500000000' })
    expect(old).toEqual({ exchange: 'old', tags: null, cost_usd: '1.500000000' })
    await kysely.insertInto('exchange_corrections').values(corrected).execute()
    expect((await read()).rows[1]).toMatchObject({ exchange: 'old', tags: '["b"]' })
  })
})
