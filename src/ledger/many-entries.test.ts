import { expect, setDefaultTimeout, test } from 'bun:test'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { insertManyEntries, manyEntriesStart } from '../../test/support/many-entries.ts'
import { advanceRollups, createLedgerStore, createRollupStore, type UsageQuery } from './index.ts'

const rows = 6_000

onEachDatabase('a ledger of many rows', (open) => {
  setDefaultTimeout(120_000)

  test('says the same from kept sums as from its rows, in any time zone and any span', async () => {
    const database = await open()
    const store = createLedgerStore(database)
    await insertManyEntries(database, rows)
    const month = { from: manyEntriesStart + 30.3 * 86_400_000, to: manyEntriesStart + 61 * 86_400_000 }
    const queries: readonly UsageQuery[] = [
      { by: ['day', 'model'], limit: 10_000 },
      { by: ['day', 'model'], limit: 10_000, timeZone: 'Asia/Kathmandu', ...month },
      { by: ['hour', 'provider'], limit: 10_000, timeZone: 'Europe/Berlin' },
      { by: ['key', 'client'], filters: { outcome: 'success' }, ...month },
      { by: 'month', filters: { team: ['team-1', 'team-2'] }, timeZone: 'America/St_Johns' },
      { by: 'session', limit: 10 },
      { ...month },
    ]
    const expected = []
    for (const query of queries) expected.push(await store.usage(query))
    const rollups = createRollupStore(database)
    const steps = await advanceRollups({
      ...{ writer: rollups, reader: async () => rollups, rows: 1_000 },
      now: () => manyEntriesStart + 70 * 86_400_000,
    })
    expect(steps).toBeGreaterThan(3)
    for (const [place, query] of queries.entries())
      expect(await store.usage(query)).toEqual(expected[place] ?? fail())
    expect(expected[0]?.total.requests).toBe(rows)
    expect(expected[0]?.rows.length).toBeGreaterThan(1_000)
  })
})

const fail = (): never => {
  throw new Error('there is one report for each query')
}
