import { describe, expect, test } from 'bun:test'
import { onEachDatabase } from '../../test/support/each-database.ts'
import type { Handle } from './handle.ts'
import { createHandleRegistry, type NewHandle } from './handle-registry.ts'
import { createHandleStore, type HandleStore, insertHandles } from './handle-store.ts'

const day = 24 * 3600 * 1000

const issued = (id: string, more: Partial<NewHandle> = {}): NewHandle => ({
  id,
  kind: 'response',
  tenant: { organisation: 'org_a', team: null, user: null, key: 'key_1' },
  provider: 'openai',
  credential: 'cred_1',
  created: 1_000,
  ...more,
})

/** A store in memory that counts how often it is asked and answers only when let. */
const memoryStore = () => {
  const rows = new Map<string, Handle>()
  let gate: Promise<void> = Promise.resolve()
  const store = {
    asked: 0,
    rows,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
    find: async (organisation, id) => {
      store.asked += 1
      const found = rows.get(`${organisation} ${id}`)
      await gate
      return found
    },
    remove: async (organisation, id) => rows.delete(`${organisation} ${id}`),
    purge: async () => 0,
  } satisfies HandleStore & Record<string, unknown>
  return store
}

const start = (capacity?: number) => {
  const store = memoryStore()
  const clock = { now: 1_000 }
  const options = { now: () => clock.now, ...(capacity === undefined ? {} : { capacity }) }
  const registry = createHandleRegistry(store, options)
  const write = (handle: Handle) => store.rows.set(`${handle.tenant.organisation} ${handle.id}`, handle)
  return { store, clock, registry, write }
}

