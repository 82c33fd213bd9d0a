import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { waitFor } from '../../test/support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../../test/support/redis.ts'
import { GatewayError } from '../errors.ts'
import { type Board, createBoard, memoryState, redisState, type State } from './index.ts'

const settled = async (): Promise<void> => {
  // Memory answers in microtasks: after a macrotask nothing is under way.
  for (let round = 0; round < 3; round++) await Bun.sleep(0)
}

/** A shared memory of which each board has a view that can be cut, and messages that can be lost. */
const network = (now: () => number) => {
  const shared = memoryState(now)
  const view = () => {
    const link = { isCut: false, isDeaf: false }
    const reach = <T>(work: () => Promise<T>): Promise<T> =>
      link.isCut ? Promise.reject(new GatewayError('gateway_state_unavailable', 'cut')) : work()
    const state: State = {
      quota: shared.quota,
      get: (key) => reach(() => shared.get(key)),
      set: (key, value, ttl) => reach(() => shared.set(key, value, ttl)),
      delete: (key) => reach(() => shared.delete(key)),
      increment: (key, by, ttl) => reach(() => shared.increment(key, by, ttl)),
      entries: (prefix) => reach(() => shared.entries(prefix)),
      publish: (channel, text) => reach(() => shared.publish(channel, text)),
      subscribe: (channel, handler) =>
        shared.subscribe(channel, (text) => {
          if (!link.isCut && !link.isDeaf) handler(text)
        }),
      status: () => (link.isCut ? 'away' : 'connected'),
      onStatus: () => () => undefined,
      close: () => undefined,
    }
    return { link, state }
  }
  return { view }
}

const sorted = (board: Board): readonly (readonly [string, string])[] =>
  [...board.all()].sort(([one], [other]) => (one < other ? -1 : 1))

