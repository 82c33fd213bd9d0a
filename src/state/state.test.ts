import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort, waitFor } from '../../test/support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../../test/support/redis.ts'
import { startTimer } from '../../test/support/start-timer.ts'
import { GatewayError } from '../errors.ts'
import {
  memoryState,
  redisState,
  type State,
  type StateServer,
  type StateStatus,
  serveState,
  supervisorState,
  tryRedis,
} from './index.ts'

const hasRedis = redisAvailable('state shared by processes')

const connected = async (state: State): Promise<State> => {
  await waitFor(() => (state.status() === 'away' ? undefined : true))
  return state
}

/** What holds for every backend. `open` gives another process's view of the same state. */
const conformance = (open: () => Promise<State>, close: (state: State) => void): void => {
  const using = async (work: (state: State, other: State) => Promise<void>): Promise<void> => {
    const [state, other] = [await open(), await open()]
    try {
      await work(state, other)
    } finally {
      close(state)
      close(other)
    }
  }

  test('what one process sets, another gets, until it is deleted', () =>
    using(async (state, other) => {
      expect(await state.get('a')).toBeUndefined()
      await state.set('a', 'line\n"quoted" ünïcode \u0000 end', 60_000)
      expect(await other.get('a')).toBe('line\n"quoted" ünïcode \u0000 end')
      await state.set('a', '', 60_000)
      expect(await other.get('a')).toBe('')
      await other.delete('a')
      expect(await state.get('a')).toBeUndefined()
    }))

  test('a value ends by itself, and setting it anew gives it new time', () =>
    using(async (state) => {
      await state.set('short', 'x', 50)
      await state.set('again', 'x', 50)
      await state.set('again', 'y', 60_000)
      await waitFor(async () => ((await state.get('short')) === undefined ? true : undefined))
      expect(await state.get('again')).toBe('y')
      await state.delete('again')
    }))

  test('no increment is lost, whoever makes it', () =>
    using(async (state, other) => {
      const sums = await Promise.all(
        Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? state : other).increment('sum', 1, 60_000)),
      )
      expect([...sums].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1))
      expect(await state.increment('sum', -50, 60_000)).toBe(150)
      expect(await other.get('sum')).toBe('150')
      await state.delete('sum')
    }))

  test('a counter ends when its first time is over, however often it is raised', () =>
    using(async (state) => {
      await state.increment('window', 1, 150)
      const begun = performance.now()
      let value = 1
      while (value > 0 && performance.now() - begun < 5_000) {
        const next = await state.increment('window', 1, 150)
        if (next <= value) break
        value = next
        await Bun.sleep(5)
      }
      expect(performance.now() - begun).toBeGreaterThan(100)
      expect(performance.now() - begun).toBeLessThan(4_000)
    }))

  test('entries are those whose keys begin so, taken literally, with what is left of their time', () =>
    using(async (state, other) => {
      for (const key of ['f[*]?\\/a', 'f[*]?\\/b', 'fx/c', 'f[*]?\\', 'g/f[*]?\\/d'])
        await state.set(key, key, 60_000)
      const found = await other.entries('f[*]?\\/')
      expect([...found.keys()].sort()).toEqual(['f[*]?\\/a', 'f[*]?\\/b'])
      for (const [key, { value, ttl }] of found) {
        expect(value).toBe(key)
        expect(ttl).toBeGreaterThan(50_000)
        expect(ttl).toBeLessThanOrEqual(60_000)
      }
    }))

  test('what begins so is cleared, taken literally, and nothing else', () =>
    using(async (state, other) => {
      for (const key of ['clear[*]/a', 'clear[*]/b', 'clear*/c', 'clearx/d'])
        await state.set(key, 'x', 60_000)
      expect(await other.clear('clear[*]/')).toBe(2)
      expect(await state.get('clear[*]/a')).toBeUndefined()
      expect([await state.get('clear*/c'), await state.get('clearx/d')]).toEqual(['x', 'x'])
      expect(await state.clear('clear')).toBe(2)
      expect(await state.clear('clear')).toBe(0)
    }))

  test('entries are complete beyond one page', () =>
    using(async (state) => {
      await Promise.all(Array.from({ length: 3_000 }, (_, at) => state.set(`many/${at}`, String(at), 60_000)))
      const found = await state.entries('many/')
      expect(found.size).toBe(3_000)
      expect(found.get('many/2999')?.value).toBe('2999')
    }))

  test('what is published reaches all who subscribe, the publisher too, in order and once', () =>
    using(async (state, other) => {
      const mine: string[] = []
      const theirs: string[] = []
      const elsewhere: string[] = []
      state.subscribe('news', (text) => mine.push(text))
      other.subscribe('news', (text) => theirs.push(text))
      other.subscribe('other', (text) => elsewhere.push(text))
      await waitFor(async () => {
        await state.publish('news', 'hello?')
        return mine.length > 0 && theirs.length > 0 ? true : undefined
      })
      const said = Array.from({ length: 100 }, (_, at) => `message ${at}`)
      await Promise.all(said.map((text) => state.publish('news', text)))
      const real = (heard: readonly string[]) => heard.filter((text) => text !== 'hello?')
      await waitFor(() => (real(mine).length >= 100 && real(theirs).length >= 100 ? true : undefined))
      expect(real(mine)).toEqual(said)
      expect(real(theirs)).toEqual(said)
      expect(elsewhere).toEqual([])
    }))

  test('who has stopped hears nothing, and who comes back hears all once', () =>
    using(async (state) => {
      const heard: string[] = []
      const always: string[] = []
      state.subscribe('talk', (text) => always.push(text))
      const listen = () => state.subscribe('talk', (text) => heard.push(text))
      const say = async (text: string): Promise<void> => {
        await state.publish('talk', text)
        await waitFor(() => (always.includes(text) ? true : undefined), 500).catch(() => undefined)
      }
      const stop = listen()
      await waitFor(async () => {
        await say('first')
        return always.length > 0 ? true : undefined
      })
      stop()
      const before = heard.length
      await say('second')
      expect(heard.length).toBe(before)
      listen()
      await say('third')
      expect(heard.filter((text) => text === 'third')).toEqual(['third'])
      expect(always.filter((text) => text === 'third')).toEqual(['third'])
    }))
}