describe('the handle registry', () => {
  test('knows a handle at once, before it is written', async () => {
    const { registry, store } = start()
    const row = registry.remember(issued('resp_1'))
    expect(row).toEqual({ ...issued('resp_1'), expires: 1_000 + 31 * day })
    expect(await registry.find('org_a', 'resp_1')).toEqual(row)
    expect(store.asked).toBe(0)
  })

  test('does not give it to another organisation', async () => {
    const { registry } = start()
    registry.remember(issued('resp_1'))
    expect(await registry.find('org_b', 'resp_1')).toBeUndefined()
    expect(await registry.find('', 'resp_1')).toBeUndefined()
    expect(await registry.find('org_a', 'resp_2')).toBeUndefined()
  })

  test('reads what it does not remember once, for all who ask meanwhile', async () => {
    const { registry, store, write } = start()
    write({ ...issued('resp_1'), expires: null })
    const release = store.hold()
    const asking = Array.from({ length: 5 }, () => registry.find('org_a', 'resp_1'))
    release()
    for (const found of await Promise.all(asking)) expect(found?.credential).toBe('cred_1')
    await registry.find('org_a', 'resp_1')
    expect(store.asked).toBe(1)
  })

  test('asks again after it found nothing, since another process may have issued the id', async () => {
    const { registry, write } = start()
    expect(await registry.find('org_a', 'resp_1')).toBeUndefined()
    write({ ...issued('resp_1'), expires: null })
    expect(await registry.find('org_a', 'resp_1')).toBeDefined()
  })

  test('asks again after the store failed', async () => {
    const { registry, store, write } = start()
    write({ ...issued('resp_1'), expires: null })
    const find = store.find
    store.find = async () => {
      throw new Error('the database is away')
    }
    await expect(registry.find('org_a', 'resp_1')).rejects.toThrow('away')
    store.find = find
    expect(await registry.find('org_a', 'resp_1')).toBeDefined()
  })

  test('keeps the ones used last within its bound, and reads the others', async () => {
    const { registry, store, write } = start(3)
    for (const id of ['resp_1', 'resp_2', 'resp_3']) write(registry.remember(issued(id)))
    await registry.find('org_a', 'resp_1')
    write(registry.remember(issued('resp_4')))
    for (const id of ['resp_1', 'resp_3', 'resp_4']) await registry.find('org_a', id)
    expect(store.asked).toBe(0)
    expect((await registry.find('org_a', 'resp_2'))?.id).toBe('resp_2')
    expect(store.asked).toBe(1)
  })

  test('forgets what was deleted upstream', async () => {
    const { registry, write } = start()
    write(registry.remember(issued('resp_1')))
    await registry.forget('org_b', 'resp_1')
    expect(await registry.find('org_a', 'resp_1')).toBeDefined()
    await registry.forget('org_a', 'resp_1')
    expect(await registry.find('org_a', 'resp_1')).toBeUndefined()
  })

  test('does not remember again what was forgotten while it was being read', async () => {
    const { registry, store, write } = start()
    write({ ...issued('resp_1'), expires: null })
    const release = store.hold()
    const reading = registry.find('org_a', 'resp_1')
    const forgetting = registry.forget('org_a', 'resp_1')
    release()
    await Promise.all([reading, forgetting])
    expect(await registry.find('org_a', 'resp_1')).toBeUndefined()
  })

  test('sees what was issued while it was being read as missing', async () => {
    const { registry, store } = start()
    const release = store.hold()
    const reading = registry.find('org_a', 'resp_1')
    registry.remember(issued('resp_1'))
    release()
    expect((await reading)?.id).toBe('resp_1')
  })

  test('ends a handle at its time, unless another process issued it again', async () => {
    const { registry, clock, write } = start()
    const first = registry.remember(issued('resp_1', { expires: 5_000 }))
    write(first)
    clock.now = 4_999
    expect(await registry.find('org_a', 'resp_1')).toEqual(first)
    clock.now = 5_000
    write({ ...first, expires: 9_000 })
    expect((await registry.find('org_a', 'resp_1'))?.expires).toBe(9_000)
  })

  test('keeps a living handle with the credential that issued it', async () => {
    const { registry, clock } = start()
    registry.remember(issued('resp_1', { expires: 5_000 }))
    registry.remember(issued('resp_1', { credential: 'cred_2' }))
    expect((await registry.find('org_a', 'resp_1'))?.credential).toBe('cred_1')
    clock.now = 5_000
    registry.remember(issued('resp_1', { credential: 'cred_2', created: 5_000 }))
    expect((await registry.find('org_a', 'resp_1'))?.credential).toBe('cred_2')
  })

  test('never asks the store for what cannot be a handle', async () => {
    const { registry, store } = start()
    for (const id of ['', 'a\0b', 'x'.repeat(501), '\ud800', 'zwölf']) {
      registry.remember(issued(id))
      expect(await registry.find('org_a', id)).toBeUndefined()
    }
    expect(store.asked).toBe(0)
  })

  test('remembers for ever what lives until somebody deletes it', () => {
    const { registry } = start()
    expect(registry.remember(issued('conv_1', { kind: 'conversation' })).expires).toBeNull()
    expect(registry.remember(issued('file_1', { kind: 'file' })).expires).toBeNull()
    expect(registry.remember(issued('msg_1', { kind: 'item' })).expires).toBe(1_000 + 90 * day)
  })
})

onEachDatabase('the handle registry', (open) => {
  test('of one process finds what another one wrote, and purges what has expired', async () => {
    const database = await open()
    const clock = { now: 1_000 }
    const registry = () => createHandleRegistry(createHandleStore(database), { now: () => clock.now })
    const [one, other] = [registry(), registry()]
    const rows = ['resp_1', 'resp_2'].map((id) => one.remember(issued(id)))
    rows.push(one.remember(issued('conv_1', { kind: 'conversation' })))
    await database.kysely.transaction().execute((transaction) => insertHandles(transaction, rows))
    for (const row of rows) expect(await other.find('org_a', row.id)).toEqual(row)
    expect(await other.find('org_b', 'resp_1')).toBeUndefined()
    await other.forget('org_a', 'resp_2')
    clock.now += 32 * day
    expect(await one.purge()).toBe(1)
    expect(await one.find('org_a', 'resp_1')).toBeUndefined()
    expect(await one.find('org_a', 'conv_1')).toBeDefined()
  })
})
