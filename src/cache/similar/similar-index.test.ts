import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { waitFor } from '../../../test/support/gateway.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import { type RedisServer, redisAvailable, startRedis } from '../../../test/support/redis.ts'
import { redisState, type State } from '../../state/index.ts'
import { type SharedIndex, sharedIndex } from './shared-index.ts'
import { type KeptQuestion, type SimilarIndex, similarIndex } from './similar-index.ts'

const unit = (...values: readonly number[]): Float32Array => {
  const length = Math.hypot(...values)
  return Float32Array.from(values, (value) => value / length)
}

const place = { organisation: 'org', partition: 'p' }
const later = Date.now() + 3_600_000

const question = (hash: string, vector: Float32Array, more: Partial<KeptQuestion> = {}): KeptQuestion => ({
  ...place,
  ...{ hash, text: `about ${hash}`, vector, answeredAt: 1, until: later },
  ...more,
})

const open = (most = 100, mostBytes = 1_000_000): SimilarIndex =>
  similarIndex({ most: () => most, mostBytes: () => mostBytes, now: Date.now })

/** What holds for every index. */
const suite = (make: () => SimilarIndex): void => {
  test('the nearest come first, of their partition and organisation only', async () => {
    const index = make()
    expect(index.has(place)).toBe(false)
    expect(index.nearest(place, unit(1, 0), 3)).toEqual([])
    index.add(question('far', unit(0, 1)))
    index.add(question('near', unit(1, 0.1)))
    index.add(question('nearer', unit(1, 0)))
    index.add(question('elsewhere', unit(1, 0), { partition: 'q' }))
    index.add(question('theirs', unit(1, 0), { organisation: 'other' }))
    const found = index.nearest(place, unit(1, 0), 2)
    expect(found.map(({ hash }) => hash)).toEqual(['nearer', 'near'])
    expect(found[0]).toMatchObject({ text: 'about nearer', certainty: 0 })
    expect(found[0]?.similarity).toBeCloseTo(1, 6)
    expect(found[1]?.similarity).toBeCloseTo(1 / Math.hypot(1, 0.1), 6)
    // One id begins as the other does.
    expect(await index.clear('oth')).toBe(0)
    expect(await index.clear('other')).toBe(1)
    expect(index.nearest(place, unit(1, 0), 9)).toHaveLength(3)
    expect(await index.clear(undefined)).toBe(4)
    expect(index.size()).toEqual({ questions: 0, partitions: 0, bytes: 0 })
  })

  test('what was observed of a question stays with it, and not with another answer', async () => {
    const index = make()
    index.add(question('a', unit(1, 0)))
    for (let at = 0; at < 60; at++)
      index.observe(place, 'a', { asked: `true ${at}`, similarity: 0.95, isRight: true })
    const [before] = index.nearest(place, unit(1, 0), 1)
    expect(before?.certainty).toBeGreaterThan(0.9)
    index.add(question('a', unit(1, 0), { until: later + 1 }))
    // Asked again and again it says no more.
    for (let at = 0; at < 60; at++)
      index.observe(place, 'a', { asked: 'true 1', similarity: 0.95, isRight: true })
    expect(index.nearest(place, unit(1, 0), 1)[0]?.certainty).toBe(before?.certainty ?? 0)
    for (let at = 0; at < 60; at++)
      index.observe(place, 'a', { asked: `false ${at}`, similarity: 0.95, isRight: false })
    expect(index.nearest(place, unit(1, 0), 1)[0]?.certainty).toBeLessThan(0.6)
    index.add(question('a', unit(1, 0), { answeredAt: 2 }))
    expect(index.nearest(place, unit(1, 0), 1)[0]?.certainty).toBe(0)
    index.observe(place, 'unknown', { asked: 'x', similarity: 0.95, isRight: true })
    index.remove(place, 'unknown')
    index.remove(place, 'a')
    expect(index.has(place)).toBe(false)
    await index.clear(undefined)
  })

  test('what has ended is not found, nor what another embedder said', async () => {
    const index = make()
    index.add(question('over', unit(1, 0), { until: Date.now() - 1 }))
    expect(index.nearest(place, unit(1, 0), 1)).toEqual([])
    expect(index.nearest(place, unit(1, 0, 0), 1)).toEqual([])
    index.add(question('other', unit(1, 0, 0)))
    expect(index.nearest(place, unit(1, 0, 0), 9)).toEqual([])
    const epoch = index.epoch('org')
    await index.clear('org')
    expect(index.epoch('org')).not.toBe(epoch)
    await index.clear(undefined)
  })
}