describe('a board', () => {
  test('tells others of changes at once, and nobody of its own', async () => {
    const { view } = network(() => 0)
    const one = createBoard({ state: view().state, name: 'b', node: 'one', now: () => 0, resyncEvery: 0 })
    const two = createBoard({ state: view().state, name: 'b', node: 'two', now: () => 0, resyncEvery: 0 })
    const heard: unknown[] = []
    one.onChange((key, value) => heard.push(['one', key, value]))
    two.onChange((key, value) => heard.push(['two', key, value]))
    one.put('k', 'v', 1_000)
    expect(sorted(one)).toEqual([['k', 'v']])
    await settled()
    expect(sorted(two)).toEqual([['k', 'v']])
    two.remove('k')
    await settled()
    expect(sorted(one)).toEqual([])
    expect(heard).toEqual([
      ['two', 'k', 'v'],
      ['one', 'k', undefined],
    ])
  })

  test('lets facts end by themselves, in silence, also where clocks differ by hours', async () => {
    let time = 1_000_000
    const { view } = network(() => time)
    const ahead = () => time + 7_200_000
    const one = createBoard({ state: view().state, name: 'b', node: 'one', now: ahead, resyncEvery: 0 })
    const two = createBoard({ state: view().state, name: 'b', node: 'two', now: () => time, resyncEvery: 0 })
    one.put('k', 'v', 1_000)
    two.put('l', 'w', 1_000)
    await settled()
    const late = createBoard({
      state: view().state,
      name: 'b',
      node: 'three',
      now: () => time,
      resyncEvery: 0,
    })
    await late.resync()
    const heard: unknown[] = []
    for (const board of [one, two, late]) board.onChange((...change) => heard.push(change))
    time += 999
    for (const board of [one, two, late]) expect(sorted(board).length).toBe(2)
    time += 1
    for (const board of [one, two, late]) expect(sorted(board)).toEqual([])
    expect(heard).toEqual([])
    // Whoever's clock is behind can still have the last word.
    two.put('k', 'later', 1_000)
    await settled()
    expect(one.all().get('k')).toBe('later')
  })

  test('reads the store again only when it has missed something', async () => {
    const { view } = network(() => 0)
    const { link, state } = view()
    let looks = 0
    const counting: State = {
      ...state,
      entries(prefix) {
        looks++
        return state.entries(prefix)
      },
    }
    const one = createBoard({ state: counting, name: 'b', node: 'one', now: () => 0, resyncEvery: 0 })
    const two = createBoard({ state: view().state, name: 'b', node: 'two', now: () => 0, resyncEvery: 0 })
    await settled()
    const begun = looks
    for (let at = 0; at < 10; at++) two.put(`k${at}`, 'v', 1_000)
    one.put('own', 'v', 1_000)
    await settled()
    await one.resync()
    expect(looks).toBe(begun)
    link.isDeaf = true
    two.put('missed', 'v', 1_000)
    await settled()
    link.isDeaf = false
    expect(one.all().has('missed')).toBe(false)
    await one.resync()
    expect(looks).toBe(begun + 1)
    expect(one.all().has('missed')).toBe(true)
  })

  test('leaves the later of two facts in the store, though the earlier one arrives after it', async () => {
    const { view } = network(() => 0)
    const { state } = view()
    const released = Promise.withResolvers<void>()
    const later = <T>(work: () => Promise<T>): Promise<T> => released.promise.then(work)
    const slow: State = {
      ...state,
      set: (...given) => later(() => state.set(...given)),
      increment: (...given) => later(() => state.increment(...given)),
      publish: (...given) => later(() => state.publish(...given)),
    }
    const make = (node: string, own: State) =>
      createBoard({ state: own, name: 'b', node, now: () => 0, resyncEvery: 0 })
    const one = make('one', slow)
    const two = make('two', view().state)
    await settled()
    one.put('k', 'earlier', 1_000)
    two.put('k', 'later', 1_000)
    await settled()
    released.resolve()
    await settled()
    const late = make('three', view().state)
    await late.resync()
    for (const board of [one, two, late]) expect(sorted(board)).toEqual([['k', 'later']])
  })

  test('does not believe who comes back with what was replaced and has ended since', async () => {
    let time = 1_000
    const now = () => time
    const { view } = network(now)
    const make = (node: string) => {
      const { link, state } = view()
      const board = createBoard({ state, name: 'b', node, now, resyncEvery: 0 })
      return {
        board,
        cut(isCut: boolean) {
          link.isCut = isCut
        },
      }
    }
    for (const writerKnowsTheOld of [true, false]) {
      time += 100_000
      const [one, two, three] = [make('one'), make('two'), make('three')]
      const writer = writerKnowsTheOld ? one : two
      await settled()
      two.cut(!writerKnowsTheOld)
      one.board.put('k', 'old', 5_000)
      await settled()
      two.cut(false)
      three.cut(true)
      time += 1
      writer.board.put('k', 'new', 100)
      await settled()
      expect(one.board.all().get('k')).toBe('new')
      time += 1_000
      await one.board.resync()
      await two.board.resync()
      three.cut(false)
      expect(three.board.all().get('k')).toBe('old')
      await three.board.resync()
      await settled()
      for (const { board } of [one, two, three]) {
        expect(sorted(board)).toEqual([])
        board.close()
      }
    }
  })

  test('many changes of one key in a row cost few messages, also when two do it at once', async () => {
    const { view } = network(() => 0)
    let messages = 0
    const counting = (): State => {
      const { state } = view()
      return {
        ...state,
        publish(channel, text) {
          messages++
          return state.publish(channel, text)
        },
      }
    }
    const one = createBoard({ state: counting(), name: 'b', node: 'one', now: () => 0, resyncEvery: 0 })
    const two = createBoard({ state: counting(), name: 'b', node: 'two', now: () => 0, resyncEvery: 0 })
    await settled()
    for (let at = 0; at < 100; at++) one.put('k', `one ${at}`, 1_000)
    await settled()
    expect(sorted(two)).toEqual([['k', 'one 99']])
    expect(messages).toBeLessThanOrEqual(3)
    for (let at = 0; at < 100; at++) {
      one.put('k', `one ${at}`, 1_000)
      two.put('k', `two ${at}`, 1_000)
    }
    await settled()
    expect(sorted(one)).toEqual(sorted(two))
    expect(messages).toBeLessThanOrEqual(10)
  })

  test('ignores what is not a fact', async () => {
    const { view } = network(() => 0)
    const { state } = view()
    const board = createBoard({ state, name: 'b', node: 'one', now: () => 0, resyncEvery: 0 })
    for (const text of ['', '{', 'null', '[1]', '["k","v","now","n",1,0]']) {
      await state.publish('board/b/', text)
      await state.set('board/b/k', text, 1_000)
    }
    await settled()
    await board.resync()
    expect(board.all().size).toBe(0)
  })

  test('agrees with the others after any cuts, losses and waits, on the last word about each key', async () => {
    const node = fc.integer({ min: 0, max: 2 })
    const key = fc.constantFrom('a', 'b', 'c')
    const step = fc.oneof(
      fc.record({ type: fc.constant('put' as const), node, key, ttl: fc.integer({ min: 1, max: 5_000 }) }),
      fc.record({ type: fc.constant('remove' as const), node, key }),
      fc.record({ type: fc.constant('cut' as const), node, isCut: fc.boolean() }),
      fc.record({ type: fc.constant('deafen' as const), node, isDeaf: fc.boolean() }),
      fc.record({ type: fc.constant('resync' as const), node }),
      fc.record({ type: fc.constant('wait' as const), by: fc.integer({ min: 0, max: 3_000 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let time = 1_000
        const now = () => time
        const { view } = network(now)
        const nodes = ['n0', 'n1', 'n2'].map((name) => {
          const { link, state } = view()
          return { link, board: createBoard({ state, name: 'b', node: name, now, resyncEvery: 0 }) }
        })
        const shownBy = nodes.map(({ board }) => {
          // What somebody knows who only listens, and looks at no clock.
          const known = new Map<string, string | undefined>()
          board.onChange((changed, value) => known.set(changed, value))
          return known
        })
        await settled()
        /** The last word about each key. With one clock it is the last step, since time moves before each. */
        const model = new Map<string, { value: string | undefined; until: number }>()
        let count = 0
        for (const one of steps) {
          // More than any clock of theirs can have run ahead.
          time += 1
          const at = 'node' in one ? nodes[one.node] : undefined
          if (one.type === 'wait') time += one.by
          if (at === undefined) continue
          if (one.type === 'put') {
            const value = `v${count++}`
            at.board.put(one.key, value, one.ttl)
            shownBy[one.node]?.set(one.key, value)
            model.set(one.key, { value, until: time + one.ttl })
          }
          if (one.type === 'remove') {
            at.board.remove(one.key)
            shownBy[one.node]?.set(one.key, undefined)
            model.set(one.key, { value: undefined, until: 0 })
          }
          if (one.type === 'cut') at.link.isCut = one.isCut
          if (one.type === 'deafen') at.link.isDeaf = one.isDeaf
          if (one.type === 'resync') await at.board.resync()
          await settled()
        }
        for (const { link } of nodes) {
          link.isCut = false
          link.isDeaf = false
        }
        // As after a connection came back: those who failed while cut know that they must compare.
        for (let round = 0; round < 2; round++)
          for (const { board } of nodes) {
            await board.resync()
            await settled()
          }
        const expected = [...model]
          .flatMap(([name, { value, until }]) =>
            value !== undefined && until > time ? [[name, value] as const] : [],
          )
          .sort(([one], [other]) => (one < other ? -1 : 1))
        for (const [at, { board }] of nodes.entries()) {
          expect(sorted(board)).toEqual(expected)
          for (const [name, value] of expected) expect(shownBy[at]?.get(name)).toBe(value)
          board.close()
        }
      }),
      {
        numRuns: 300,
        // Nobody had heard of the first word when the last one was over.
        examples: [
          [
            [
              { type: 'cut', node: 0, isCut: true },
              { type: 'put', node: 0, key: 'c', ttl: 3 },
              { type: 'put', node: 1, key: 'c', ttl: 1 },
              { type: 'resync', node: 0 },
            ],
          ],
        ],
      },
    )
  })
})

describe.skipIf(!redisAvailable('boards of two processes'))('boards on one Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const node = (name: string, board: string) => {
    const state = redisState({ url: redis.url, keyPrefix: 'test:', patience: 1_000 })
    return { state, board: createBoard({ state, name: board, node: name, now: Date.now }) }
  }
  const has = (board: Board, key: string, value: string | undefined, within: number) =>
    waitFor(() => (board.all().get(key) === value ? true : undefined), within)

  test('a change is with the other within a second', async () => {
    const [one, two] = [node('one', 'fast'), node('two', 'fast')]
    await waitFor(() =>
      one.state.status() === 'connected' && two.state.status() === 'connected' ? true : undefined,
    )
    const waits: number[] = []
    for (let round = 0; round < 50; round++) {
      const begun = performance.now()
      one.board.put('k', String(round), 60_000)
      await has(two.board, 'k', String(round), 1_000)
      waits.push(performance.now() - begun)
    }
    one.board.remove('k')
    await has(two.board, 'k', undefined, 1_000)
    expect(Math.max(...waits)).toBeLessThan(1_000)
    for (const { state, board } of [one, two]) {
      board.close()
      state.close()
    }
  })

  test('who comes late learns what holds', async () => {
    const one = node('one', 'late')
    one.board.put('k', 'v', 60_000)
    one.board.put('gone', 'v', 60_000)
    one.board.remove('gone')
    await waitFor(async () =>
      one.state.status() === 'connected' && (await one.state.get('board/late/k')) !== undefined
        ? true
        : undefined,
    )
    const two = node('two', 'late')
    await has(two.board, 'k', 'v', 3_000)
    expect(two.board.all().has('gone')).toBe(false)
    for (const { state, board } of [one, two]) {
      board.close()
      state.close()
    }
  })

  test('while Redis is dead each goes on alone, and after it they merge, though it has lost all', async () => {
    const [one, two] = [node('one', 'dead'), node('two', 'dead')]
    one.board.put('before', 'v', 60_000)
    two.board.put('removed meanwhile', 'v', 60_000)
    await has(two.board, 'before', 'v', 3_000)
    await has(one.board, 'removed meanwhile', 'v', 3_000)
    await redis.crash()
    await waitFor(
      () => (one.state.status() === 'away' && two.state.status() === 'away' ? true : undefined),
      3_000,
    )
    one.board.put('of one', '1', 60_000)
    two.board.put('of two', '2', 60_000)
    one.board.remove('removed meanwhile')
    one.board.put('both', 'earlier', 60_000)
    await Bun.sleep(5)
    two.board.put('both', 'later', 60_000)
    expect([...one.board.all().keys()].sort()).toEqual(['before', 'both', 'of one'])
    expect([...two.board.all().keys()].sort()).toEqual(['before', 'both', 'of two', 'removed meanwhile'])
    await redis.restart()
    const merged = [
      ['before', 'v'],
      ['both', 'later'],
      ['of one', '1'],
      ['of two', '2'],
    ]
    for (const { board } of [one, two])
      await waitFor(
        () => (JSON.stringify(sorted(board)) === JSON.stringify(merged) ? true : undefined),
        8_000,
      )
    const late = node('three', 'dead')
    await waitFor(
      () => (JSON.stringify(sorted(late.board)) === JSON.stringify(merged) ? true : undefined),
      5_000,
    )
    for (const { state, board } of [one, two, late]) {
      board.close()
      state.close()
    }
  })

  test('under writes of both at once they end with the same', async () => {
    const [one, two] = [node('one', 'race'), node('two', 'race')]
    await waitFor(() =>
      one.state.status() === 'connected' && two.state.status() === 'connected' ? true : undefined,
    )
    for (let round = 0; round < 200; round++) {
      one.board.put(`k${round % 7}`, `one ${round}`, 60_000)
      two.board.put(`k${round % 7}`, `two ${round}`, 60_000)
      if (round % 20 === 0) await Bun.sleep(0)
    }
    await waitFor(() =>
      JSON.stringify(sorted(one.board)) === JSON.stringify(sorted(two.board)) ? true : undefined,
    )
    // Whoever hears something outdated puts it right once: it must not go to and fro between them.
    expect(Number(await one.state.get('board-changes/race'))).toBeLessThanOrEqual(400)
    const late = node('three', 'race')
    await waitFor(
      () => (JSON.stringify(sorted(late.board)) === JSON.stringify(sorted(one.board)) ? true : undefined),
      5_000,
    )
    expect(late.board.all().size).toBe(7)
    for (const { state, board } of [one, two, late]) {
      board.close()
      state.close()
    }
  })
})
