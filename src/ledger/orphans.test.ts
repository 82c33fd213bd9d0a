import { afterEach, expect, test } from 'bun:test'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeDatabases, temporaryFolder } from '../../test/support/databases.ts'
import { countRows, type HarnessOptions, startLedger, until } from '../../test/support/ledger-harness.ts'
import { attemptRow, closedRow, openedRow } from '../../test/support/ledger-rows.ts'
import { readCacheBreaks } from './cache-break-store.ts'
import { batchText, closedLine, headerLine, openedLine } from './ledger-line.ts'

const opens = (count: number, changes = {}) =>
  Array.from({ length: count }, (_, number) => openedLine(openedRow(`x-${number}`, changes)))

describeDatabases('an exchange whose gateway died', ({ createUrl }) => {
  const folder = temporaryFolder()
  const running: (() => Promise<void>)[] = []
  const start = async (options: Partial<HarnessOptions> = {}) => {
    const harness = await startLedger({ url: await createUrl(), ...options })
    running.push(harness.close)
    return harness
  }
  afterEach(async () => {
    for (const close of running.splice(0)) await close()
  })

  test('is charged what it had reserved, once its lease ran out', async () => {
    const { store } = await start()
    await store.heartbeat({ instance: 'dead', startedAt: 0, leaseUntil: 5_000, openSince: 0 })
    await store.append(batchText([openedLine(openedRow('x', { instance: 'dead' }))], []))
    expect(await store.sweepOrphans(5_000)).toBe(0)
    expect(await store.sweepOrphans(5_001)).toBe(1)
    expect((await store.exchange('x'))?.entry).toMatchObject({
      outcome: 'orphaned',
      instance: 'dead',
      costNanoUsd: 900n,
      usage: { inputTokens: 100, outputTokens: 200 },
      usageSource: 'estimated',
      openedAt: 1_000,
      at: 5_000,
      latencyMs: 4_000,
      provider: 'anthropic',
      modelAnswered: 'claude-sonnet-4-5',
      tenant: { organisation: 'org-1', key: 'key-1' },
      tags: ['ci', 'project-x'],
    })
    expect(await store.sweepOrphans(9_000)).toBe(0)
  })

  test('is not an orphan when it was closed', async () => {
    const { store, database } = await start()
    await store.heartbeat({ instance: 'dead', startedAt: 0, leaseUntil: 5_000, openSince: 0 })
    const lines = [openedLine(openedRow('x', { instance: 'dead' })), closedLine(closedRow('x'), [], [])]
    await store.append(batchText(lines, []))
    expect(await store.sweepOrphans(6_000)).toBe(0)
    expect(await countRows(database)).toMatchObject({ closed: 1, orphaned: 0 })
  })

  test('stays open while its gateway prolongs the lease', async () => {
    const { store } = await start()
    await store.heartbeat({ instance: 'alive', startedAt: 0, leaseUntil: 5_000, openSince: 0 })
    await store.append(batchText([openedLine(openedRow('x', { instance: 'alive' }))], []))
    await store.heartbeat({ instance: 'alive', startedAt: 0, leaseUntil: 8_000, openSince: 0 })
    expect(await store.sweepOrphans(6_000)).toBe(0)
    expect(await store.sweepOrphans(8_001)).toBe(1)
  })

  test('whose gateway gave its lease back needs no waiting', async () => {
    const { store } = await start()
    await store.heartbeat({ instance: 'gone', startedAt: 0, leaseUntil: 99_000, openSince: 0 })
    await store.append(batchText([openedLine(openedRow('x', { instance: 'gone' }))], []))
    await store.release('gone', 6_000)
    expect(await store.sweepOrphans(6_001)).toBe(1)
  })

  test('is charged once when several gateways sweep at the same time', async () => {
    const url = await createUrl()
    const sweepers = await Promise.all(
      ['a', 'b', 'c'].map((instance) => start({ url, ledger: { instance } })),
    )
    const [first] = sweepers
    await first?.store.heartbeat({ instance: 'dead', startedAt: 0, leaseUntil: 5_000, openSince: 0 })
    await first?.store.append(batchText(opens(1_300, { instance: 'dead' }), []))
    const counts = await Promise.all(sweepers.map(({ store }) => store.sweepOrphans(6_000)))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_300)
    expect(first && (await countRows(first.database))).toMatchObject({ closed: 1_300, orphaned: 1_300 })
    expect(await first?.store.usage({})).toMatchObject({
      total: { requests: 1_300, costNanoUsd: 1_300n * 900n },
    })
  }, 30_000)

  test('is corrected when the truth arrives later, and counted with the truth', async () => {
    const { store, database } = await start({ store: { now: () => 77_000 } })
    await store.heartbeat({ instance: 'dead', startedAt: 0, leaseUntil: 5_000, openSince: 0 })
    await store.append(batchText([openedLine(openedRow('x', { instance: 'dead' }))], []))
    await store.sweepOrphans(6_000)
    const late = batchText([closedLine(closedRow('x'), [attemptRow('x')], [])], [])
    await store.append(late)
    await store.append(late)
    expect(await countRows(database)).toEqual({
      opened: 1,
      attempts: 1,
      closed: 1,
      orphaned: 1,
      corrections: 1,
    })
    expect((await store.exchange('x'))?.entry).toEqual({ ...closedRow('x'), corrected: true })
    expect((await store.usage({})).total).toMatchObject({ requests: 1, inputTokens: 50, costNanoUsd: 450n })
    expect((await store.entries({})).entries.map((entry) => entry.outcome)).toEqual(['success'])
    const { recorded_at } = await database.kysely
      .selectFrom('exchange_corrections')
      .select('recorded_at')
      .executeTakeFirstOrThrow()
    expect(recorded_at).toBe(77_000n)
  })

  test('is listed once with what its provider did not read, whenever that was told', async () => {
    const { store, database } = await start()
    const promptCacheBreak = {
      cause: 'client',
      expectedTokens: 5_000,
      readTokens: 0,
      offset: 7,
      path: 'system',
      missedNanoUsd: 9n,
    } as const
    await store.heartbeat({ instance: 'dead', startedAt: 0, leaseUntil: 5_000, openSince: 0 })
    await store.append(batchText([openedLine(openedRow('late', { instance: 'dead' }))], []))
    await store.sweepOrphans(6_000)
    const closed = (exchange: string, at: number) =>
      closedLine(closedRow(exchange, { at, promptCacheBreak }), [], [])
    await store.append(batchText([closed('early', 1_000), closed('late', 2_000), closed('last', 3_000)], []))
    expect(await countRows(database)).toMatchObject({ closed: 3, corrections: 1 })
    const listed = async (limit?: number) =>
      (await readCacheBreaks(database.kysely, {}, limit)).map(({ exchange }) => exchange)
    expect(await listed()).toEqual(['last', 'late', 'early'])
    expect(await listed(2)).toEqual(['last', 'late'])
    expect((await store.usage({})).total).toMatchObject({ cacheBreaks: 3, promptCacheMissedNanoUsd: 27n })
  })

  test('is settled from the files of the dead gateway at the next start', async () => {
    const url = await createUrl()
    const first = await startLedger({ url, ledger: { instance: 'first' } })
    first.ledger.open(openedRow('open', { instance: 'first' }))
    first.ledger.open(openedRow('done', { instance: 'first' }))
    // A copy of the files now is what a killed process leaves behind.
    const dataDir = join(folder.path(), 'after')
    cpSync(first.dataDir, dataDir, { recursive: true })
    await first.ledger.close(closedRow('done', { instance: 'first' }), [])
    await first.close()

    const second = await start({ url, dataDir, ledger: { instance: 'second', now: () => 3_000 } })
    expect((await second.store.exchange('open'))?.entry).toMatchObject({
      outcome: 'orphaned',
      costNanoUsd: 900n,
    })
    expect((await second.store.exchange('done'))?.entry?.outcome).toBe('success')
    expect(existsSync(join(dataDir, 'spool', 'first'))).toBe(false)
    expect(second.problems.join()).toContain('replayed 2 ledger lines of an earlier run, 1 orphans')
  })

  test('leaves the files of a gateway alone that runs in the same folder', async () => {
    const url = await createUrl()
    const first = await start({ url, ledger: { instance: 'first' } })
    first.ledger.open(openedRow('x', { instance: 'first' }))
    const second = await start({
      url,
      dataDir: first.dataDir,
      ledger: { instance: 'second', siblings: ['first'] },
    })
    expect(await countRows(second.database)).toMatchObject({ closed: 0 })
    await first.ledger.close(closedRow('x'), [])
    expect((await second.store.exchange('x'))?.entry?.outcome).toBe('success')
  })

  test('is found although the exchange began before the gateway last looked', async () => {
    let time = 1_000
    const url = await createUrl()
    const { ledger, store } = await start({ url, ledger: { now: () => time, leaseMs: 1_000, sweepMs: 1 } })
    time = 50_000
    await ledger.maintain()
    // Its body took long to arrive: it began long before the heartbeat above.
    ledger.open(openedRow('x', { at: 20_000 }))
    await until(async () => (await store.exchange('x')) !== undefined)
    expect(await store.sweepOrphans(60_000)).toBe(1)
  })

  test('does not stop a start when a spool file is broken: what can be read is, the rest is kept', async () => {
    const url = await createUrl()
    const { dataDir } = await start()
    const folder = join(dataDir, 'spool', 'dead')
    mkdirSync(folder, { recursive: true })
    const opened = openedLine(openedRow('x', { instance: 'dead' }))
    const impossible = JSON.stringify(['c', ['y', null, null]])
    writeFileSync(join(folder, '0000000001.jsonl'), `${'\u0000'.repeat(100)}\n`)
    writeFileSync(
      join(folder, '0000000002.jsonl'),
      `${headerLine()}\n${impossible}\n${opened.slice(0, 30)}\n${opened}\n["o",["z"`,
    )
    writeFileSync(join(folder, '0000000003.jsonl'), '')
    const { store, problems } = await start({
      url,
      dataDir,
      ledger: { instance: 'next', siblings: ['instance-1'] },
    })
    expect((await store.exchange('x'))?.entry?.outcome).toBe('orphaned')
    expect(existsSync(join(dataDir, 'spool', 'rejected-dead-0000000001.jsonl'))).toBe(true)
    expect(await Bun.file(join(dataDir, 'spool', 'rejected.jsonl')).text()).toBe(`${impossible}\n`)
    expect(problems.filter((problem) => problem.includes('broken line'))).toHaveLength(1)
  })
})
