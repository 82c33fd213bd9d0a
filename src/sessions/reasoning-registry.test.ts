import { describe, expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import type { ToolCallPart } from '../ir/index.ts'
import { createReasoningRegistry, type ReasoningRegistryOptions } from './reasoning-registry.ts'
import { createReasoningStore, type ReasoningRow, type ReasoningStore } from './reasoning-store.ts'
import { callKey, type RememberedCall } from './remembered-call.ts'
import { createStateKeys } from './state-keys.ts'

const keysOf = createStateKeys((organisation) => createSecretKey(Buffer.alloc(32, organisation)))

const call = (id: string, input = '{"city":"Ulm"}'): ToolCallPart => ({
  type: 'tool-call',
  kind: 'function',
  id,
  name: 'weather',
  input,
})

const remembered = (id: string, text = 'It is about Ulm.'): RememberedCall => ({
  key: callKey(call(id)),
  thoughts: [
    {
      before: 'text',
      part: {
        type: 'reasoning',
        pieces: [{ kind: 'summary', text }],
        state: { protocol: 'openai-chat', kind: 'encrypted', value: `TGWstate${id}` },
      },
    },
  ],
  state: { protocol: 'gemini', kind: 'thought-signature', value: `TGWstate${id}` },
})

/** A store in memory that answers only when let, and counts. */
const memoryStore = () => {
  const rows = new Map<string, ReasoningRow>()
  let gate: Promise<void> = Promise.resolve()
  const store = {
    rows,
    asked: 0,
    written: 0,
    fails: false,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
    write: async (given) => {
      await gate
      if (store.fails) throw new Error('the database is away')
      store.written += 1
      for (const row of given) rows.set(`${row.organisation} ${row.key}`, row)
    },
    find: async (organisation, keys, at) => {
      store.asked += 1
      await gate
      if (store.fails) throw new Error('the database is away')
      return keys.flatMap((key) => rows.get(`${organisation} ${key}`) ?? []).filter((row) => row.expires > at)
    },
    purge: async () => 0,
    trim: async () => 0,
  } satisfies ReasoningStore & Record<string, unknown>
  return store
}

const start = (options: ReasoningRegistryOptions = {}) => {
  const store = memoryStore()
  const clock = { now: 1_000 }
  const problems: string[] = []
  const open = () =>
    createReasoningRegistry(store, keysOf, {
      now: () => clock.now,
      onProblem: (message) => problems.push(message),
      ...options,
    })
  return { store, clock, problems, open, registry: open() }
}

describe('the reasoning registry', () => {
  test('knows what was remembered at once, before it is written', async () => {
    const { registry, store } = start()
    const release = store.hold()
    registry.remember('org_a', [remembered('call_1')])
    const found = await registry.find('org_a', [call('call_1'), call('call_2', '{}')].slice(0, 1))
    expect(found.get(callKey(call('call_1')))).toEqual(remembered('call_1'))
    expect(store.asked).toBe(0)
    release()
    await registry.flush()
    expect(store.rows.size).toBe(1)
  })

  test('does not tell another organisation', async () => {
    const { registry } = start()
    registry.remember('org_a', [remembered('call_1')])
    await registry.flush()
    expect((await registry.find('org_b', [call('call_1')])).size).toBe(0)
  })

  test('keeps nothing readable at rest, and nothing that fits elsewhere', async () => {
    const { registry, store, open } = start()
    registry.remember('org_a', [remembered('call_1')])
    await registry.flush()
    const [row] = store.rows.values()
    if (row === undefined) throw new Error('nothing was written')
    expect(Buffer.from(row.sealed, 'base64').toString('latin1')).not.toContain('Ulm')
    expect(row.key).not.toContain('call_1')
    store.rows.set(`org_b ${row.key}`, { ...row, organisation: 'org_b' })
    store.rows.set(`org_a other`, { ...row, key: 'other' })
    expect((await open().find('org_b', [call('call_1')])).size).toBe(0)
    expect((await open().find('org_a', [call('call_1')])).size).toBe(1)
    const flipped = Buffer.from(row.sealed, 'base64')
    flipped[20] = (flipped[20] ?? 0) ^ 1
    store.rows.set(`org_a ${row.key}`, { ...row, sealed: flipped.toString('base64') })
    expect((await open().find('org_a', [call('call_1')])).size).toBe(0)
  })

  test('tells calls with the same id apart by what they call', async () => {
    const { registry } = start()
    registry.remember('org_a', [remembered('0')])
    expect((await registry.find('org_a', [call('0', '{"city":"Bonn"}')])).size).toBe(0)
    expect((await registry.find('org_a', [call('0', '{ "city" : "Ulm" }')])).size).toBe(1)
  })

  test('asks the store once for all calls, and soon not again for what nobody knew', async () => {
    const { registry, store, clock } = start()
    const calls = [call('call_1'), call('call_2'), call('call_2')]
    await registry.find('org_a', calls)
    await registry.find('org_a', calls)
    expect(store.asked).toBe(1)
    clock.now += 15_000
    await registry.find('org_a', calls)
    expect(store.asked).toBe(2)
  })

  test('sees what is remembered while the store is asked', async () => {
    const { registry, store } = start()
    const release = store.hold()
    const asking = registry.find('org_a', [call('call_1')])
    registry.remember('org_a', [remembered('call_1')])
    release()
    expect((await asking).size).toBe(1)
    expect((await registry.find('org_a', [call('call_1')])).size).toBe(1)
  })

  test('forgets at its time', async () => {
    const { registry, clock } = start({ lifetime: 500 })
    registry.remember('org_a', [remembered('call_1')])
    await registry.flush()
    clock.now += 499
    expect((await registry.find('org_a', [call('call_1')])).size).toBe(1)
    clock.now += 1
    expect((await registry.find('org_a', [call('call_1')])).size).toBe(0)
  })

  test('keeps the ones used last within its bound, and reads the others', async () => {
    const { registry, store } = start({ capacity: 3_000 })
    for (const id of ['1', '2', '3', '4', '5', '6']) registry.remember('org_a', [remembered(id)])
    await registry.flush()
    await registry.find('org_a', [call('6')])
    expect(store.asked).toBe(0)
    expect((await registry.find('org_a', [call('1')])).size).toBe(1)
    expect(store.asked).toBe(1)
  })

  test('does not keep thoughts of unreasonable size', async () => {
    const { registry, store } = start()
    registry.remember('org_a', [remembered('call_1', 'x'.repeat(1_000_001))])
    await registry.flush()
    expect(store.rows.size).toBe(0)
    expect((await registry.find('org_a', [call('call_1')])).size).toBe(0)
  })

  test('neither fails nor waits when the store does', async () => {
    const { registry, store, problems } = start()
    store.fails = true
    registry.remember('org_a', [remembered('call_1')])
    await registry.flush()
    expect((await registry.find('org_a', [call('call_1')])).size).toBe(1)
    expect((await registry.find('org_a', [call('call_2')])).size).toBe(0)
    expect(problems).toEqual(['reasoning of 1 calls cannot be written', 'reasoning cannot be read'])
    store.fails = false
    registry.remember('org_a', [remembered('call_3')])
    await registry.flush()
    expect(store.rows.size).toBe(1)
  })

  test('collects what comes while a write runs, within a bound', async () => {
    const { registry, store, problems } = start()
    const release = store.hold()
    for (let number = 0; number < 6_000; number++) registry.remember('org_a', [remembered(`call_${number}`)])
    release()
    await registry.flush()
    expect(store.rows.size).toBeLessThanOrEqual(5_500)
    expect(store.written).toBeLessThanOrEqual(12)
    expect(problems).toContain('the store of reasoning is too slow: the oldest is not written')
  })
})

onEachDatabase('the reasoning registry', (open) => {
  test('of one process finds what another one wrote, and drops what has expired', async () => {
    const database = await open()
    const clock = { now: 1_000 }
    const registry = () =>
      createReasoningRegistry(createReasoningStore(database), keysOf, { now: () => clock.now, lifetime: 500 })
    const [one, other] = [registry(), registry()]
    one.remember('org_a', [remembered('call_1'), remembered('call_2')])
    await one.flush()
    const found = await other.find('org_a', [call('call_1'), call('call_2'), call('call_3')])
    expect([...found.values()]).toEqual(expect.arrayContaining([remembered('call_1'), remembered('call_2')]))
    clock.now += 500
    expect(await one.purge()).toBe(2)
    expect((await registry().find('org_a', [call('call_1')])).size).toBe(0)
  })
})