describe('state in memory', () => {
  const state = memoryState()
  conformance(
    async () => state,
    () => undefined,
  )

  test('is alone', () => expect(state.status()).toBe('alone'))

  test('forgets what has ended by its clock', async () => {
    let time = 0
    const own = memoryState(() => time)
    await own.set('a', 'x', 1_000)
    await own.increment('n', 5, 1_000)
    time = 999
    expect([await own.get('a'), await own.increment('n', 1, 1_000)]).toEqual(['x', 6])
    time = 1_000
    expect([await own.get('a'), await own.increment('n', 1, 1_000)]).toEqual([undefined, 1])
    expect([...(await own.entries('')).keys()]).toEqual(['n'])
  })
})

describe('state of the supervisor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-state-'))
  const servers: StateServer[] = []
  const problems: string[] = []
  const serve = (inFolder = folder): StateServer => {
    const server = serveState({ folder: inFolder, onProblem: (message) => problems.push(message) })
    servers.push(server)
    return server
  }
  const open = (path: string, patience = 1_000): Promise<State> =>
    connected(supervisorState({ path, patience }))
  afterEach(() => {
    for (const server of servers.splice(0)) server.stop()
    problems.length = 0
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  let opened = 0
  conformance(
    async () => {
      const [known] = servers
      const server = opened++ % 2 === 0 || known === undefined ? serve() : known
      return open(server.path)
    },
    (state) => state.close(),
  )

  test('is a socket that only its owner can open, and is gone when the supervisor ends', () => {
    const server = serve()
    expect(server.path).toBe(join(folder, 'state.sock'))
    expect(statSync(server.path).mode & 0o777).toBe(0o600)
    server.stop()
    expect(existsSync(server.path)).toBe(false)
  })

  test('takes the place of a socket that a dead supervisor left', async () => {
    writeFileSync(join(folder, 'state.sock'), '')
    const state = await open(serve().path)
    await state.set('a', 'b', 1_000)
    state.close()
  })

  test('in a folder with a long path is found in a temporary one that is nobody else’s', async () => {
    const long = mkdtempSync(join(folder, 'x'.repeat(90)))
    const server = serve(long)
    expect(Buffer.byteLength(server.path)).toBeLessThanOrEqual(100)
    expect(statSync(dirname(server.path)).mode & 0o777).toBe(0o700)
    const state = await open(server.path)
    expect(await state.increment('n', 2, 1_000)).toBe(2)
    state.close()
    server.stop()
    expect(existsSync(dirname(server.path))).toBe(false)
    expect(readdirSync(long)).toEqual([])
  })

  test('calls made together are answered in one turn, each with its own', async () => {
    const state = await open(serve().path)
    const count = 20_000
    const values = await Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const set = state.set(`k${at}`, `v${at}`, 60_000)
        const got = state.get(`k${at}`)
        await set
        return got
      }),
    )
    expect(values).toEqual(Array.from({ length: count }, (_, at) => `v${at}`))
    state.close()
  })

  test('values may be large and of any text', async () => {
    const { path } = serve()
    const [one, two] = [await open(path, 10_000), await open(path, 10_000)]
    const value = '"\\\n\u0000\u2028\ud800 ünïcode 😀'.repeat(200_000)
    const heard: string[] = []
    two.subscribe('c', (text) => heard.push(text))
    await one.set('large', value, 60_000)
    expect((await two.get('large')) === value).toBe(true)
    await one.publish('c', value)
    await waitFor(() => (heard.length > 0 ? true : undefined))
    expect(heard[0] === value).toBe(true)
    one.close()
    two.close()
  })

  test('after its end calls fail at once, and with the next one come back, subscriptions too', async () => {
    const first = serve()
    const state = await open(first.path)
    const told: StateStatus[] = []
    const heard: string[] = []
    state.onStatus((status) => told.push(status))
    state.subscribe('c', (text) => heard.push(text))
    const under = state.get('k').catch((error) => error)
    first.stop()
    await waitFor(() => (state.status() === 'away' ? true : undefined), 3_000)
    expect([undefined, 'gateway_state_unavailable']).toContain((await under)?.code)
    const hasRung = startTimer(100)
    const failures = await Promise.all([
      state.get('k').catch((error) => error),
      state.quota.take({ claims: [] }).catch((error) => error),
      state.quota.give([]).catch((error) => error),
      state.publish('c', 'lost').catch((error) => error),
    ])
    expect(hasRung()).toBe(false)
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(GatewayError)
      expect(failure.code).toBe('gateway_state_unavailable')
    }
    serve()
    await waitFor(() => (state.status() === 'connected' ? true : undefined), 5_000)
    await state.set('k', 'back', 60_000)
    expect(await state.get('k')).toBe('back')
    await waitFor(async () => {
      await state.publish('c', 'again')
      return heard.length > 0 ? true : undefined
    })
    expect(told).toEqual(['away', 'connected'])
    state.close()
  })

  test('one that is silent is away within the patience, and nobody waits longer', async () => {
    const path = join(folder, 'silent.sock')
    let isSilent = false
    const listener = Bun.listen({
      unix: path,
      socket: {
        data(socket) {
          if (!isSilent) socket.write('[[1,true]]\n')
          isSilent = true
        },
      },
    })
    const state = await open(path, 200)
    const begun = performance.now()
    const calls = await Promise.allSettled([state.get('a'), state.set('b', '', 1), state.quota.give([])])
    expect(performance.now() - begun).toBeGreaterThan(150)
    expect(performance.now() - begun).toBeLessThan(5_000)
    expect(calls.map((call) => call.status === 'rejected' && call.reason.code)).toEqual(
      calls.map(() => 'gateway_state_unavailable'),
    )
    expect(state.status()).toBe('away')
    state.close()
    listener.stop(true)
  })

  test('this process being busy for long is not taken for silence', async () => {
    const state = await open(serve().path, 200)
    const told: StateStatus[] = []
    state.onStatus((status) => told.push(status))
    const reply = state.increment('k', 1, 60_000)
    Bun.sleepSync(600)
    expect(await reply).toBe(1)
    expect(told).toEqual([])
    state.close()
  })

  /** Says this as a worker would, and gives what is answered until the end. */
  const say = async (path: string, text: string | Uint8Array): Promise<string> => {
    let heard = ''
    const over = Promise.withResolvers<void>()
    const socket = await Bun.connect({
      unix: path,
      socket: {
        data(_, block) {
          heard += block.toString()
        },
        close: () => over.resolve(),
      },
    })
    socket.write(text)
    await Promise.race([over.promise, Bun.sleep(150)])
    socket.terminate()
    return heard
  }

  test.each([
    ['no JSON', 'hello\n'],
    ['no list', '{"id":1}\n'],
    ['no call', '[[1,"hello",1],[2]]\n'],
    ['no bytes of text', Buffer.from([0xff, 0xfe, 10, 0, 10])],
  ])('who says what cannot be understood (%s) is cut off, and the others are not', async (_, text) => {
    const { path } = serve()
    const state = await open(path)
    await say(path, text)
    expect(problems.length).toBe(1)
    expect(problems[0]).toContain('cut off')
    await state.set('k', 'v', 1_000)
    expect(await state.get('k')).toBe('v')
    state.close()
  })

  test.each([
    ['another version', '[[1,"hello",99]]\n', 'version'],
    ['no greeting', '[[1,"get","k"]]\n', 'hello'],
    [
      'what is no call of the state',
      '[[1,"hello",1],[2,"close"],[3,"constructor"],[4,"status"]]\n',
      'does not know',
    ],
    ['a call with the wrong arguments', '[[1,"hello",1],[2,"take",null],[3,"give",7]]\n', 'null'],
  ])('%s is answered with a refusal', async (_, text, reason) => {
    const { path } = serve()
    const heard = await say(path, text)
    expect(heard).toContain('null,"')
    expect(heard).toContain(reason)
    expect(problems).toEqual([])
    const state = await open(path)
    expect(await state.get('k')).toBeUndefined()
    state.close()
  })

  test('does what was said before a worker was killed, and forgets whom it told', async () => {
    const { path } = serve()
    const [one, two] = [await open(path), await open(path)]
    one.subscribe('c', () => undefined)
    await one.set('k', 'v', 60_000)
    one.close()
    for (let time = 0; time < 10; time++) await two.publish('c', 'x')
    expect(await two.get('k')).toBe('v')
    expect(problems).toEqual([])
    two.close()
  })
})

