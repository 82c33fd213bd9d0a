import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { waitFor } from '../../test/support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../../test/support/redis.ts'
import { memoryState, redisState, type State } from '../state/index.ts'
import { type AnswerStore, memoryStore, sharedStore } from './index.ts'

const hash = (name: string): string => new Bun.CryptoHasher('sha256').update(name).digest('hex')
const place = (name: string, organisation = 'org') => ({ organisation, hash: hash(name) })

/** What holds for every store. */
const suite = (open: () => AnswerStore): void => {
  test('what is set is got, whatever it says', async () => {
    const store = open()
    expect(await store.get(place('a'))).toBeUndefined()
    await store.set(place('a'), 'süß "\n\u0000 𝕏', 60_000)
    expect(await store.get(place('a'))).toBe('süß "\n\u0000 𝕏')
    await store.set(place('a'), 'other', 60_000)
    expect(await store.get(place('a'))).toBe('other')
    expect(await store.get(place('b'))).toBeUndefined()
    await store.clear('org')
  })

  test('it ends by itself', async () => {
    const store = open()
    await store.set(place('short'), 'x', 30)
    await waitFor(async () => ((await store.get(place('short'))) === undefined ? true : undefined))
  })

  test('organisations do not see each other, and are cleared apart', async () => {
    const store = open()
    // One id begins as the other does.
    await store.set(place('a', 'org1'), 'one', 60_000)
    await store.set(place('a', 'org10'), 'ten', 60_000)
    await store.set(place('b', 'org1'), 'two', 60_000)
    expect(await store.get(place('a', 'org2'))).toBeUndefined()
    expect(await store.get(place('a', 'org10'))).toBe('ten')
    expect(await store.clear('org1')).toBe(2)
    expect(await store.get(place('a', 'org1'))).toBeUndefined()
    expect(await store.get(place('a', 'org10'))).toBe('ten')
    expect(await store.clear(undefined)).toBe(1)
    expect(await store.clear(undefined)).toBe(0)
  })
}

const key = createSecretKey(randomBytes(32))

describe('in memory', () => {
  suite(() => memoryStore({ most: () => 1_000_000, now: Date.now }))

  test('never holds more than it may; what is unused longest goes first', async () => {
    let most = 10_000
    const store = memoryStore({ most: () => most, now: Date.now })
    for (let at = 0; at < 100; at++) {
      await store.set(place(`n${at}`), 'x'.repeat(100 + at * 10), 60_000)
      // The first is asked for again and again.
      expect(await store.get(place('n0'))).toBeDefined()
      expect(store.size()?.bytes).toBeLessThanOrEqual(most)
    }
    expect(await store.get(place('n1'))).toBeUndefined()
    expect(await store.get(place('n99'))).toBeDefined()
    const { entries = 0, evicted = 0 } = store.size() ?? {}
    expect(entries + evicted).toBe(100)
    await store.set(place('too large'), 'x'.repeat(most), 60_000)
    expect(await store.get(place('too large'))).toBeUndefined()
    expect(await store.get(place('n99'))).toBeDefined()
    most = 2_000
    await store.set(place('last'), 'x', 60_000)
    expect(store.size()?.bytes).toBeLessThanOrEqual(most)
  })

  test('bytes are those of the text, not its characters', async () => {
    const store = memoryStore({ most: () => 1_000, now: Date.now })
    await store.set(place('wide'), '𝕏'.repeat(200), 60_000)
    expect(await store.get(place('wide'))).toBeUndefined()
  })
})

describe('over the state of one process', () => {
  suite(() => sharedStore({ state: memoryState(), keyOf: () => key }))

  test('what lies there is sealed, for its organisation and its place', async () => {
    const state = memoryState()
    const keys = new Map(['org', 'other'].map((name) => [name, createSecretKey(randomBytes(32))]))
    const store = sharedStore({ state, keyOf: (organisation) => keys.get(organisation) ?? key })
    const text = 'a plain answer '.repeat(10)
    await store.set(place('a'), text, 60_000)
    const [[name, { value }] = ['', { value: '' }]] = await state.entries('')
    expect(value).not.toContain('plain')
    expect(Buffer.from(value, 'base64').toString('latin1')).not.toContain('plain')
    for (const [moved, to] of [
      [name.replace('/org/', '/other/'), place('a', 'other')],
      [name.replace(hash('a'), hash('b')), place('b')],
    ] as const) {
      await state.set(moved, value, 60_000)
      expect(await store.get(to)).toBeUndefined()
    }
    const broken = Buffer.from(value, 'base64')
    broken[20] = (broken[20] ?? 0) ^ 1
    await state.set(name, broken.toString('base64'), 60_000)
    expect(await store.get(place('a'))).toBeUndefined()
    await state.set(name, 'no base64 at all {', 60_000)
    expect(await store.get(place('a'))).toBeUndefined()
  })
})

const hasRedis = redisAvailable('the shared cache of answers')

describe.skipIf(!hasRedis)('over Redis', () => {
  let redis: RedisServer
  let state: State
  beforeAll(async () => {
    redis = await startRedis()
    state = redisState({ url: redis.url, keyPrefix: 'test[*]:' })
    await waitFor(() => (state.status() === 'connected' ? true : undefined))
  })
  afterAll(async () => {
    state.close()
    await redis.stop()
  })
  suite(() => sharedStore({ state, keyOf: () => key }))

  test('clears more than a page', async () => {
    const store = sharedStore({ state, keyOf: () => key })
    await Promise.all(Array.from({ length: 2_500 }, (_, at) => store.set(place(`${at}`), 'x', 60_000)))
    await state.set('other', 'stays', 60_000)
    expect(await store.clear('org')).toBe(2_500)
    expect(await state.get('other')).toBe('stays')
  })
})
