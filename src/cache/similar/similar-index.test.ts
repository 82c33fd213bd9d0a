import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { waitFor } from '../../../test/support/gateway.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import { type RedisServer, redisAvailable, redisProgram, startRedis } from '../../../test/support/redis.ts'
import { redisState, type State } from '../../state/index.ts'
import { type MemoryIndex, memoryIndex } from './memory-index.ts'
import { type SharedIndex, sharedIndex } from './shared-index.ts'
import type { KeptQuestion, NearQuestion, QuestionPlace, SimilarIndex } from './similar-index.ts'
import { vectorSetIndex } from './vector-set-index.ts'

const unit = (...values: readonly number[]): Float32Array => {
  const length = Math.hypot(...values)
  return Float32Array.from(values, (value) => value / length)
}

const place = { organisation: 'org', partition: 'p' }
/** The question `a` with its first answer. */
const first = { hash: 'a', answeredAt: 1 }
const later = Date.now() + 3_600_000

const question = (hash: string, vector: Float32Array, more: Partial<KeptQuestion> = {}): KeptQuestion => ({
  ...place,
  ...{ hash, text: `about ${hash}`, vector, answeredAt: 1, until: later },
  ...more,
})

const add = async (index: SimilarIndex, one: KeptQuestion): Promise<void> =>
  index.add(one, (await index.look(one))?.epoch ?? '')

const nearest = async (
  index: SimilarIndex,
  vector: Float32Array,
  count = 1,
  at: QuestionPlace = place,
): Promise<readonly NearQuestion[]> => (await index.nearest(at, vector, count)) ?? []

const open = (most = 100, mostBytes = 1_000_000): MemoryIndex =>
  memoryIndex({ most: () => most, mostBytes: () => mostBytes, now: Date.now })

const nothing = { questions: 0, partitions: 0, bytes: 0 }

