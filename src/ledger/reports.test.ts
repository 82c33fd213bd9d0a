import { afterAll, beforeAll, expect, test } from 'bun:test'
import { sql } from 'kysely'
import { describeDatabases } from '../../test/support/databases.ts'
import { closedRow, openedRow } from '../../test/support/ledger-rows.ts'
import { type Database, openDatabase } from '../storage/index.ts'
import {
  type ClosedRow,
  createLedgerStore,
  type Entry,
  exportEntries,
  type LedgerStore,
  usageDimensions,
} from './index.ts'
import { batchText, closedLine, openedLine } from './ledger-line.ts'

const day = 24 * 3_600_000
const start = Date.UTC(2026, 10, 20)

/** 60 exchanges over three days: two keys, three models, a few refusals and one unknown cost. */
const rows: readonly ClosedRow[] = Array.from({ length: 60 }, (_, number) => ({
  ...closedRow(`x-${String(number).padStart(2, '0')}`, {
    at: start + Math.floor(number / 20) * day + (number % 20) * 60_000,
    tenant: {
      organisation: number < 50 ? 'org-1' : 'org-2',
      team: null,
      user: `user-${number % 3}`,
      key: `key-${number % 2}`,
    },
    modelAnswered: number % 10 === 9 ? null : (['model-a', 'model-b', 'model-c'][number % 3] ?? null),
    modelAsked: 'alias',
    outcome: number % 10 === 9 ? 'refused' : 'success',
    status: number % 10 === 9 ? 429 : 200,
    usage:
      number % 10 === 9
        ? null
        : { inputTokens: 100, outputTokens: 10, cacheReadTokens: 40, cacheWriteLongTokens: 1 },
    costNanoUsd: number === 0 ? null : number % 10 === 9 ? 0n : BigInt(1_000 + number),
  }),
}))

const costOf = (chosen: readonly ClosedRow[]) =>
  chosen.reduce((sum, row) => sum + (row.costNanoUsd ?? 0n), 0n)

