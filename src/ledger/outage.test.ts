import { Database as Sqlite } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/databases.ts'
import { countRows, type LedgerHarness, startLedger, until } from '../../test/support/ledger-harness.ts'
import { attemptRow, closedRow, openedRow } from '../../test/support/ledger-rows.ts'
import { type PostgresServer, postgresAvailable, startPostgres } from '../../test/support/postgres.ts'

/** Opens and closes `count` exchanges at once. */
const runExchanges = ({ ledger }: LedgerHarness, prefix: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const exchange = `${prefix}-${number}`
      ledger.open(openedRow(exchange))
      await ledger.close(closedRow(exchange), [attemptRow(exchange)])
    }),
  )

const recovered = ({ ledger }: LedgerHarness) => until(() => ledger.status().state === 'database', 30_000)

describe.skipIf(!postgresAvailable('the ledger without its database'))(
  'a ledger whose PostgreSQL server',
  () => {
    let server: PostgresServer
    let harness: LedgerHarness
    beforeAll(async () => {
      server = await startPostgres()
    }, 60_000)
    afterAll(() => server.stop())

    const start = async (deadlineMs = 300) => {
      harness = await startLedger({
        url: await server.createDatabase(),
        store: { deadlineMs },
        database: { deadlineMs: deadlineMs + 200 },
        ledger: { segmentBytes: 5_000 },
      })
    }

    test('crashes goes on, and has every row once when the server is back', async () => {
      await start()
      await runExchanges(harness, 'before', 20)
      const during = [runExchanges(harness, 'at-crash', 50)]
      await server.crash()
      during.push(runExchanges(harness, 'away', 100))
      await Promise.all(during)
      expect(harness.ledger.status().state).toBe('spool')
      await server.restart()
      await runExchanges(harness, 'after', 20)
      await recovered(harness)
      expect(await countRows(harness.database)).toEqual({
        opened: 190,
        attempts: 190,
        closed: 190,
        orphaned: 0,
        corrections: 0,
      })
      await harness.close()
      expect(harness.spoolFiles()).toEqual([])
    }, 60_000)

    test('freezes goes on after its deadline, and has every row once when the server thaws', async () => {
      const deadline = 2_000
      await start(deadline)
      await runExchanges(harness, 'before', 20)
      server.freeze()
      await runExchanges(harness, 'frozen', 50)
      // Only the first commit waits for the deadline: the next ones know.
      const again = performance.now()
      await runExchanges(harness, 'frozen-again', 50)
      expect(performance.now() - again).toBeLessThan(deadline)
      server.thaw()
      await recovered(harness)
      expect(await countRows(harness.database)).toMatchObject({
        opened: 120,
        attempts: 120,
        closed: 120,
        corrections: 0,
      })
      await harness.close()
    }, 60_000)

    test('is away when it stops keeps its rows for the next start', async () => {
      await start()
      const url = await server.createDatabase()
      const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-test-'))
      const first = await startLedger({
        url,
        dataDir,
        store: { deadlineMs: 300 },
        database: { deadlineMs: 300 },
        ledger: { instance: 'first' },
      })
      await server.crash()
      await runExchanges(first, 'away', 30)
      await first.close()
      await server.restart()
      const second = await startLedger({ url, dataDir, ledger: { instance: 'second' } })
      expect(await countRows(second.database)).toMatchObject({
        opened: 30,
        attempts: 30,
        closed: 30,
        orphaned: 0,
      })
      await second.close()
      await harness.close()
      rmSync(dataDir, { recursive: true })
    }, 60_000)
  },
)

describe('a ledger whose SQLite file', () => {
  const folder = temporaryFolder()

  test('is locked by another program goes on, and has every row once when it is free', async () => {
    const path = join(folder.path(), 'locked.db')
    const harness = await startLedger({
      url: `sqlite:${path}`,
      database: { busyTimeoutMs: 30 },
      ledger: { segmentBytes: 5_000 },
    })
    await runExchanges(harness, 'before', 10)
    const other = new Sqlite(path)
    other.run('begin immediate')
    await runExchanges(harness, 'locked', 100)
    expect(harness.ledger.status().state).toBe('spool')
    other.run('rollback')
    await recovered(harness)
    expect(await countRows(harness.database)).toEqual({
      opened: 110,
      attempts: 110,
      closed: 110,
      orphaned: 0,
      corrections: 0,
    })
    other.close()
    await harness.close()
  }, 30_000)
})