describe('in the memory of one process', () => {
  suite(open)

  test('it says what a list of all would say, whatever was added and removed', () => {
    const vector = fc
      .array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 })
      .filter((values) => values.some((value) => value !== 0))
    const step = fc.record({ hash: fc.nat(12), vector, isRemoval: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), vector, (steps, asked) => {
        const index = open()
        const all = new Map<string, Float32Array>()
        for (const { hash, vector, isRemoval } of steps) {
          if (isRemoval) {
            index.remove(place, `${hash}`)
            all.delete(`${hash}`)
          } else {
            index.add(question(`${hash}`, unit(...vector)))
            all.set(`${hash}`, unit(...vector))
          }
        }
        const target = unit(...asked)
        const similarities = [...all.values()]
          .map((one) => one.reduce((sum, value, at) => sum + value * (target[at] ?? 0), 0))
          .sort((one, other) => other - one)
        const found = index.nearest(place, target, 4)
        expect(found).toHaveLength(Math.min(4, all.size))
        for (const [at, { similarity }] of found.entries())
          expect(similarity).toBeCloseTo(similarities[at] ?? 0, 5)
        expect(index.size().questions).toBe(all.size)
        for (const hash of all.keys()) index.remove(place, hash)
        expect(index.size()).toEqual({ questions: 0, partitions: 0, bytes: 0 })
      }),
      { numRuns: propertyRuns(200) },
    )
  })

  test('it never holds more than it may; what is unused longest goes first', () => {
    const index = open(5)
    index.add(question('used', unit(1, 0)))
    for (let at = 0; at < 20; at++) {
      index.add(question(`n${at}`, unit(0, 1)))
      index.nearest(place, unit(1, 0), 1)
      expect(index.size().questions).toBeLessThanOrEqual(5)
    }
    expect(index.nearest(place, unit(1, 0), 1)[0]?.hash).toBe('used')
    const small = open(100, 30_000)
    for (let at = 0; at < 50; at++) {
      small.add(question(`n${at}`, unit(0, 1), { partition: `p${at % 3}` }))
      expect(small.size().bytes).toBeLessThanOrEqual(30_000)
    }
    expect(small.size().questions).toBeGreaterThan(3)
  })
})

const hasRedis = redisAvailable('questions that gateways share')

describe.skipIf(!hasRedis)('at several gateways over Redis', () => {
  let redis: RedisServer
  const key = createSecretKey(randomBytes(32))
  const opened: { index: SharedIndex; state: State }[] = []

  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(async () => {
    for (const { index, state } of opened) {
      index.close()
      state.close()
    }
    await redis.stop()
  })

  const gateway = async (keyPrefix: string): Promise<SharedIndex> => {
    const state = redisState({ url: redis.url, keyPrefix, patience: 1_000 })
    await waitFor(() => (state.status() === 'connected' ? true : undefined))
    const index = sharedIndex({
      own: open(),
      state,
      keyOf: () => key,
      onProblem: (message, error) => {
        throw new Error(message, { cause: error })
      },
      now: Date.now,
    })
    opened.push({ index, state })
    return index
  }

  describe('each of them', () => {
    let index: SharedIndex
    beforeAll(async () => {
      index = await gateway('suite:')
    })
    suite(() => index)
  })

  test('what one is told, the others know, and so does one that comes later', async () => {
    const [one, other] = [await gateway('told:'), await gateway('told:')]
    one.add(question('a', unit(1, 2)))
    await waitFor(() => (other.has(place) ? true : undefined))
    for (let at = 0; at < 40; at++)
      one.observe(place, 'a', { asked: `${at}`, similarity: 0.9, isRight: true })
    const certainty = one.nearest(place, unit(1, 2), 1)[0]?.certainty ?? 0
    expect(certainty).toBeGreaterThan(0.9)
    await waitFor(() => (other.nearest(place, unit(1, 2), 1)[0]?.certainty === certainty ? true : undefined))
    const late = await gateway('told:')
    await waitFor(() => (late.nearest(place, unit(1, 2), 1)[0]?.certainty === certainty ? true : undefined))
    await other.clear('org')
    await waitFor(async () => {
      const later = await gateway('told:')
      await later.load()
      return later.has(place) ? undefined : true
    })
  })

  test('Redis can read nothing of it, and another key cannot either', async () => {
    const one = await gateway('sealed:')
    one.add(question('secret', unit(3, 4), { text: 'what is the plan of the merger' }))
    const client = new Bun.RedisClient(redis.url)
    const keys = await waitFor(async () => {
      const found = (await client.send('KEYS', ['sealed:*'])) as string[]
      return found.length > 0 ? found : undefined
    })
    const values = (await client.send('MGET', keys)) as string[]
    expect(values.join()).not.toContain('merger')
    expect(Buffer.from(values.join(), 'base64').includes(Buffer.from(unit(3, 4).buffer))).toBe(false)
    client.close()
    const state = redisState({ url: redis.url, keyPrefix: 'sealed:', patience: 1_000 })
    await waitFor(() => (state.status() === 'connected' ? true : undefined))
    const stranger = sharedIndex({
      ...{ own: open(), state, now: Date.now, onProblem: () => undefined },
      keyOf: () => createSecretKey(randomBytes(32)),
    })
    opened.push({ index: stranger, state })
    await stranger.load()
    expect(stranger.has(place)).toBe(false)
  })
})