/** What holds for every index. `make` gives an empty one. */
const suite = (
  make: (most?: number, mostBytes?: number) => SimilarIndex | Promise<SimilarIndex>,
  runs: number,
): void => {
  test('the nearest come first, of their partition and organisation only', async () => {
    const index = await make()
    expect(await index.look(place)).toMatchObject({ isEmpty: true })
    expect(await nearest(index, unit(1, 0), 3)).toEqual([])
    await add(index, question('far', unit(0, 1)))
    await add(index, question('near', unit(1, 0.1)))
    await add(index, question('nearer', unit(1, 0)))
    await add(index, question('elsewhere', unit(1, 0), { partition: 'q' }))
    await add(index, question('theirs', unit(1, 0), { organisation: 'other' }))
    expect(await index.look(place)).toMatchObject({ isEmpty: false })
    const found = await nearest(index, unit(1, 0), 2)
    expect(found.map(({ hash }) => hash)).toEqual(['nearer', 'near'])
    expect(found[0]).toMatchObject({ text: 'about nearer', certainty: 0, answeredAt: 1 })
    expect(found[0]?.similarity).toBeCloseTo(1, 6)
    expect(found[1]?.similarity).toBeCloseTo(1 / Math.hypot(1, 0.1), 6)
    expect(await index.size()).toMatchObject({ questions: 5, partitions: 3 })
    // One id begins as the other does.
    expect(await index.clear('oth')).toBe(0)
    expect(await index.clear('other')).toBe(1)
    expect(await nearest(index, unit(1, 0), 9)).toHaveLength(3)
    expect(await index.clear(undefined)).toBe(4)
    expect(await index.size()).toMatchObject(nothing)
  })

  test('what was observed of a question stays with it, and not with another answer', async () => {
    const index = await make()
    await add(index, question('a', unit(1, 0)))
    for (let at = 0; at < 60; at++)
      await index.observe(place, first, { asked: `true ${at}`, similarity: 0.95, isRight: true })
    const [before] = await nearest(index, unit(1, 0))
    expect(before?.certainty).toBeGreaterThan(0.9)
    await add(index, question('a', unit(1, 0), { until: later + 1 }))
    // Asked again and again it says no more.
    for (let at = 0; at < 60; at++)
      await index.observe(place, first, { asked: 'true 1', similarity: 0.95, isRight: true })
    expect((await nearest(index, unit(1, 0)))[0]?.certainty).toBe(before?.certainty ?? 0)
    for (let at = 0; at < 60; at++)
      await index.observe(place, first, { asked: `false ${at}`, similarity: 0.95, isRight: false })
    expect((await nearest(index, unit(1, 0)))[0]?.certainty).toBeLessThan(0.6)
    await add(index, question('a', unit(1, 0), { answeredAt: 2 }))
    expect((await nearest(index, unit(1, 0)))[0]?.certainty).toBe(0)
    // Nor does it count what somebody finds out of the former answer only now.
    for (let at = 0; at < 60; at++)
      await index.observe(place, first, { asked: `late ${at}`, similarity: 0.95, isRight: true })
    expect((await nearest(index, unit(1, 0)))[0]?.certainty).toBe(0)
    await index.observe(
      place,
      { hash: 'unknown', answeredAt: 1 },
      { asked: 'x', similarity: 0.95, isRight: true },
    )
    await index.remove(place, 'unknown')
    expect(await index.look(place)).toMatchObject({ isEmpty: false })
    await index.remove(place, 'a')
    expect(await index.look(place)).toMatchObject({ isEmpty: true })
  })

  test('what has ended is not found, nor what another embedder said', async () => {
    const index = await make()
    await add(index, question('over', unit(1, 0), { until: Date.now() - 1 }))
    expect(await nearest(index, unit(1, 0))).toEqual([])
    await add(index, question('two', unit(1, 0)))
    await add(index, question('soon over', unit(1, 0), { until: Date.now() + 200 }))
    await waitFor(async () => ((await nearest(index, unit(1, 0), 9)).length === 1 ? true : undefined))
    expect(await nearest(index, unit(1, 0, 0))).toEqual([])
    await add(index, question('three', unit(1, 0, 0)))
    expect(await nearest(index, unit(1, 0, 0), 9)).toEqual([])
    expect((await nearest(index, unit(1, 0), 9)).map(({ hash }) => hash)).toEqual(['two'])
  })

  test('what was removed while a question was asked stays removed', async () => {
    const index = await make()
    const other = { ...place, organisation: 'other' }
    for (const cleared of ['org', undefined]) {
      const [before, theirs] = [
        (await index.look(place))?.epoch ?? '',
        (await index.look(other))?.epoch ?? '',
      ]
      await index.clear(cleared)
      await index.add(question('a', unit(1, 0)), before)
      expect(await nearest(index, unit(1, 0))).toEqual([])
      await index.add(question('b', unit(1, 0), other), theirs)
      expect(await nearest(index, unit(1, 0), 1, other)).toHaveLength(cleared === undefined ? 0 : 1)
    }
    await add(index, question('a', unit(1, 0)))
    expect(await nearest(index, unit(1, 0))).toHaveLength(1)
  })

  test('it says what a list of all would say, whatever was added and removed', async () => {
    const index = await make()
    const vector = fc
      .array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 })
      .filter((values) => values.some((value) => value !== 0))
    const step = fc.record({ hash: fc.nat(12), vector, isRemoval: fc.boolean() })
    let partition = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), vector, async (steps, asked) => {
        const at = { organisation: 'org', partition: `${partition++}` }
        const all = new Map<string, Float32Array>()
        for (const { hash, vector, isRemoval } of steps) {
          if (isRemoval) {
            await index.remove(at, `${hash}`)
            all.delete(`${hash}`)
          } else {
            await add(index, question(`${hash}`, unit(...vector), at))
            all.set(`${hash}`, unit(...vector))
          }
        }
        const target = unit(...asked)
        const similarities = [...all.values()]
          .map((one) => one.reduce((sum, value, at) => sum + value * (target[at] ?? 0), 0))
          .sort((one, other) => other - one)
        const found = await nearest(index, target, 4, at)
        expect(found).toHaveLength(Math.min(4, all.size))
        for (const [at, { similarity }] of found.entries())
          expect(similarity).toBeCloseTo(similarities[at] ?? 0, 5)
        expect((await index.size())?.questions).toBe(all.size)
        for (const hash of all.keys()) await index.remove(at, hash)
        expect(await index.size()).toMatchObject(nothing)
      }),
      { numRuns: propertyRuns(runs) },
    )
  }, 60_000)

  test('it never holds more than it may; what is unused longest goes first', async () => {
    const index = await make(5)
    await add(index, question('used', unit(1, 0)))
    for (let at = 0; at < 20; at++) {
      await add(index, question(`n${at}`, unit(0, 1)))
      await nearest(index, unit(1, 0))
      expect((await index.size())?.questions).toBeLessThanOrEqual(5)
    }
    expect((await nearest(index, unit(1, 0)))[0]?.hash).toBe('used')
    const small = await make(100, 30_000)
    for (let at = 0; at < 50; at++) {
      await add(small, question(`n${at}`, unit(0, 1), { partition: `p${at % 3}` }))
      expect((await small.size())?.bytes).toBeLessThanOrEqual(30_000)
    }
    expect((await small.size())?.questions).toBeGreaterThan(3)
    await add(small, question('used', unit(1, 0)))
    const huge = question('huge', unit(1, 0), { text: randomBytes(20_000).toString('hex') })
    await add(small, huge)
    expect((await nearest(small, unit(1, 0)))[0]?.hash).toBe('used')
  })
}