/** A file system of a few megabytes, or undefined where this user may not mount one. */
const mountSmallDisk = (): string | undefined => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const path = mkdtempSync(join(tmpdir(), 'tollgate-disk-'))
  const { success } = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', path])
  if (success) return path
  rmSync(path, { recursive: true })
  return undefined
}

const disk = mountSmallDisk()
if (disk === undefined) console.warn('SKIPPED: the ledger on a full disk: this user cannot mount a tmpfs')

describe.skipIf(disk === undefined)('a ledger on a disk', () => {
  const path = (name: string) => join(disk ?? '', name)
  const fill = () => {
    const filler = path('filler')
    for (let size = 4_000_000; size > 100; size = Math.floor(size / 2)) {
      try {
        writeFileSync(filler, 'x'.repeat(size), { flag: 'a' })
      } catch {
        // Full: try with less.
      }
    }
  }
  const free = () => rmSync(path('filler'))
  afterAll(() => {
    Bun.spawnSync(['umount', disk ?? ''])
    rmSync(disk ?? '', { recursive: true })
  })

  const integrity = ({ database }: LedgerHarness) =>
    database.kind === 'sqlite'
      ? database.transaction(({ connection }) => connection.query('pragma integrity_check').get())
      : undefined

  test('that is full for the database only goes on in the spool, and recovers', async () => {
    const harness = await startLedger({ url: `sqlite:${path('one.db')}`, ledger: { segmentBytes: 5_000 } })
    await runExchanges(harness, 'before', 10)
    fill()
    for (let round = 0; harness.ledger.status().state === 'database'; round += 1)
      await runExchanges(harness, `full-${round}`, 50)
    await runExchanges(harness, 'spooled', 50)
    expect(harness.problems.join()).toContain('full')
    free()
    await recovered(harness)
    const counts = await countRows(harness.database)
    expect(counts).toMatchObject({
      opened: counts.closed,
      attempts: counts.closed,
      orphaned: 0,
      corrections: 0,
    })
    expect(await harness.store.exchange('spooled-49')).toBeDefined()
    expect(await integrity(harness)).toEqual({ integrity_check: 'ok' })
    await harness.close()
    for (const end of ['', '-wal', '-shm']) rmSync(path(`one.db${end}`), { force: true })
  }, 60_000)

  test('that is full for everything opens nothing more, drops nothing, and recovers', async () => {
    const dataDir = path('data')
    const harness = await startLedger({
      url: `sqlite:${path('two.db')}`,
      dataDir,
      ledger: { segmentBytes: 20_000 },
    })
    await runExchanges(harness, 'before', 10)
    const open = Array.from({ length: 200 }, (_, number) => `open-${number}`)
    for (const exchange of open) harness.ledger.open(openedRow(exchange))
    fill()
    const refused = await until(() => {
      try {
        harness.ledger.open(openedRow(`late-${performance.now()}`))
        return false
      } catch (error) {
        expect(error).toMatchObject({ code: 'gateway_storage_unavailable' })
        return true
      }
    }).then(() => true)
    expect(refused).toBe(true)
    const closing = Promise.all(
      open.map((exchange) => harness.ledger.close(closedRow(exchange), [attemptRow(exchange)])),
    )
    await until(() => harness.ledger.status().state !== 'database')
    free()
    await closing
    await recovered(harness)
    await runExchanges(harness, 'after', 10)
    for (const exchange of open)
      expect((await harness.store.exchange(exchange))?.entry?.outcome).toBe('success')
    const counts = await countRows(harness.database)
    expect(counts).toMatchObject({ closed: 220, attempts: 220, orphaned: 0, corrections: 0 })
    expect(await integrity(harness)).toEqual({ integrity_check: 'ok' })
    await harness.close()
  }, 60_000)
})
