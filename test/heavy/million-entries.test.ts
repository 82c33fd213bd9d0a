import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { sql } from 'kysely'
import {
  advanceRollups,
  createLedgerStore,
  createRollupStore,
  type UsageQuery,
} from '../../src/ledger/index.ts'
import { batchText, closedLine } from '../../src/ledger/ledger-line.ts'
import { type Database, openDatabase } from '../../src/storage/index.ts'
import { describeDatabases } from '../support/databases.ts'
import { closedRow } from '../support/ledger-rows.ts'
import { insertManyEntries, manyEntriesStart } from '../support/many-entries.ts'

const rows = 1_000_000
const after = manyEntriesStart + 100 * 86_400_000

describeDatabases('a ledger of a million rows', ({ kind, createUrl }) => {
  setDefaultTimeout(600_000)
  const opened: Database[] = []
  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()))
  })
  const open = async () => {
    const database = await openDatabase(await createUrl(), { deadlineMs: 300_000 })
    opened.push(database)
    return database
  }
  const say = (what: string, value: string) => console.log(`${kind}: ${what}: ${value}`)
  const timed = async <T>(work: () => Promise<T>): Promise<readonly [number, T]> => {
    const begun = performance.now()
    const result = await work()
    return [performance.now() - begun, result]
  }
  let lastCpu = Number.NaN
  /** The middle of five, after one that nobody counts. */
  const typical = async <T>(work: () => Promise<T>): Promise<readonly [number, T]> => {
    const result = await work()
    const times: number[] = []
    const before = process.cpuUsage()
    for (let turn = 0; turn < 5; turn += 1) times.push((await timed(work))[0])
    const { user, system } = process.cpuUsage(before)
    // On a machine that does other things, too, this is what it would take alone. PostgreSQL's own is not in it.
    lastCpu = (user + system) / 5_000
    return [times.sort((one, other) => one - other)[2] ?? Number.NaN, result]
  }

  test('answers usage by day and model from kept sums, equal to the sums over the rows', async () => {
    const database = await open()
    const store = createLedgerStore(database)
    const rollups = createRollupStore(database)
    const [filling] = await timed(() => insertManyEntries(database, rows))
    if (database.kind === 'postgres') await sql`analyze`.execute(database.kysely)
    say(`${rows.toLocaleString('en')} rows inserted in`, `${Math.round(filling)} ms`)
    const day: UsageQuery = { by: ['day', 'model'], limit: 10_000 }
    const [live, expected] = await timed(() => store.usage(day))
    say('usage by day and model from the rows', `${Math.round(live)} ms`)

    let longest = 0
    const writer = {
      seal: rollups.seal,
      install: async (sums: Parameters<typeof rollups.install>[0]) => {
        const [took, done] = await timed(() => rollups.install(sums))
        longest = Math.max(longest, took)
        return done
      },
    }
    const [adding, steps] = await timed(async () => {
      let all = 0
      for (let turn = 0; turn < 20; turn += 1)
        all += await advanceRollups({ writer, reader: async () => rollups, now: () => after })
      return all
    })
    say('sums made', `${steps} steps in ${Math.round(adding)} ms, the longest write ${longest.toFixed(1)} ms`)
    for (const table of ['usage_by_model', 'usage_by_key']) {
      const { rows: counted } = await sql<{
        count: bigint
      }>`select count(*) as count from ${sql.table(table)}`.execute(database.kysely)
      say(table, `${counted[0]?.count} rows`)
    }
    if (database.kind === 'postgres') await sql`analyze`.execute(database.kysely)
    const [kept, report] = await typical(() => store.usage(day))
    say('usage by day and model', `${kept.toFixed(1)} ms, ${lastCpu.toFixed(1)} ms of this process`)
    expect(report).toEqual(expected)
    expect(report.total.requests).toBe(rows)

    // A moment of traffic since, and one row that came late.
    const lines = Array.from({ length: 500 }, (_, number) =>
      closedLine(closedRow(`new-${number}`, { at: after + number }), [], []),
    )
    await store.append(
      batchText([...lines, closedLine(closedRow('late', { at: manyEntriesStart + 5 }), [], [])], []),
    )
    const [mixed, whole] = await typical(() => store.usage(day))
    say('the same with new and late rows', `${mixed.toFixed(1)} ms`)
    expect(whole.total.requests).toBe(rows + 501)
    const others: readonly (readonly [string, UsageQuery])[] = [
      ['by day and model in Kathmandu', { ...day, timeZone: 'Asia/Kathmandu' }],
      [
        'by day and model, a month in the middle',
        { ...day, from: manyEntriesStart + 30.3 * 86_400_000, to: manyEntriesStart + 61 * 86_400_000 },
      ],
      ['by month', { by: 'month' }],
      ['by provider and model', { by: ['provider', 'model'] }],
      ['by key and day', { by: ['key', 'day'], limit: 10_000 }],
      ['of one key by model', { by: 'model', filters: { key: 'key-7' } }],
      ['by session (from the rows)', { by: 'session', limit: 100 }],
    ]
    for (const [what, query] of others)
      say(what, `${(await typical(() => store.usage(query)))[0].toFixed(1)} ms`)
  })

  test('takes as many commits as without kept sums', async () => {
    const database = await open()
    const store = createLedgerStore(database)
    let number = 0
    const commit = (size: number) => {
      number += 1
      return store.append(
        batchText(
          Array.from({ length: size }, (_, place) =>
            closedLine(closedRow(`c-${number}-${place}`, { at: after }), [], []),
          ),
          [],
        ),
      )
    }
    const rate = async (size: number, turns: number) => {
      const [took] = await timed(async () => {
        for (let turn = 0; turn < turns; turn += 1) await commit(size)
      })
      return (turns * 1000) / took
    }
    const triggers = async (on: boolean): Promise<void> => {
      if (kind === 'postgres') {
        await sql`alter table exchange_closed ${sql.raw(on ? 'enable' : 'disable')} trigger user`.execute(
          database.kysely,
        )
      } else if (!on) await sql`drop trigger if exists exchange_closed_late`.execute(database.kysely)
    }
    await rate(1, 200)
    const figures: Record<string, number[]> = {}
    // SQLite's trigger cannot be switched off and on: there with comes first.
    for (const on of kind === 'sqlite' ? [true, true, false, false] : [true, false, true, false]) {
      await triggers(on)
      for (const [size, turns] of [
        [1, 1_000],
        [100, 100],
      ] as const) {
        const name = `${on ? 'with' : 'without'}, ${size} rows a commit`
        figures[name] = [...(figures[name] ?? []), await rate(size, turns)]
      }
    }
    for (const [name, rates] of Object.entries(figures))
      say(`commits a second ${name}`, rates.map((one) => one.toFixed(0)).join(' '))
    expect(number).toBeGreaterThan(4_000)
  })
})