describe('in the memory of one process', () => suite(open, 200))

const key = createSecretKey(randomBytes(32))

/** What is closed in the end. */
const closing = () => {
  const ends: (() => void)[] = []
  return { onEnd: (end: () => void) => void ends.push(end), end: () => ends.map((end) => end()) }
}

const connected = async (url: string, keyPrefix: string): Promise<State> => {
  const state = redisState({ url, keyPrefix, patience: 1_000 })
  await waitFor(() => (state.status() === 'connected' ? true : undefined))
  return state
}

const onProblem = (message: string, error: unknown): void => {
  throw new Error(message, { cause: error })
}

const hasRedis = redisAvailable('questions that gateways share')

describe.skipIf(!hasRedis)('in the memory of several gateways, over Redis', () => {
  let redis: RedisServer
  const { onEnd, end } = closing()

  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(async () => {
    end()
    await redis.stop()
  })

  const gateway = async (keyPrefix: string, most?: number, mostBytes?: number): Promise<SharedIndex> => {
    const state = await connected(redis.url, keyPrefix)
    const own = open(most, mostBytes)
    const index = sharedIndex({ own, state, keyOf: () => key, onProblem, now: Date.now })
    onEnd(() => {
      index.close()
      state.close()
    })
    return index
  }

  describe('each of them', () => {
    let made = 0
    suite((...bounds) => gateway(`suite${made++}:`, ...bounds), 20)
  })

  test('what one is told, the others know, and so does one that comes later', async () => {
    const [one, other] = [await gateway('told:'), await gateway('told:')]
    await add(one, question('a', unit(1, 2)))
    await waitFor(() => (other.look(place).isEmpty ? undefined : true))
    for (let at = 0; at < 40; at++)
      one.observe(place, first, { asked: `${at}`, similarity: 0.9, isRight: true })
    const certainty = one.nearest(place, unit(1, 2), 1)[0]?.certainty ?? 0
    expect(certainty).toBeGreaterThan(0.9)
    await waitFor(() => (other.nearest(place, unit(1, 2), 1)[0]?.certainty === certainty ? true : undefined))
    const late = await gateway('told:')
    await waitFor(() => (late.nearest(place, unit(1, 2), 1)[0]?.certainty === certainty ? true : undefined))
    await other.clear('org')
    await waitFor(async () => {
      const later = await gateway('told:')
      await later.load()
      return later.look(place).isEmpty ? true : undefined
    })
  })

  test('Redis can read nothing of it, and another key cannot either', async () => {
    const one = await gateway('sealed:')
    await add(one, question('secret', unit(3, 4), { text: 'what is the plan of the merger' }))
    const client = new Bun.RedisClient(redis.url)
    const keys = await waitFor(async () => {
      const found = (await client.send('KEYS', ['sealed:*'])) as string[]
      return found.length > 0 ? found : undefined
    })
    const values = (await client.send('MGET', keys)) as string[]
    expect(values.join()).not.toContain('merger')
    expect(Buffer.from(values.join(), 'base64').includes(Buffer.from(unit(3, 4).buffer))).toBe(false)
    client.close()
    const state = await connected(redis.url, 'sealed:')
    const stranger = sharedIndex({
      ...{ own: open(), state, now: Date.now, onProblem: () => undefined },
      keyOf: () => createSecretKey(randomBytes(32)),
    })
    onEnd(() => {
      stranger.close()
      state.close()
    })
    await stranger.load()
    expect(stranger.look(place).isEmpty).toBe(true)
  })
})

