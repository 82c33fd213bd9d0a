import { afterEach, expect, test } from 'bun:test'
import { describeDatabases } from '../../test/support/databases.ts'
import { countRows, type HarnessOptions, startLedger, until } from '../../test/support/ledger-harness.ts'
import { attemptRow, closedRow, openedRow } from '../../test/support/ledger-rows.ts'
import type { Database } from '../storage/index.ts'
import type { HandleWriter, LedgerStore } from './index.ts'

/** A store whose appends wait for a gate. */
const gated = () => {
  let gate = Promise.withResolvers<void>()
  const appended: string[] = []
  return {
    appended,
    /** Lets the appends through that wait now. */
    openGate: () => {
      gate.resolve()
      gate = Promise.withResolvers()
    },
    /** Lets everything through from now on. */
    removeGate: () => gate.resolve(),
    wrap: (store: LedgerStore): LedgerStore => ({
      ...store,
      append: async (batch) => {
        appended.push(batch)
        await gate.promise
        return store.append(batch)
      },
    }),
  }
}

/** Handles as rows of a table that exists: names that begin with `handle`. */
const writeAsInstances: HandleWriter = async (kysely, handles) => {
  const rows = handles.map((handle) => ({
    instance: String(handle),
    started_at: 1,
    lease_until: 1n,
    open_since: 1,
  }))
  await kysely
    .insertInto('instances')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

const handlesIn = async ({ kysely }: Database) => {
  const rows = await kysely
    .selectFrom('instances')
    .select('instance')
    .where('instance', 'like', 'handle%')
    .execute()
  return rows.map((row) => row.instance).sort()
}

describeDatabases('the ledger', ({ createUrl }) => {
  const running: (() => Promise<void>)[] = []
  const start = async (options: Partial<HarnessOptions> = {}) => {
    const harness = await startLedger({ url: await createUrl(), ...options })
    running.push(harness.close)
    return harness
  }
  afterEach(async () => {
    for (const close of running.splice(0)) await close()
  })

  test('records an exchange as it was: opened, attempts and end', async () => {
    const { ledger, store } = await start()
    const attempts = [
      attemptRow('x', { error: 'overloaded', status: 529, usage: null, costNanoUsd: 0n }),
      attemptRow('x', { number: 2 }),
    ]
    ledger.open(openedRow('x'))
    await ledger.close(closedRow('x'), attempts)
    expect(await store.exchange('x')).toEqual({
      opened: openedRow('x'),
      attempts,
      entry: { ...closedRow('x'), corrected: false },
    })
  })

  test('keeps what is unknown apart from zero', async () => {
    const { ledger, store } = await start()
    const unknown = closedRow('x', {
      usage: null,
      usageSource: null,
      costNanoUsd: null,
      ttftMs: null,
      status: null,
      modelAsked: null,
      tenant: { organisation: 'org-1', team: null, user: null, key: null },
    })
    const zero = closedRow('y', { usage: { inputTokens: 0 }, costNanoUsd: 0n, ttftMs: 0 })
    await Promise.all([ledger.close(unknown, []), ledger.close(zero, [])])
    expect((await store.exchange('x'))?.entry).toEqual({ ...unknown, corrected: false })
    expect((await store.exchange('y'))?.entry).toEqual({ ...zero, corrected: false })
  })

  test('closes an exchange that was refused and never opened', async () => {
    const { ledger, store, database } = await start()
    const refused = closedRow('x', {
      outcome: 'refused',
      status: 429,
      error: 'gateway_overloaded',
      stage: 'limits',
    })
    await ledger.close(refused, [])
    expect(await store.exchange('x')).toEqual({
      opened: null,
      attempts: [],
      entry: { ...refused, corrected: false },
    })
    expect(await countRows(database)).toMatchObject({ opened: 0, closed: 1 })
  })

  test('answers nothing for an exchange that it never heard of', async () => {
    const { store } = await start()
    expect(await store.exchange('x')).toBeUndefined()
  })

  test('gives an exchange one final row, however often it is closed', async () => {
    const { ledger, store, database } = await start()
    ledger.open(openedRow('x'))
    await Promise.all([
      ledger.close(closedRow('x'), [attemptRow('x')]),
      ledger.close(closedRow('x', { outcome: 'client_aborted' }), [attemptRow('x')]),
    ])
    await ledger.close(closedRow('x', { outcome: 'upstream_died' }), [])
    expect((await store.exchange('x'))?.entry?.outcome).toBe('success')
    expect(await countRows(database)).toEqual({
      opened: 1,
      attempts: 1,
      closed: 1,
      orphaned: 0,
      corrections: 0,
    })
  })

  test('does not change when a batch is written again', async () => {
    const { appended, wrap, openGate } = gated()
    const { ledger, store, database } = await start({ wrap })
    ledger.open(openedRow('x'))
    const closed = ledger.close(closedRow('x'), [attemptRow('x')])
    openGate()
    await closed
    for (const batch of appended) expect(await store.append(batch)).toBe('database')
    expect(await countRows(database)).toEqual({
      opened: 1,
      attempts: 1,
      closed: 1,
      orphaned: 0,
      corrections: 0,
    })
  })

  test('resolves a close when it is durable, not before', async () => {
    const { wrap, openGate } = gated()
    const { ledger, store } = await start({ wrap })
    let durable = false
    const closed = ledger.close(closedRow('x'), []).then(() => {
      durable = true
    })
    await Bun.sleep(20)
    expect(durable).toBe(false)
    expect(await store.exchange('x')).toBeUndefined()
    openGate()
    await closed
    expect(await store.exchange('x')).toBeDefined()
  })

  test('with async durability resolves a close at once, and writes it all the same', async () => {
    const { wrap, openGate } = gated()
    const { ledger, store } = await start({ wrap, ledger: { durability: 'async' } })
    await ledger.close(closedRow('x'), [])
    expect(ledger.status().pending).toBe(1)
    openGate()
    await until(async () => (await store.exchange('x')) !== undefined)
  })

  test('writes what came while a commit ran as one batch', async () => {
    const { appended, wrap, openGate } = gated()
    const { ledger } = await start({ wrap })
    const first = ledger.close(closedRow('x-0'), [])
    const others = Array.from({ length: 50 }, (_, number) => ledger.close(closedRow(`x-${number + 1}`), []))
    expect(appended).toHaveLength(1)
    openGate()
    await first
    openGate()
    await Promise.all(others)
    expect(appended).toHaveLength(2)
  })

  test('refuses new exchanges while too much waits, drops nothing, and serves again', async () => {
    const { wrap, removeGate } = gated()
    const { ledger, database } = await start({ wrap, ledger: { maxPending: 10, durability: 'async' } })
    const closes = Array.from({ length: 10 }, (_, number) => ledger.close(closedRow(`x-${number}`), []))
    await Promise.all(closes)
    expect(() => ledger.open(openedRow('y'))).toThrow(
      expect.objectContaining({ code: 'gateway_storage_unavailable' }),
    )
    let late = false
    const waiting = ledger.close(closedRow('late'), []).then(() => {
      late = true
    })
    await Bun.sleep(10)
    expect(late).toBe(false)
    removeGate()
    await waiting
    ledger.open(openedRow('y'))
    expect(await countRows(database)).toMatchObject({ closed: 11 })
  })

  test('shows an exchange that takes long in the database before it ends', async () => {
    const { ledger, store } = await start({ ledger: { sweepMs: 5, now: () => 5_000 } })
    ledger.open(openedRow('x', { at: 5_000 }))
    await until(async () => (await store.exchange('x')) !== undefined)
    expect(await store.exchange('x')).toMatchObject({ entry: null })
    expect((await store.running(5_000)).map((row) => row.exchange)).toEqual(['x'])
    await ledger.close(closedRow('x'), [])
    expect(await store.running(5_000)).toEqual([])
  })

  test('replaces a reservation: the last word counts, be it higher or lower', async () => {
    const { ledger, store } = await start({ ledger: { sweepMs: 1 } })
    const reserved = async () => (await store.exchange('x'))?.opened?.reservedNanoUsd
    ledger.open(openedRow('x', { reservedNanoUsd: 100n }))
    await until(async () => (await reserved()) === 100n)
    ledger.open(openedRow('x', { reservedNanoUsd: 300n, provider: 'openai' }))
    await until(async () => (await reserved()) === 300n)
    ledger.open(openedRow('x', { reservedNanoUsd: 200n }))
    await ledger.close(closedRow('x'), [])
    expect((await store.exchange('x'))?.opened).toMatchObject({
      reservedNanoUsd: 200n,
      provider: openedRow('x').provider,
    })
  })

  test('stores handles in the transaction of the close, all or nothing', async () => {
    let failure: Error | undefined = Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' })
    const { ledger, database, store } = await start({
      store: {
        writeHandles: async (kysely, handles) => {
          await writeAsInstances(kysely, handles)
          if (failure !== undefined) throw failure
        },
      },
    })
    await ledger.close(closedRow('x'), [], ['handle-1', 'handle-2'])
    expect([await handlesIn(database), await store.exchange('x')]).toEqual([[], undefined])
    failure = undefined
    await until(async () => (await store.exchange('x')) !== undefined)
    expect(await handlesIn(database)).toEqual(['handle-1', 'handle-2'])
  })

  test('stores an exchange even when its handles can never be stored, and keeps those in a file', async () => {
    const { ledger, database, store, dataDir, problems } = await start({
      store: {
        writeHandles: async () => {
          throw new Error('a defect')
        },
      },
    })
    await ledger.close(closedRow('x'), [], ['handle-1'])
    await until(async () => (await store.exchange('x')) !== undefined)
    expect(await handlesIn(database)).toEqual([])
    expect(await Bun.file(`${dataDir}/spool/rejected.jsonl`).text()).toContain('handle-1')
    expect(problems.join('\n')).toContain('rejected.jsonl: Error: a defect')
  })

  test('leaves no file behind when everything is in the database', async () => {
    const { ledger, spoolFiles } = await start({ ledger: { segmentBytes: 3_000 } })
    for (let number = 0; number < 30; number += 1) {
      ledger.open(openedRow(`x-${number}`))
      await ledger.close(closedRow(`x-${number}`), [attemptRow(`x-${number}`)])
    }
    expect(spoolFiles().length).toBeLessThanOrEqual(2)
    await ledger.stop()
    expect(spoolFiles()).toEqual([])
  })

  test('keeps the file of an exchange that is still open', async () => {
    const { ledger, spoolFiles } = await start({ ledger: { segmentBytes: 10 } })
    ledger.open(openedRow('long'))
    ledger.open(openedRow('short'))
    await ledger.close(closedRow('short'), [])
    expect(spoolFiles()).toContain('0000000001.jsonl')
    await ledger.close(closedRow('long'), [])
    expect(spoolFiles()).not.toContain('0000000001.jsonl')
  })

  test('opens nothing after it was stopped', async () => {
    const { ledger } = await start()
    await ledger.stop()
    expect(() => ledger.open(openedRow('x'))).toThrow(expect.objectContaining({ code: 'gateway_draining' }))
  })
})
