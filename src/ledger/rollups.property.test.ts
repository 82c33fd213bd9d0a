import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { closedRow, openedRow } from '../../test/support/ledger-rows.ts'
import { propertyRuns } from '../../test/support/property-runs.ts'
import type { Database } from '../storage/index.ts'
import { type ClosedRow, createLedgerStore, type LedgerStore, type UsageDimension } from './index.ts'
import { batchText, closedLine, openedLine } from './ledger-line.ts'
import { createRollupStore, type NewSums, type RollupStore } from './rollup-store.ts'
import { advanceRollups } from './rollups.ts'

const quarter = 900_000
const start = Date.UTC(2026, 9, 24, 20)
/** Around the night in which clocks go back in Berlin. */
const time = fc
  .integer({ min: 0, max: 30 })
  .chain((quarters) =>
    fc.constantFrom(0, 1, 450_000, quarter - 1).map((within) => start + quarters * quarter + within),
  )

const closed = fc.record({
  exchange: fc.integer({ min: 0, max: 60 }).map((number) => `x-${number}`),
  at: time,
  model: fc.constantFrom('a', 'b', null),
  key: fc.constantFrom('key-1', 'key-2', null),
  session: fc.constantFrom('s-1', 's-2'),
  cost: fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n }), { nil: null }),
  tokens: fc.option(fc.nat(1_000_000), { nil: null }),
  source: fc.constantFrom('reported' as const, 'counted' as const, 'estimated' as const, null),
})

type Of<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never

const row = (of: Of<typeof closed>): ClosedRow =>
  closedRow(of.exchange, {
    at: of.at,
    modelAnswered: of.model,
    tenant: { organisation: 'org-1', team: null, user: null, key: of.key },
    session: of.session,
    costNanoUsd: of.cost,
    usage: of.tokens === null ? null : { inputTokens: of.tokens, cacheWriteLongTokens: of.tokens % 7 },
    usageSource: of.source,
  })

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('close' as const),
      rows: fc.array(closed, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('open' as const),
      exchange: fc.integer({ min: 0, max: 60 }),
      at: time,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('orphan' as const), at: time }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('seal' as const), at: time }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('add' as const), rows: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('install' as const), which: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('advance' as const), at: time }) },
)

type Step = Of<typeof operation>

const breakdowns: readonly (readonly UsageDimension[])[] = [
  ...([
    [],
    ['day'],
    ['model'],
    ['day', 'model'],
    ['key', 'hour'],
    ['session'],
    ['month', 'outcome'],
  ] as const),
  ['modelAsked', 'source'],
]

/** The same report, once as it is and once with all kept sums left out. */
const compare = async (database: Database, store: LedgerStore, from: number, to: number): Promise<void> => {
  for (const by of breakdowns) {
    for (const span of [{}, { from }, { from, to }]) {
      const query = { by, timeZone: by.includes('day') ? 'Europe/Berlin' : 'UTC', ...span, limit: 10_000 }
      const report = await store.usage(query)
      const mark = await database.kysely
        .selectFrom('usage_rollup')
        .select('rolled_until')
        .executeTakeFirstOrThrow()
      await sql`update usage_rollup set rolled_until = 0`.execute(database.kysely)
      const live = await store.usage(query)
      await sql`update usage_rollup set rolled_until = ${mark.rolled_until}`.execute(database.kysely)
      expect({ by, span, report }).toEqual({ by, span, report: live })
    }
  }
}