describe.skipIf(!hasRedis)('state in Redis', () => {
  let redis: RedisServer
  let opened = 0
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  const open = (keyPrefix: string, url = redis.url): State => redisState({ url, keyPrefix, patience: 1_000 })
  conformance(
    // Both views of one test, and no test's leavings.
    () => connected(open(`test${Math.floor(opened++ / 2)}:`)),
    (state) => state.close(),
  )

  test('another prefix is another state', async () => {
    const [one, two] = [await connected(open('one:')), await connected(open('two:'))]
    const heard: string[] = []
    two.subscribe('c', (text) => heard.push(`two ${text}`))
    one.subscribe('c', (text) => heard.push(`one ${text}`))
    await one.set('k', 'v', 60_000)
    expect(await two.get('k')).toBeUndefined()
    expect((await two.entries('')).size).toBe(0)
    await waitFor(async () => {
      await one.publish('c', 'x')
      return heard.length > 2 ? true : undefined
    })
    expect(new Set(heard)).toEqual(new Set(['one x']))
    one.close()
    two.close()
  })

  test('after a crash calls fail at once, and when Redis is back so are calls and subscriptions', async () => {
    const state = await connected(open('crash:'))
    const told: StateStatus[] = []
    const heard: string[] = []
    state.onStatus((status) => told.push(status))
    state.subscribe('c', (text) => heard.push(text))
    await redis.crash()
    await waitFor(() => (state.status() === 'away' ? true : undefined), 3_000)
    const hasRung = startTimer(100)
    const failures = await Promise.all([
      state.get('k').catch((error) => error),
      state.set('k', 'v', 1_000).catch((error) => error),
      state.increment('k', 1, 1_000).catch((error) => error),
      state.entries('').catch((error) => error),
      state.publish('c', 'lost').catch((error) => error),
    ])
    expect(hasRung()).toBe(false)
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(GatewayError)
      expect(failure.code).toBe('gateway_state_unavailable')
    }
    await redis.restart()
    await waitFor(() => (state.status() === 'connected' ? true : undefined), 10_000)
    await state.set('k', 'back', 60_000)
    expect(await state.get('k')).toBe('back')
    await state.publish('c', 'once')
    await waitFor(() => (heard.length > 0 ? true : undefined))
    await state.publish('c', 'end')
    await waitFor(() => (heard.includes('end') ? true : undefined))
    expect(heard).toEqual(['once', 'end'])
    expect(told).toEqual(['away', 'connected'])
    state.close()
  })

  test('a Redis that is silent is away within the patience, and nobody waits longer', async () => {
    const state = redisState({ url: redis.url, keyPrefix: 'frozen:', patience: 300 })
    await connected(state)
    redis.freeze()
    try {
      const begun = performance.now()
      await expect(state.get('k')).rejects.toMatchObject({ code: 'gateway_state_unavailable' })
      const waited = performance.now() - begun
      expect(waited).toBeGreaterThan(250)
      expect(waited).toBeLessThan(5_000)
      expect(state.status()).toBe('away')
    } finally {
      redis.thaw()
    }
    await waitFor(() => (state.status() === 'connected' ? true : undefined))
    state.close()
  })

  test('this process being busy for long is not taken for silence', async () => {
    const state = redisState({ url: redis.url, keyPrefix: 'busy:', patience: 200 })
    await connected(state)
    const told: StateStatus[] = []
    state.onStatus((status) => told.push(status))
    const reply = state.increment('k', 1, 60_000)
    Bun.sleepSync(600)
    expect(await reply).toBe(1)
    expect(told).toEqual([])
    state.close()
  })

  test('silence is noticed without a call', async () => {
    const state = redisState({ url: redis.url, keyPrefix: 'frozen:', patience: 200 })
    await connected(state)
    redis.freeze()
    try {
      await waitFor(() => (state.status() === 'away' ? true : undefined), 5_000)
    } finally {
      redis.thaw()
    }
    await waitFor(() => (state.status() === 'connected' ? true : undefined))
    state.close()
  })

  test('a Redis that takes no writes is away, with the reason, until it takes them again', async () => {
    const state = await connected(open('readonly:'))
    const told: (readonly [StateStatus, string | undefined])[] = []
    state.onStatus((status, reason) => told.push([status, reason]))
    const operator = new Bun.RedisClient(redis.url)
    await operator.send('REPLICAOF', ['127.0.0.1', String(freePort())])
    try {
      await waitFor(() => (state.status() === 'away' ? true : undefined), 5_000)
      expect(told).toEqual([['away', expect.stringContaining('read only')]])
      const trial = await tryRedis({ url: redis.url, keyPrefix: 'readonly:' })
      expect(trial.reason).toContain('read only')
    } finally {
      await operator.send('REPLICAOF', ['NO', 'ONE'])
      operator.close()
    }
    await waitFor(() => (state.status() === 'connected' ? true : undefined), 5_000)
    await state.set('k', 'v', 1_000)
    state.close()
  })

  test('a Redis that is away at first is connected to when it comes', async () => {
    await redis.crash()
    const state = open('late:')
    const told: StateStatus[] = []
    state.onStatus((status) => told.push(status))
    await expect(state.get('k')).rejects.toMatchObject({ code: 'gateway_state_unavailable' })
    await waitFor(() => (told.length > 0 ? true : undefined))
    await redis.restart()
    await connected(state)
    await waitFor(() => (told.length > 1 ? true : undefined))
    expect(told).toEqual(['away', 'connected'])
    state.close()
  })

  test('a password counts, and a wrong one never comes into a message', async () => {
    const guarded = await startRedis(['--requirepass', 'open-sesame'])
    const good = await connected(open('p:', `redis://:open-sesame@127.0.0.1:${guarded.port}`))
    await good.set('k', 'v', 1_000)
    const bad = open('p:', `redis://:not-this-one@127.0.0.1:${guarded.port}`)
    const reason = Promise.withResolvers<string>()
    bad.onStatus((_, why) => reason.resolve(why ?? ''))
    expect(await reason.promise).not.toContain('not-this-one')
    expect(await reason.promise).not.toBe('')
    expect(bad.status()).toBe('away')
    bad.close()
    good.close()
    await guarded.stop()
  })
})
