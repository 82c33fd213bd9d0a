import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describeDatabases } from '../../test/support/databases.ts'
import { attemptRow, closedRow, openedRow } from '../../test/support/ledger-rows.ts'
import { propertyRuns } from '../../test/support/property-runs.ts'
import { type Database, openDatabase, type PostgresDatabase, type SqliteDatabase } from '../storage/index.ts'
import { createLedger, createLedgerStore, type Ledger, type LedgerStore } from './index.ts'

/** What may happen to a gateway, in any order. Numbers choose one of the exchanges. */
type Event =
  | { readonly type: 'open' | 'close' | 'close-twice' | 'raise' | 'refuse'; readonly exchange: number }
  /** The database fails from now on, and works again. */
  | { readonly type: 'lose' | 'restore' }
  /** The process dies: before its last batches reached the database, or after, without being told. */
  | { readonly type: 'crash'; readonly committed: boolean }
  /** Another gateway believes this one dead, though it lives. */
  | { readonly type: 'declare-dead' }
  /** Time for what runs in the background. */
  | { readonly type: 'rest'; readonly milliseconds: number }

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('open' as const), exchange: fc.nat(1_000) }) },
  { weight: 7, arbitrary: fc.record({ type: fc.constant('close' as const), exchange: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('close-twice' as const), exchange: fc.nat(1_000) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('raise' as const), exchange: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refuse' as const), exchange: fc.nat(1_000) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('lose' as const, 'restore' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const), committed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('declare-dead' as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('rest' as const), milliseconds: fc.nat(8) }) },
)

/** What the ledger must say about an exchange in the end. */
interface Expected {
  readonly reservations: bigint[]
  /** Set when `close` was called; the first close counts. */
  cost: bigint | undefined
}

/** One life of a gateway over a store that a test can cut off. */
interface Life {
  readonly ledger: Ledger
  /** From now on nothing comes back, as if the process were gone. */
  readonly die: (committed: boolean) => void
}

describeDatabases('whatever happens to a gateway, the ledger', ({ kind, createUrl }) => {
  test('has one final row for each exchange, and their sum is what was spent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 80 }), async (events) => {
        const url = await createUrl()
        const database = await openDatabase(url)
        const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-property-'))
        try {
          const expected = await live(events, database, dataDir)
          await check(expected, database)
        } finally {
          await database.close()
          rmSync(dataDir, { recursive: true })
        }
      }),
      {
        numRuns: propertyRuns(kind === 'sqlite' ? 40 : 10),
        endOnFailure: false,
        interruptAfterTimeLimit: 60_000,
      },
    )
  }, 120_000)
})

