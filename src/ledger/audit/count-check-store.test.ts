import { afterAll, beforeAll, expect, test } from 'bun:test'
import { describeDatabases } from '../../../test/support/databases.ts'
import { type Database, openDatabase } from '../../storage/index.ts'
import { createLedgerStore } from '../index.ts'
import { batchText } from '../ledger-line.ts'
import { begin, minute, series, usual } from './audit.fixture.ts'
import { readCountChecks } from './count-check-store.ts'
import { type CountCheck, createAuditStore, createCountCheckStore } from './index.ts'

const check = (index: number, changes: Partial<CountCheck> = {}): CountCheck => ({
  exchange: `m-${String(index).padStart(5, '0')}`,
  attempt: 1,
  at: begin + index * minute,
  provider: 'vendor',
  model: 'm',
  protocol: 'anthropic-messages',
  method: 'estimated',
  edition: 1,
  input: { reported: 1_050, counted: 1_000 },
  output: { reported: 260, counted: 250 },
  hiddenReasoning: 0,
  ...changes,
})

describeDatabases('count checks', ({ createUrl }) => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(await createUrl())
  }, 60_000)
  afterAll(() => database.close())

  test('come back as they were recorded, the newest first, and each call has one', async () => {
    const empty = await openDatabase(await createUrl())
    try {
      const store = createCountCheckStore(empty)
      const all = [
        check(3, { input: null, hiddenReasoning: 2 ** 40 }),
        check(2, { attempt: 2, method: 'counted', output: null, hiddenReasoning: null }),
        check(2),
        check(1, { provider: 'other', model: 'n', protocol: 'gemini', edition: 7 }),
      ]
      for (const one of all) await store.record(one)
      await store.record(check(2, { input: { reported: 9, counted: 9 } }))
      expect(await readCountChecks(empty, {}, 10)).toEqual(all)
      expect(await readCountChecks(empty, {}, 2)).toEqual(all.slice(0, 2))
      expect(await readCountChecks(empty, { provider: 'other' }, 10)).toEqual(all.slice(3))
      expect(await readCountChecks(empty, { model: 'm', from: begin + 2 * minute }, 10)).toEqual(
        all.slice(0, 3),
      )
      expect(await readCountChecks(empty, { to: begin + 2 * minute }, 10)).toEqual(all.slice(3))
    } finally {
      await empty.close()
    }
  }, 60_000)

  test('that are old are forgotten, in pieces', async () => {
    const empty = await openDatabase(await createUrl())
    try {
      const store = createCountCheckStore(empty)
      for (let index = 0; index < 5; index++) await store.record(check(index))
      const later = begin + 3 * minute
      expect([await store.purge(later, 2), await store.purge(later, 2), await store.purge(later, 2)]).toEqual(
        [2, 1, 0],
      )
      expect(await readCountChecks(empty, {}, 10)).toEqual([check(4), check(3)])
    } finally {
      await empty.close()
    }
  }, 60_000)

  test('are in the audit of their upstream, with the change', async () => {
    const store = createCountCheckStore(database)
    await createLedgerStore(database).append(
      batchText(
        series('m', 200, () => usual),
        [],
      ),
    )
    for (let index = 0; index < 200; index++) {
      const reported = Math.round((index < 120 ? 1_000 : 1_300) + (index % 7) * 5)
      await store.record(check(index, { input: { reported, counted: 1_000 } }))
    }
    // Of an upstream without calls in this time nothing is told.
    await store.record(check(500, { model: 'gone' }))
    const { upstreams } = await createAuditStore(database).report({})
    expect(upstreams.map(({ model }) => model)).toEqual(['m'])
    const [upstream] = upstreams
    expect(upstream?.tokenCounts.checked).toMatchObject({
      method: 'estimated',
      input: { calls: 200, countedTokens: 200_000 },
      output: { calls: 200, ratio: { count: 200, p50: 1.04 } },
    })
    expect(upstream?.series.map(({ series: name, verdict }) => [name, verdict])).toEqual([
      ['ttft', 'steady'],
      ['tokens_per_second', 'steady'],
      ['error_rate', 'steady'],
      ['output_tokens', 'steady'],
      ['answered_model', 'steady'],
      ['finish_reason', 'steady'],
      ['input_count', 'drift'],
      ['output_count', 'steady'],
    ])
    const change = upstream?.series.find(({ series: name }) => name === 'input_count')?.change
    expect(change).toMatchObject({ meaning: 'worse', before: { count: 120 }, after: { count: 80 } })
    expect(change?.at).toBe(begin + 120 * minute)
    const before = await createAuditStore(database).report({ to: begin + 100 * minute })
    expect(before.upstreams[0]?.tokenCounts.checked.input.calls).toBe(100)
    expect((await createAuditStore(database, 50).report({})).isComplete).toBe(false)
  }, 60_000)
})