const withVectorSets = redisProgram('questions in vector sets of Redis', true)

describe.skipIf(withVectorSets === undefined)('in vector sets of Redis', () => {
  let redis: RedisServer
  let client: Bun.RedisClient
  const { onEnd, end } = closing()
  const problems: string[] = []

  beforeAll(async () => {
    redis = await startRedis([], withVectorSets)
    client = new Bun.RedisClient(redis.url)
  })
  afterAll(async () => {
    end()
    client.close()
    await redis.stop()
    expect(problems).toEqual([])
  })

  interface Bounds {
    readonly most?: number | undefined
    readonly mostBytes?: number | undefined
    readonly tell?: (what: string) => void
    readonly url?: string
  }

  const gateway = async (keyPrefix: string, bounds: Bounds = {}): Promise<SimilarIndex> => {
    const { most = 100, mostBytes = 1_000_000, tell = (what) => problems.push(what) } = bounds
    const state = await connected(bounds.url ?? redis.url, keyPrefix)
    onEnd(() => state.close())
    const sets = state.vectors
    if (sets === undefined) throw new Error('no vector sets')
    return vectorSetIndex({
      ...{ sets, keyOf: () => key, most: () => most, mostBytes: () => mostBytes, now: Date.now },
      onProblem: (message, error) => tell(`${message}: ${error}`),
      onUnsupported: () => tell('unsupported'),
    })
  }
  const keysOf = async (prefix: string): Promise<readonly string[]> =>
    ((await client.send('KEYS', [`${prefix}*`])) as string[]).sort()

  let made = 0
  suite((most, mostBytes) => gateway(`suite${made++}:`, { most, mostBytes }), 40)

  test('similarities are exactly those of the memory, and so is what is learned of them', async () => {
    const [index, memory] = [await gateway('exact:'), open()]
    const random = () => unit(...Array.from({ length: 64 }, () => Math.random() - 0.5))
    for (let at = 0; at < 40; at++) {
      const one = question(`${at}`, random())
      await add(index, one)
      await add(memory, one)
      for (let other = 0; other < at; other++) {
        const observation = {
          asked: `${other}`,
          similarity: 0.6 + Math.random() * 0.4,
          isRight: other % 9 > 0,
        }
        await index.observe(place, { hash: `${at}`, answeredAt: 1 }, observation)
        memory.observe(place, { hash: `${at}`, answeredAt: 1 }, observation)
      }
    }
    for (let at = 0; at < 20; at++) {
      const asked = random()
      const shown = ({ hash, text, similarity, certainty }: NearQuestion) => [
        hash,
        text,
        similarity,
        certainty,
      ]
      expect((await nearest(index, asked, 8)).map(shown)).toEqual(memory.nearest(place, asked, 8).map(shown))
    }
  })

  test('what one gateway knows, the others know at once, and what all observe at once is not lost', async () => {
    const [one, other] = [await gateway('all:'), await gateway('all:')]
    await add(one, question('a', unit(1, 2)))
    const memory = open()
    await add(memory, question('a', unit(1, 2)))
    const observations = Array.from({ length: 60 }, (_, at) => {
      return { asked: `${at}`, similarity: 0.9, isRight: at % 20 > 0 }
    })
    for (const observation of observations) memory.observe(place, first, observation)
    await Promise.all(
      observations.flatMap((observation) => [
        one.observe(place, first, observation),
        other.observe(place, first, observation),
      ]),
    )
    const expected = memory.nearest(place, unit(1, 2), 1)[0]?.certainty ?? 0
    expect(expected).toBeGreaterThan(0.5)
    for (const index of [one, other]) expect((await nearest(index, unit(1, 2)))[0]?.certainty).toBe(expected)
    const epoch = (await one.look(place))?.epoch ?? ''
    expect(await other.clear('org')).toBe(1)
    await one.add(question('a', unit(1, 2)), epoch)
    expect(await nearest(one, unit(1, 2))).toEqual([])
  })

  test('nothing stays in Redis for ever, and what has ended leaves nothing behind', async () => {
    const index = await gateway('ends:')
    const until = Date.now() + 700
    await add(index, question('a', unit(1, 0), { until }))
    await add(index, question('b', unit(0, 1), { until, partition: 'q' }))
    await index.observe(place, first, { asked: 'x', similarity: 0.9, isRight: true })
    const keys = await keysOf('ends:')
    expect(keys.length).toBeGreaterThan(10)
    for (const name of keys)
      expect([name, Number(await client.send('PTTL', [name])) > 0]).toEqual([name, true])
    await waitFor(async () => {
      const left = await keysOf('ends:')
      return left.every((name) => name.startsWith('ends:vectors/epoch')) ? true : undefined
    })
    expect(await index.size()).toMatchObject(nothing)
  })

  test('Redis can read vectors and nothing else', async () => {
    const index = await gateway('open:')
    await add(index, question('secret', unit(3, 4), { text: 'what is the plan of the merger' }))
    await index.observe(
      place,
      { hash: 'secret', answeredAt: 1 },
      { asked: 'somebody', similarity: 0.9, isRight: true },
    )
    for (const part of ['records', 'notes']) {
      const [value = ''] = (await client.send('HVALS', [`open:vectors/set/org/p/${part}`])) as string[]
      expect(value.length).toBeGreaterThan(50)
      const bytes = Buffer.from(value, 'base64').toString('latin1')
      for (const word of ['merger', 'somebody', 'isRight']) expect(value + bytes).not.toContain(word)
    }
    expect(await client.send('VEMB', ['open:vectors/set/org/p/vectors', 'secret'])).toEqual([
      expect.closeTo(0.6, 6),
      expect.closeTo(0.8, 6),
    ])
  })

  test('who writes to Redis brings no question nearer, moves none, and gives none what was observed of another', async () => {
    const index = await gateway('forged:')
    await add(index, question('a', unit(1, 0)))
    await add(index, question('b', unit(0, 1)))
    for (let at = 0; at < 60; at++)
      await index.observe(place, first, { asked: `${at}`, similarity: 0.95, isRight: true })
    const set = 'forged:vectors/set/org/p'
    const moved = async (part: string, from: string, to: string) => {
      const value = (await client.send('HGET', [`${set}/${part}`, from])) as string
      await client.send('HSET', [`${set}/${part}`, to, value])
    }
    await moved('notes', 'a', 'b')
    expect((await nearest(index, unit(0, 1)))[0]).toMatchObject({ hash: 'b', certainty: 0 })
    await client.send('VADD', [`${set}/vectors`, 'VALUES', '2', '0', '1', 'a', 'NOQUANT'])
    const forged = await nearest(index, unit(0, 1), 2)
    expect(forged.map(({ hash, similarity }) => [hash, similarity])).toEqual([
      ['b', 1],
      ['a', 0],
    ])
    await moved('records', 'a', 'b')
    expect((await nearest(index, unit(0, 1), 2)).map(({ hash }) => hash)).toEqual(['a'])
    await client.send('COPY', [`${set}/records`, 'forged:vectors/set/org/q/records'])
    await client.send('VADD', ['forged:vectors/set/org/q/vectors', 'VALUES', '2', '1', '0', 'a', 'NOQUANT'])
    expect(await nearest(index, unit(1, 0), 2, { ...place, partition: 'q' })).toEqual([])
  })

  test('it goes on whatever Redis evicts, and holds no more than it may soon after', async () => {
    const index = await gateway('evicts:', { most: 5 })
    for (let at = 0; at < 60; at++) {
      await add(index, question(`n${at}`, unit(1, at)))
      await index.observe(
        place,
        { hash: `n${at}`, answeredAt: 1 },
        { asked: 'x', similarity: 0.9, isRight: true },
      )
      const keys = await keysOf('evicts:')
      const gone = keys[at % keys.length] ?? ''
      await client.send('DEL', [gone])
      await nearest(index, unit(1, at), 3)
      await index.remove(place, `n${at - 2}`)
      expect((await index.size())?.questions).toBeLessThanOrEqual(5)
    }
    for (let at = 0; at < 9; at++) await add(index, question(`last${at}`, unit(1, at)))
    expect(await nearest(index, unit(1, 0), 9)).toHaveLength(5)
    await index.clear('org')
    expect((await keysOf('evicts:')).filter((name) => name.includes('/set/'))).toEqual([])
  })

  test('while Redis is away or silent nothing is found, nobody waits for long, and all goes on afterwards', async () => {
    const own = await startRedis([], withVectorSets)
    const told: string[] = []
    const index = await gateway('away:', { url: own.url, tell: (what) => told.push(what) })
    await add(index, question('a', unit(1, 0)))
    own.freeze()
    const started = performance.now()
    expect(await index.nearest(place, unit(1, 0), 1)).toBeUndefined()
    expect(await index.look(place)).toBeUndefined()
    expect(performance.now() - started).toBeLessThan(5_000)
    own.thaw()
    await waitFor(async () => ((await nearest(index, unit(1, 0))).length === 1 ? true : undefined))
    await own.crash()
    await waitFor(async () => ((await index.look(place)) === undefined ? true : undefined))
    await index.add(question('b', unit(1, 0)), 'none')
    await index.observe(place, first, { asked: 'x', similarity: 0.9, isRight: true })
    await index.remove(place, 'a')
    expect(await index.size()).toBeUndefined()
    expect(async () => await index.clear('org')).toThrow('redis')
    expect(told.length).toBeGreaterThan(4)
    await own.restart()
    await waitFor(() => index.look(place))
    await add(index, question('c', unit(1, 0)))
    expect((await nearest(index, unit(1, 0))).map(({ hash }) => hash)).toEqual(['c'])
    await own.stop()
  }, 60_000)
})

const withoutVectorSets = redisProgram('a Redis without vector sets', false)

test.skipIf(withoutVectorSets === undefined)(
  'a Redis without vector sets finds nothing, and that is told once',
  async () => {
    const redis = await startRedis([], withoutVectorSets)
    const state = await connected(redis.url, 'old:')
    const told: string[] = []
    const { vectors: sets } = state
    if (sets === undefined) throw new Error('no vector sets')
    const index = vectorSetIndex({
      ...{ sets, keyOf: () => key, most: () => 9, mostBytes: () => 1e6, now: Date.now },
      onProblem: (message) => void told.push(message),
      onUnsupported: () => void told.push('unsupported'),
    })
    for (let at = 0; at < 3; at++) expect(await index.look(place)).toBeUndefined()
    expect(await index.nearest(place, unit(1, 0), 1)).toBeUndefined()
    await index.add(question('a', unit(1, 0)), '')
    expect(told).toEqual(['unsupported'])
    expect(await index.clear('org')).toBe(0)
    state.close()
    await redis.stop()
  },
)