onEachDatabase('kept sums of the ledger', (open) => {
  setDefaultTimeout(120_000)

  const run = async (
    store: LedgerStore,
    rollups: RollupStore,
    found: NewSums[],
    step: Step,
  ): Promise<void> => {
    switch (step.type) {
      case 'close':
        await store.append(
          batchText(
            step.rows.map((one) => closedLine(row(one), [], [])),
            [],
          ),
        )
        return
      case 'open':
        await store.append(batchText([openedLine(openedRow(`x-${step.exchange}`, { at: step.at }))], []))
        return
      case 'orphan':
        await store.heartbeat({ instance: 'instance-1', startedAt: 0, leaseUntil: step.at, openSince: 0 })
        await store.sweepOrphans(step.at + 1)
        return
      case 'seal':
        await rollups.seal(step.at)
        return
      case 'add': {
        const sums = await rollups.add(step.rows)
        if (sums !== undefined) found.push(sums)
        return
      }
      case 'install': {
        // Old ones too, as of a process that was slow.
        const sums = found[step.which % Math.max(1, found.length)]
        if (sums !== undefined) await rollups.install(sums)
        return
      }
      case 'advance':
        await advanceRollups({
          writer: rollups,
          reader: async () => rollups,
          now: () => step.at,
          lagMs: 0,
          rows: 3,
        })
    }
  }

  test('are equal to the sums over the rows, whatever happens in whatever order', async () => {
    const database = await open()
    const store = createLedgerStore(database)
    const rollups = createRollupStore(database)
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 5, maxLength: 25 }),
        time,
        fc.nat(20),
        async (steps, from, length) => {
          for (const table of ['exchange_closed', 'exchange_corrections', 'exchange_opened', 'usage_late'])
            await sql`delete from ${sql.table(table)}`.execute(database.kysely)
          for (const table of ['usage_by_model', 'usage_by_key'])
            await sql`delete from ${sql.table(table)}`.execute(database.kysely)
          await sql`update usage_rollup set sealed_until = 0, rolled_until = 0`.execute(database.kysely)
          const found: NewSums[] = []
          for (const step of steps) await run(store, rollups, found, step)
          await compare(database, store, from, from + length * 1_000_000)
          await advanceRollups({ writer: rollups, reader: async () => rollups, now: () => start * 2 })
          await compare(database, store, from, from + length * 1_000_000)
          // Nothing is left to be added up live.
          expect(await rollups.add()).toBeUndefined()
        },
      ),
      { numRuns: propertyRuns(8) },
    )
  })

  test('are kept by several processes at once without counting anything twice', async () => {
    const database = await open()
    const stores = Array.from({ length: 4 }, () => createRollupStore(database))
    const store = createLedgerStore(database)
    const writing = async (writer: number) => {
      for (let batch = 0; batch < 25; batch += 1) {
        const rows = Array.from({ length: 10 }, (_, number) =>
          closedRow(`w${writer}-${batch}-${number}`, {
            at: start + ((batch * 7 + number * 13) % 40) * quarter,
          }),
        )
        await store.append(
          batchText(
            rows.map((one) => closedLine(one, [], [])),
            [],
          ),
        )
      }
    }
    const adding = async (rollups: RollupStore, place: number) => {
      for (let turn = 0; turn < 12; turn += 1)
        await advanceRollups({
          ...{ writer: rollups, reader: async () => rollups, lagMs: 0, rows: 20 },
          now: () => start + (turn + place) * 3 * quarter,
        })
    }
    await Promise.all([...[0, 1, 2].map(writing), ...stores.map(adding)])
    await compare(database, store, start + 5 * quarter + 1, start + 20 * quarter)
    expect((await store.usage({})).total.requests).toBe(750)
    await advanceRollups({
      writer: stores[0] ?? stores[1] ?? fail(),
      reader: async () => stores[1] ?? fail(),
      now: () => start * 2,
    })
    const { total } = await store.usage({ by: 'model' })
    expect([total.requests, total.costNanoUsd]).toEqual([750, 750n * 450n])
    const kept = await sql<{ sum: unknown }>`select sum(requests) as sum from usage_by_key`.execute(
      database.kysely,
    )
    expect(Number(kept.rows[0]?.sum)).toBe(750)
  })
})

const fail = (): never => {
  throw new Error('there are four stores')
}
