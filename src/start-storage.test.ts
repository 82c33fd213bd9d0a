import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryFolder } from '../test/support/databases.ts'
import { attemptRow, closedRow, openedRow } from '../test/support/ledger-rows.ts'
import { createLedger } from './ledger/index.ts'
import { startStorage, startStorageWorker } from './start-storage.ts'

describe('the storage Workers', () => {
  const folder = temporaryFolder()

  test('write in one thread and report in another', async () => {
    const storage = await startStorage({ url: `sqlite:${join(folder.path(), 'two.db')}` })
    const ledger = createLedger({ store: storage.writer.ledger, dataDir: folder.path(), instance: 'one' })
    await ledger.start()
    ledger.open(openedRow('x', { at: Date.now() }))
    await ledger.close(closedRow('x'), [attemptRow('x')])
    expect((await (await storage.reader()).ledger.exchange('x'))?.entry).toEqual({
      ...closedRow('x'),
      corrected: false,
    })
    expect((await (await storage.reader()).ledger.usage({})).total.costNanoUsd).toBe(450n)
    await ledger.stop()
    await storage.stop()
  })

  test('store handles with the exchange that issued them', async () => {
    const storage = await startStorage({ url: `sqlite:${join(folder.path(), 'handles.db')}` })
    const ledger = createLedger({ store: storage.writer.ledger, dataDir: folder.path(), instance: 'two' })
    await ledger.start()
    const tenant = { organisation: 'org-1', team: null, user: null, key: null }
    const handle = {
      id: 'resp_1',
      kind: 'response',
      tenant,
      provider: 'openai',
      credential: 'c-1',
      created: 5,
      expires: null,
    }
    await ledger.close(closedRow('x'), [], [handle])
    expect(await storage.writer.handles.find('org-1', 'resp_1', 10)).toMatchObject({
      provider: 'openai',
      credential: 'c-1',
    })
    expect(await storage.writer.handles.find('org-2', 'resp_1', 10)).toBeUndefined()
    await ledger.stop()
    await storage.stop()
  })

  test('refuse to write where they only report', async () => {
    const storage = await startStorage({ url: `sqlite:${join(folder.path(), 'read.db')}` })
    const beat = { instance: 'x', startedAt: 0, leaseUntil: 0, openSince: 0 }
    const refusal = await failure((await storage.reader()).ledger.heartbeat(beat))
    expect(refusal).toMatchObject({ code: 'gateway_storage_unavailable' })
    await storage.writer.ledger.heartbeat(beat)
    await storage.stop()
  })

  test('are one for a database in memory', async () => {
    const storage = await startStorage({ url: 'sqlite::memory:' })
    expect(await storage.reader()).toBe(storage.writer)
    await storage.stop()
  })

  test('say why a database does not open', async () => {
    const refused = (url: string) => failure(startStorageWorker({ url }))
    expect(await refused('mysql://host/db')).toMatchObject({ code: 'config_invalid' })
    expect(await refused('sqlite:/proc/nowhere/x.db')).toBeInstanceOf(Error)
    const unreachable = await refused('postgres://nobody@127.0.0.1:1/none')
    expect(unreachable).toMatchObject({ code: 'gateway_storage_unavailable' })
  })

  test('fail every call after they were stopped', async () => {
    const { stores, stop } = await startStorageWorker({ url: 'sqlite::memory:' })
    await stop()
    await stop()
    expect(await failure(stores.ledger.usage({}))).toMatchObject({ code: 'gateway_draining' })
  })
})

/** What a promise is rejected with. `expect().rejects` waits in a way that keeps a Worker's messages out. */
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