describeDatabases('a report of the ledger', ({ kind, createUrl }) => {
  let database: Database
  let store: LedgerStore
  beforeAll(async () => {
    database = await openDatabase(await createUrl())
    store = createLedgerStore(database)
    await store.append(
      batchText(
        rows.map((row) => closedLine(row, [], [])),
        [],
      ),
    )
  }, 60_000)
  afterAll(() => database.close())

  test('adds everything up', async () => {
    expect(await store.usage({})).toEqual({
      total: {
        requests: 60,
        inputTokens: 5_400,
        outputTokens: 540,
        cacheReadTokens: 2_160,
        cacheWriteTokens: 0,
        cacheWriteLongTokens: 54,
        reasoningTokens: 0,
        costNanoUsd: costOf(rows),
        unpriced: 1,
        reported: 60,
        counted: 0,
        estimated: 0,
        promptCacheSavedNanoUsd: 0n,
        promptCacheLostNanoUsd: 0n,
        promptCacheMissedNanoUsd: 0n,
        cacheBreaks: 0,
      },
      rows: [],
      isCut: false,
    })
  })

  test('is zero where there is nothing', async () => {
    const { total } = await store.usage({ from: 0, to: 1 })
    expect(total).toMatchObject({ requests: 0, inputTokens: 0, costNanoUsd: 0n, unpriced: 0 })
  })

  test('covers a span: from its start, up to but not including its end', async () => {
    const { total } = await store.usage({ from: start + day, to: start + 2 * day })
    expect(total).toMatchObject({ requests: 20, costNanoUsd: costOf(rows.slice(20, 40)) })
    expect((await store.usage({ from: start + day, to: start + day + 1 })).total.requests).toBe(1)
  })

  test('breaks down by model, the most expensive first; what never got an answer under what was asked', async () => {
    const { rows: groups } = await store.usage({ by: 'model' })
    expect(groups.map((row) => row.group).sort()).toEqual(['alias', 'model-a', 'model-b', 'model-c'])
    expect(groups.map((row) => row.costNanoUsd)).toEqual(
      groups.map((row) => row.costNanoUsd).sort((a, b) => Number(b - a)),
    )
    const ofA = rows.filter((row) => row.modelAnswered === 'model-a')
    expect(groups.find((row) => row.group === 'model-a')).toMatchObject({
      requests: ofA.length,
      costNanoUsd: costOf(ofA),
      unpriced: 1,
    })
  })

  test('breaks down by UTC day, the earliest first', async () => {
    const { rows: days } = await store.usage({ by: 'day' })
    expect(days.map((row) => [row.group, row.requests])).toEqual([
      ['2026-11-20', 20],
      ['2026-11-21', 20],
      ['2026-11-22', 20],
    ])
    const { rows: hours } = await store.usage({ by: 'hour', limit: 1 })
    expect(hours.map((row) => row.group)).toEqual(['2026-11-20T00'])
    const { rows: months } = await store.usage({ by: 'month' })
    expect(months.map((row) => row.group)).toEqual(['2026-11'])
  })

  test.each(usageDimensions)('by %s has rows that add up to its total', async (by) => {
    const { total, rows: groups, isCut } = await store.usage({ by })
    expect(isCut).toBe(false)
    expect(groups.reduce((sum, row) => sum + row.requests, 0)).toBe(total.requests)
    expect(groups.reduce((sum, row) => sum + row.costNanoUsd, 0n)).toBe(total.costNanoUsd)
  })

  test('counts only what the filters let through', async () => {
    const { total } = await store.usage({ filters: { organisation: 'org-2', key: ['key-0', 'key-9'] } })
    expect(total.requests).toBe(rows.slice(50).filter((row) => row.tenant.key === 'key-0').length)
    expect((await store.usage({ filters: { outcome: ['refused'] } })).total.requests).toBe(6)
    expect((await store.usage({ filters: { key: [] } })).total.requests).toBe(0)
    expect((await store.usage({ filters: { key: "' or 1=1 --" } })).total.requests).toBe(0)
  })

  test('has at most as many rows as asked for, and a total over everything', async () => {
    const report = await store.usage({ by: 'exchange', limit: 5 })
    expect(report.rows).toHaveLength(5)
    expect(report.total.requests).toBe(60)
    expect((await store.usage({ by: 'exchange', limit: -3 })).rows).toHaveLength(1)
  })

  test('pages through the entries, newest first, each once', async () => {
    const seen: Entry[] = []
    let cursor: string | undefined
    do {
      const page = await store.entries({ limit: 7, ...(cursor === undefined ? {} : { cursor }) })
      expect(page.entries.length).toBeLessThanOrEqual(7)
      seen.push(...page.entries)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    const { entry: newest } = (await store.exchange('x-59')) ?? { entry: null }
    expect(seen).toHaveLength(60)
    expect(seen[0]).toEqual(newest as Entry)
    expect(seen.map((entry) => entry.exchange)).toEqual(rows.map((row) => row.exchange).reverse())
  })

  test('does not shift when new entries come between two pages', async () => {
    const first = await store.entries({ limit: 10, filters: { to: start + 3 * day } })
    const late = closedRow('newest', { at: start + 100 * day })
    await store.append(batchText([closedLine(late, [], [])], []))
    const second = await store.entries({ limit: 10, cursor: first.next ?? '' })
    expect(second.entries[0]?.exchange).toBe('x-49')
    await database.kysely.deleteFrom('exchange_closed').where('exchange', '=', 'newest').execute()
  })

  test('shows a corrected entry once, at the time at which it really ended', async () => {
    const orphan = closedRow('x-fixed', { at: start - 5, outcome: 'orphaned', session: 'fixed' })
    const others = ['x-a', 'x-z'].map((exchange) => closedRow(exchange, { at: start - 7, session: 'fixed' }))
    const truth = closedRow('x-fixed', { at: start - 7, session: 'fixed' })
    for (const row of [orphan, ...others, truth]) await store.append(batchText([closedLine(row, [], [])], []))
    const filters = { session: 'fixed' }
    const first = await store.entries({ filters, limit: 2 })
    const second = await store.entries({ filters, limit: 2, cursor: first.next ?? '' })
    const seen = [...first.entries, ...second.entries].map((entry) => [entry.exchange, entry.corrected])
    expect(seen).toEqual([
      ['x-z', false],
      ['x-fixed', true],
      ['x-a', false],
    ])
    expect(second.next).toBeNull()
    await database.kysely.deleteFrom('exchange_closed').where('session', '=', 'fixed').execute()
    await database.kysely.deleteFrom('exchange_corrections').execute()
  })

  test('finds entries by filter and span', async () => {
    const { entries, next } = await store.entries({
      filters: { user: 'user-1', from: start + day, to: start + 2 * day },
    })
    const wanted = rows.slice(20, 40).filter((row) => row.tenant.user === 'user-1')
    expect(entries.map((entry) => entry.exchange)).toEqual(wanted.map((row) => row.exchange).reverse())
    expect(next).toBeNull()
  })

  test('never answers more than 1,000 entries at once', async () => {
    const many = Array.from({ length: 1_100 }, (_, number) =>
      closedRow(`many-${number}`, { at: 5, session: 'many' }),
    )
    await store.append(
      batchText(
        many.map((row) => closedLine(row, [], [])),
        [],
      ),
    )
    const page = await store.entries({ limit: 1_000_000, filters: { session: 'many' } })
    expect(page.entries).toHaveLength(1_000)
    const all: string[] = []
    for await (const entries of exportEntries(store, { session: 'many' }))
      all.push(...entries.map((entry) => entry.exchange))
    expect(new Set(all).size).toBe(1_100)
    await database.kysely.deleteFrom('exchange_closed').where('session', '=', 'many').execute()
  })

  test.each(['', 'x', 'bm90IGEgY3Vyc29y', '../../etc'])('refuses the cursor %p', async (cursor) => {
    await expect(store.entries({ cursor })).rejects.toMatchObject({
      code: 'gateway_request_invalid',
      param: 'cursor',
    })
  })

  test('lists what runs now, without the dead', async () => {
    await store.heartbeat({ instance: 'alive', startedAt: 0, leaseUntil: 9_000, openSince: 500 })
    await store.heartbeat({ instance: 'dead', startedAt: 0, leaseUntil: 4_000, openSince: 500 })
    const lines = ['alive', 'dead'].map((instance) => openedLine(openedRow(`run-${instance}`, { instance })))
    await store.append(batchText(lines, []))
    expect((await store.running(5_000)).map((row) => row.exchange)).toEqual(['run-alive'])
    await database.kysely.deleteFrom('instances').execute()
    await database.kysely.deleteFrom('exchange_opened').execute()
  })

  test('can be read by people: the view usage_log', async () => {
    const result = await sql<Record<string, unknown>>`
      select time, "user", "key", model_answered, outcome, cost_usd from usage_log
      where exchange in ('x-00', 'x-01') order by time`.execute(database.kysely)
    expect(result.rows).toEqual([
      {
        time: '2026-11-20T00:00:00.000Z',
        user: 'user-0',
        key: 'key-0',
        model_answered: 'model-a',
        outcome: 'success',
        cost_usd: null,
      },
      {
        time: '2026-11-20T00:01:00.000Z',
        user: 'user-1',
        key: 'key-1',
        model_answered: 'model-b',
        outcome: 'success',
        cost_usd: '0.000001001',
      },
    ])
  })

  test('finds the first page among many entries without reading them all', async () => {
    const plan =
      kind === 'sqlite'
        ? await sql`explain query plan ${pageOfClosed}`.execute(database.kysely)
        : await database.kysely.transaction().execute(async (transaction) => {
            // A table this small is read whole otherwise.
            await sql`set local enable_seqscan = off`.execute(transaction)
            return sql`explain ${pageOfClosed}`.execute(transaction)
          })
    const steps = Bun.inspect(plan.rows)
    expect(steps).toContain('exchange_closed_at')
    expect(steps).not.toMatch(/Sort|TEMP B-TREE/)
  })
})

const pageOfClosed = sql`select * from exchange_closed
  where (at, exchange) < (5, 'x') and not exists
    (select 1 from exchange_corrections where exchange_corrections.exchange = exchange_closed.exchange)
  order by at desc, exchange desc limit 10`
