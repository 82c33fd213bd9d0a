import { expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createConversationStore } from './conversation-store.ts'
import type { Owner } from './owner.ts'
import type { ResponseRecord } from './response-record.ts'
import { createResponseStore } from './response-store.ts'
import { createSessions, runningFor, type SessionLimits } from './sessions.ts'
import { createStateKeys } from './state-keys.ts'

const owner: Owner = { organisation: 'org_a', team: null, user: null, key: 'key_1' }
const day = 24 * 3600 * 1000

const record = (said: string, more: Partial<ResponseRecord> = {}): ResponseRecord => ({
  history: [],
  input: [`{"id":"msg_${said}","content":"asked ${said}"}`],
  response: JSON.stringify({ output: [`said ${said}`] }),
  ...more,
})

const outputOf = (response: string): readonly string[] => {
  const { output }: { output: readonly string[] } = JSON.parse(response)
  return output
}

onEachDatabase('sessions', (open) => {
  const start = async (changed: Partial<SessionLimits> = {}) => {
    const database = await open()
    const clock = { now: 1_000_000 }
    const limits = {
      lifetime: 30 * day,
      shared_by: 'key' as const,
      max_response: 1_000_000,
      max_history: 1_000_000,
      max_stored: 1_000_000,
      ...changed,
    }
    const stores = {
      responses: createResponseStore(database),
      conversations: createConversationStore(database),
    }
    const keys = createStateKeys((organisation) => createSecretKey(Buffer.alloc(32, organisation)))
    const sessions = createSessions(stores, keys, { limits: () => limits, outputOf, now: () => clock.now })
    return { database, sessions, clock, limits }
  }

  test('find an answer as it was kept, until its time is over', async () => {
    const { sessions, clock } = await start()
    const kept = record('ümläut \u2028 😀', { stream: { cuts: [3, -1, 4], events: 12 } })
    await sessions.keep(owner, 'resp_1', kept)
    expect(await sessions.response(owner, 'resp_1')).toEqual({ id: 'resp_1', state: 'done', record: kept })
    expect(await sessions.response(owner, 'resp_2')).toBeUndefined()
    clock.now += 30 * day
    expect(await sessions.response(owner, 'resp_1')).toBeUndefined()
  })

  test('belong to the key that made them, or to its organisation, as the settings say', async () => {
    const { sessions, limits } = await start()
    await sessions.keep(owner, 'resp_1', record('one'))
    await sessions.createConversation(owner, 'conv_1', '{}', [])
    const colleague = { ...owner, key: 'key_2' }
    const stranger = { ...owner, organisation: 'org_b' }
    for (const other of [colleague, stranger]) {
      expect(await sessions.response(other, 'resp_1')).toBeUndefined()
      expect(await sessions.forget(other, 'resp_1')).toBe(false)
      expect(await sessions.conversation(other, 'conv_1')).toBeUndefined()
      expect(await sessions.append(other, 'conv_1', [{ id: 'i', json: '{}' }])).toBeUndefined()
      expect(await sessions.forgetConversation(other, 'conv_1')).toBe(false)
      await expect(sessions.historyOf(other, record('x', { history: ['resp_1'] }))).rejects.toThrow('deleted')
    }
    Object.assign(limits, { shared_by: 'organisation' })
    expect(await sessions.response(colleague, 'resp_1')).toBeDefined()
    expect(await sessions.response(stranger, 'resp_1')).toBeUndefined()
    expect(await sessions.conversation(colleague, 'conv_1')).toBeDefined()
  })

  test('do not open what was moved to another row or organisation', async () => {
    const { sessions, database } = await start()
    await sessions.keep(owner, 'resp_1', record('one'))
    const { kysely } = database
    await kysely.updateTable('responses').set({ id: 'resp_2' }).execute()
    expect(await sessions.response(owner, 'resp_2')).toBeUndefined()
    await kysely.updateTable('responses').set({ id: 'resp_1', organisation_id: 'org_b' }).execute()
    expect(await sessions.response({ ...owner, organisation: 'org_b' }, 'resp_1')).toBeUndefined()
  })

  test('tell the history of a chain in its order, and keep all of it alive', async () => {
    const { sessions, clock } = await start()
    await sessions.keep(owner, 'resp_1', record('one'))
    clock.now += 20 * day
    await sessions.keep(owner, 'resp_2', record('two', { history: ['resp_1'] }))
    clock.now += 20 * day
    const third = record('three', { history: ['resp_1', 'resp_2'] })
    expect(await sessions.historyOf(owner, third)).toEqual([
      ...record('one').input,
      'said one',
      ...record('two').input,
      'said two',
    ])
    await sessions.forget(owner, 'resp_1')
    await expect(sessions.historyOf(owner, third)).rejects.toMatchObject({ code: 'gateway_handle_unknown' })
  })

  test('refuse histories that are longer than they may be', async () => {
    const { sessions } = await start({ max_history: 200, max_response: 100 })
    expect(sessions.fits(record('x'.repeat(100)))).toBe(false)
    await sessions.keep(owner, 'resp_1', record('x'.repeat(150)))
    await expect(sessions.historyOf(owner, record('y', { history: ['resp_1'] }))).rejects.toMatchObject({
      code: 'gateway_request_invalid',
    })
    await sessions.createConversation(owner, 'conv_1', '{}', [])
    const item = {
      id: 'i',
      json: JSON.stringify(Buffer.from(crypto.getRandomValues(new Uint8Array(400))).toString('base64')),
    }
    await expect(sessions.append(owner, 'conv_1', [item])).rejects.toMatchObject({
      code: 'gateway_request_invalid',
    })
  })

  test('finish what runs in the background once, and know when nobody writes it any more', async () => {
    const { sessions, clock } = await start()
    const stateOf = async () => (await sessions.response(owner, 'resp_1'))?.state
    await sessions.keep(owner, 'resp_1', record('queued'), 'running')
    clock.now += runningFor
    expect(await stateOf()).toBe('running')
    expect(await sessions.touch(owner, 'resp_1')).toBe(true)
    clock.now += runningFor + 1
    expect(await stateOf()).toBe('lost')
    expect(await sessions.finish(owner, 'resp_1', record('done'))).toBe(true)
    expect(await sessions.finish(owner, 'resp_1', record('again'))).toBe(false)
    expect(await sessions.touch(owner, 'resp_1')).toBe(false)
    expect(await sessions.response(owner, 'resp_1')).toMatchObject({ state: 'done', record: record('done') })
  })

  test('page through the items of a conversation, also those that came at once', async () => {
    const { sessions } = await start()
    const items = Array.from({ length: 2_500 }, (_, number) => ({
      id: `item_${number}`,
      json: `{"n":${number}}`,
    }))
    await sessions.createConversation(owner, 'conv_1', '{"a":"b"}', items.slice(0, 2_000))
    await sessions.append(owner, 'conv_1', items.slice(2_000))
    expect((await sessions.allItems(owner, 'conv_1')).map(({ id }) => id)).toEqual(items.map(({ id }) => id))
    const last = await sessions.item(owner, 'conv_1', 'item_10')
    if (last === undefined) throw new Error('it is gone')
    const page = await sessions.items(owner, 'conv_1', { order: 'desc', beyond: last, limit: 3 })
    expect(page.map(({ id }) => id)).toEqual(['item_9', 'item_8', 'item_7'])
    expect((await sessions.allItems(owner, 'conv_1', last.position)).length).toBe(10)
    expect((await sessions.anyItem(owner, 'item_5'))?.json).toBe('{"n":5}')
    expect(await sessions.forgetItem(owner, 'conv_1', 'item_5')).toBe(true)
    expect(await sessions.anyItem(owner, 'item_5')).toBeUndefined()
    expect((await sessions.conversation(owner, 'conv_1'))?.metadata).toBe('{"a":"b"}')
    expect(await sessions.forgetConversation(owner, 'conv_1')).toBe(true)
    expect(await sessions.anyItem(owner, 'item_6')).toBeUndefined()
  })

  test('drop what has expired, and what was used longest ago where an organisation keeps too much', async () => {
    const { sessions, clock, limits, database } = await start({ max_stored: 60_000 })
    const noise = () => Buffer.from(crypto.getRandomValues(new Uint8Array(6_000))).toString('base64')
    for (let number = 0; number < 10; number++) {
      clock.now++
      await sessions.keep(owner, `resp_${number}`, record(noise()))
    }
    const other = { ...owner, organisation: 'org_b' }
    await sessions.keep(other, 'resp_0', record(noise()))
    clock.now++
    await sessions.keep(owner, 'resp_new', record('x', { history: ['resp_0'] }))
    expect(await sessions.purge()).toBeGreaterThan(2)
    const rows = await database.kysely
      .selectFrom('responses')
      .select(['organisation_id', 'id', 'size'])
      .execute()
    const left = rows.filter((row) => row.organisation_id === 'org_a')
    expect(left.reduce((total, { size }) => total + Number(size), 0)).toBeLessThanOrEqual(limits.max_stored)
    // What was continued was used.
    expect(left.map(({ id }) => id)).toContain('resp_0')
    expect(left.map(({ id }) => id)).not.toContain('resp_1')
    expect(await sessions.response(other, 'resp_0')).toBeDefined()
    clock.now += 31 * day
    await sessions.purge()
    expect(await database.kysely.selectFrom('responses').select('id').execute()).toEqual([])
  })
})
