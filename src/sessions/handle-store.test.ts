import { expect, test } from 'bun:test'
import { onEachDatabase } from '../../test/support/each-database.ts'
import type { Handle } from './handle.ts'
import { createHandleStore, insertHandles } from './handle-store.ts'

const handle = (id: string, more: Partial<Handle> = {}): Handle => ({
  id,
  kind: 'response',
  tenant: { organisation: 'org_a', team: 'team_1', user: null, key: 'key_1' },
  provider: 'openai',
  credential: 'cred_1',
  created: 1_000,
  expires: 2_000,
  ...more,
})

const of = (organisation: string) => ({ tenant: { organisation, team: null, user: null, key: 'key_2' } })

onEachDatabase('handles', (open) => {
  const start = async () => {
    const database = await open()
    const write = (...rows: Handle[]) =>
      database.kysely.transaction().execute((transaction) => insertHandles(transaction, rows))
    return { database, write, store: createHandleStore(database) }
  }

  test('are found as they were written, until they expire', async () => {
    const { store, write } = await start()
    const lasting = handle('conv_1', { kind: 'conversation', expires: null })
    await write(handle('resp_1'), lasting)
    expect(await store.find('org_a', 'resp_1', 1_999)).toEqual(handle('resp_1'))
    expect(await store.find('org_a', 'resp_1', 2_000)).toBeUndefined()
    expect(await store.find('org_a', 'conv_1', 9e15)).toEqual(lasting)
    expect(await store.find('org_a', 'resp_2', 1_000)).toBeUndefined()
  })

  test('belong to the organisation they were issued to, and no other can occupy their id', async () => {
    const { store, write } = await start()
    await write(handle('resp_1'))
    expect(await store.find('org_b', 'resp_1', 1_000)).toBeUndefined()
    await write(handle('resp_1', { ...of('org_b'), credential: 'cred_9' }))
    expect((await store.find('org_a', 'resp_1', 1_000))?.credential).toBe('cred_1')
    expect((await store.find('org_b', 'resp_1', 1_000))?.credential).toBe('cred_9')
    expect(await store.remove('org_b', 'resp_1')).toBe(true)
    expect(await store.remove('org_b', 'resp_1')).toBe(false)
    expect(await store.find('org_a', 'resp_1', 1_000)).toBeDefined()
  })

  test('keep their credential while they live; issued again by it they live longer', async () => {
    const { store, write } = await start()
    await write(handle('resp_1'))
    await write(handle('resp_1', { credential: 'cred_2', created: 1_500, expires: 9_000 }))
    expect(await store.find('org_a', 'resp_1', 1_500)).toEqual(handle('resp_1'))
    await write(handle('resp_1', { created: 1_500, expires: 3_000 }))
    expect((await store.find('org_a', 'resp_1', 2_500))?.expires).toBe(3_000)
    await write(handle('resp_1', { credential: 'cred_2', created: 3_000, expires: 4_000 }))
    expect((await store.find('org_a', 'resp_1', 3_500))?.credential).toBe('cred_2')
  })

  test('that last for ever are not cut short', async () => {
    const { store, write } = await start()
    await write(handle('conv_1', { kind: 'conversation', expires: null }))
    await write(handle('conv_1', { kind: 'conversation', expires: 5_000 }))
    expect((await store.find('org_a', 'conv_1', 6_000))?.expires).toBeNull()
  })

  test('may come twice in one writing, and in thousands', async () => {
    const { store, write } = await start()
    const many = Array.from({ length: 2_500 }, (_, index) => handle(`resp_${index}`))
    await write(...many, handle('resp_1', { credential: 'cred_2' }), ...many.slice(0, 5))
    expect((await store.find('org_a', 'resp_1', 1_000))?.credential).toBe('cred_1')
    expect(await store.find('org_a', 'resp_2499', 1_000)).toBeDefined()
    await write()
  })

  test('that cannot be handles are left out, and the rest is written', async () => {
    const { store, write } = await start()
    await write(handle('a\0b'), handle(''), handle('x'.repeat(501)), handle('é'), handle('resp_1'))
    expect(await store.find('org_a', 'resp_1', 1_000)).toBeDefined()
    expect(await store.purge(9_000, 100)).toBe(1)
  })

  test('are not written when the transaction fails', async () => {
    const { store, database } = await start()
    const failing = database.kysely.transaction().execute(async (transaction) => {
      await insertHandles(transaction, [handle('resp_1')])
      throw new Error('the entry could not be closed')
    })
    await expect(failing).rejects.toThrow('could not be closed')
    expect(await store.find('org_a', 'resp_1', 1_000)).toBeUndefined()
  })

  test('written by many at once in different orders all arrive', async () => {
    const { store, write } = await start()
    const batches = Array.from({ length: 6 }, (_, turn) =>
      Array.from({ length: 30 }, (_, index) =>
        handle(`resp_${(index * 7 + turn * 11) % 40}`, { expires: 2_000 + turn }),
      ),
    )
    await Promise.all(batches.map((rows) => write(...rows)))
    for (const row of batches.flat()) expect(await store.find('org_a', row.id, 1_000)).toBeDefined()
  })

  test('are purged in portions once expired', async () => {
    const { store, write } = await start()
    await write(...Array.from({ length: 25 }, (_, index) => handle(`resp_${index}`)))
    await write(handle('resp_later', { expires: 3_000 }), handle('conv_1', { expires: null }))
    expect(await store.purge(1_999, 10)).toBe(0)
    expect([
      await store.purge(2_000, 10),
      await store.purge(2_000, 10),
      await store.purge(2_000, 10),
    ]).toEqual([10, 10, 5])
    expect(await store.find('org_a', 'resp_later', 2_000)).toBeDefined()
    expect(await store.find('org_a', 'conv_1', 2_000)).toBeDefined()
  })
})