/** Plays the events, brings the database back, and ends with a start that finds everything quiet. */
const live = async (
  events: readonly Event[],
  database: Database,
  dataDir: string,
): Promise<Map<string, Expected>> => {
  const expected = new Map<string, Expected>()
  let lost = false
  let lives = 0
  let closes: Promise<void>[] = []
  const losable = losableDatabase(database, () => lost)

  const begin = async (): Promise<Life> => {
    lives += 1
    let dead: 'no' | 'committed' | 'cut' = 'no'
    const store = createLedgerStore(losable)
    const cut = async <Result>(call: () => Promise<Result>): Promise<Result> => {
      const never = new Promise<never>(() => {})
      if (dead === 'cut') return never
      const result = await call()
      return dead === 'no' ? result : never
    }
    const guarded: LedgerStore = {
      ...store,
      append: (batch) => cut(() => store.append(batch)),
      replay: (path) => cut(() => store.replay(path)),
    }
    const instance = `life-${lives}`
    const options = {
      store: guarded,
      dataDir,
      instance,
      sweepMs: 2,
      retryMs: 1,
      segmentBytes: 2_000,
      maxBatch: 5,
    }
    const ledger = createLedger({ ...options, now: () => 1_000 })
    await ledger.start()
    return {
      ledger,
      die: (committed) => {
        dead = committed ? 'committed' : 'cut'
      },
    }
  }

  const names = () => [...expected.keys()]
  const choose = (number: number) => names()[number % Math.max(1, expected.size)]
  let life = await begin()
  for (const event of events) {
    const instance = `life-${lives}`
    switch (event.type) {
      case 'open': {
        const exchange = `x-${expected.size}`
        const reservedNanoUsd = BigInt(1_000 + event.exchange)
        life.ledger.open(openedRow(exchange, { instance, reservedNanoUsd }))
        expected.set(exchange, { reservations: [reservedNanoUsd], cost: undefined })
        break
      }
      case 'raise': {
        const exchange = choose(event.exchange)
        const known = exchange === undefined ? undefined : expected.get(exchange)
        if (exchange === undefined || known === undefined || known.cost !== undefined) break
        const reservedNanoUsd = (known.reservations.at(-1) ?? 0n) + 1n
        life.ledger.open(openedRow(exchange, { instance, reservedNanoUsd }))
        known.reservations.push(reservedNanoUsd)
        break
      }
      case 'close':
      case 'close-twice': {
        const exchange = choose(event.exchange)
        const known = exchange === undefined ? undefined : expected.get(exchange)
        if (exchange === undefined || known === undefined) break
        if (known.cost !== undefined && event.type === 'close') break
        known.cost ??= BigInt(event.exchange)
        const row = closedRow(exchange, { instance, costNanoUsd: known.cost })
        closes.push(life.ledger.close(row, [attemptRow(exchange)]))
        if (event.type === 'close-twice') closes.push(life.ledger.close(row, [attemptRow(exchange)]))
        break
      }
      case 'refuse': {
        const exchange = `x-${expected.size}`
        expected.set(exchange, { reservations: [], cost: 0n })
        closes.push(
          life.ledger.close(closedRow(exchange, { instance, outcome: 'refused', costNanoUsd: 0n }), []),
        )
        break
      }
      case 'lose':
        lost = true
        break
      case 'restore':
        lost = false
        break
      case 'crash':
        life.die(event.committed)
        lost = false
        closes = []
        life = await begin()
        break
      case 'declare-dead':
        await createLedgerStore(database).sweepOrphans(1_000_000)
        break
      case 'rest':
        await Bun.sleep(event.milliseconds)
    }
  }
  lost = false
  await Promise.all(closes)
  await life.ledger.stop()
  const last = await begin()
  await last.ledger.stop()
  return expected
}

/** A database whose transactions fail while `isLost`. */
const losableDatabase = (database: Database, isLost: () => boolean): Database => {
  const unavailable = () => Promise.reject(Object.assign(new Error('lost'), { code: 'SQLITE_BUSY' }))
  if (database.kind === 'sqlite') {
    const sqlite: SqliteDatabase = {
      ...database,
      transaction: (work) => (isLost() ? unavailable() : database.transaction(work)),
    }
    return sqlite
  }
  const postgres: PostgresDatabase = {
    ...database,
    transaction: (work, deadline) => (isLost() ? unavailable() : database.transaction(work, deadline)),
    session: (work, deadline) => (isLost() ? unavailable() : database.session(work, deadline)),
  }
  return postgres
}

const check = async (expected: ReadonlyMap<string, Expected>, database: Database): Promise<void> => {
  const { kysely } = database
  const rows = await kysely
    .selectFrom('exchange_entries')
    .select(['exchange', 'outcome', 'cost_nano_usd'])
    .execute()
  expect(rows.map((row) => row.exchange).sort()).toEqual([...expected.keys()].sort())
  let spent = 0n
  for (const { exchange, outcome, cost_nano_usd } of rows) {
    const { cost, reservations } = expected.get(exchange) ?? { cost: undefined, reservations: [] }
    spent += cost_nano_usd ?? 0n
    if (cost !== undefined)
      expect([exchange, outcome === 'orphaned', cost_nano_usd]).toEqual([exchange, false, cost])
    else {
      expect([exchange, outcome]).toEqual([exchange, 'orphaned'])
      // Whoever declared the gateway dead knew one of its reservations; after a real crash it is the last.
      expect(reservations).toContain(cost_nano_usd ?? -1n)
    }
  }
  const { total } = await createLedgerStore(database).usage({})
  expect(total).toMatchObject({ requests: expected.size, costNanoUsd: spent, unpriced: 0 })
  const attempts = await kysely.selectFrom('exchange_attempts').select('exchange').execute()
  expect(new Set(attempts.map((row) => row.exchange)).size).toBe(attempts.length)
}
