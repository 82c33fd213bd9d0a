import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processorTime } from '../../test/support/processor-time.ts'
import { createLogger, createMetrics } from '../telemetry/index.ts'
import { checkHooks } from './check-hooks.ts'
import { createHooks, type HookEvent, type Hooks, type HooksParts } from './index.ts'
import { hooksSettings } from './settings.ts'

const secret = 'whsec-0123456789'
const folder = mkdtempSync(join(tmpdir(), 'tollgate-hooks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Seen {
  readonly path: string
  readonly body: string
  readonly headers: Headers
}

/** A real receiver; `answers` are its next statuses, then 200. */
const startReceiver = (answers: number[] = [], port = 0) => {
  const seen: Seen[] = []
  const held: (() => void)[] = []
  const state = { holds: false, open: 0, mostOpen: 0 }
  const server = Bun.serve({
    port,
    hostname: '127.0.0.1',
    async fetch(request) {
      state.open++
      state.mostOpen = Math.max(state.mostOpen, state.open)
      const { pathname, search } = new URL(request.url)
      seen.push({ path: pathname + search, body: await request.text(), headers: request.headers })
      if (state.holds) await new Promise<void>((resolve) => held.push(resolve))
      state.open--
      const status = answers.shift() ?? 200
      return new Response('ignored', {
        status,
        ...(status === 302 ? { headers: { location: '/elsewhere' } } : {}),
      })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    seen,
    state,
    release() {
      state.holds = false
      for (const go of held.splice(0)) go()
    },
    stop: () => server.stop(true),
  }
}

const open: Hooks[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((hooks) => hooks.stop(0)))
})

const start = (settings: unknown, parts: Partial<HooksParts> = {}) => {
  const metrics = createMetrics({ version: 'test' })
  const lines: string[] = []
  const waits: number[] = []
  const logger = createLogger({ outputs: [{ write: (text) => void lines.push(text) }] })
  const hooks = createHooks(hooksSettings.parse(settings), {
    logger,
    registry: metrics.registry,
    path: process.env['PATH'],
    random: () => 1,
    async wait(milliseconds) {
      waits.push(milliseconds)
    },
    ...parts,
  })
  open.push(hooks)
  return {
    hooks,
    waits,
    log() {
      logger.flush()
      return lines.join('')
    },
    async count(event: string, result: string) {
      const line = `tollgate_hooks_total{event="${event}",result="${result}"} `
      const text = await metrics.registry.render()
      return Number(text.split(line)[1]?.split('\n')[0] ?? 0)
    },
  }
}

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await Bun.sleep(5)) {
    if (await isTrue()) return
  }
  throw new Error('it did not come within 10 s')
}

const created: HookEvent = {
  type: 'key_created',
  data: { key: 'key_1', name: 'alice', organisation: 'default', team: null, user: null },
}
const circuit: HookEvent = { type: 'circuit_closed', data: { upstream: 'a/m/c', provider: 'a' } }

describe('a webhook', () => {
  test('gets the event as JSON, signed over time and body', async () => {
    const receiver = startReceiver()
    const now = 1_795_000_000_500
    const { hooks, count } = start([{ events: ['key_created'], url: `${receiver.url}/in/?a=b`, secret }], {
      now: () => now,
    })
    hooks.emit(circuit)
    hooks.emit(created)
    await until(async () => (await count('key_created', 'delivered')) === 1)
    expect(receiver.seen).toHaveLength(1)
    const [{ path, body, headers } = { path: '', body: '', headers: new Headers() }] = receiver.seen
    expect(path).toBe('/in/?a=b')
    expect(headers.get('content-type')).toBe('application/json')
    expect(JSON.parse(body)).toEqual({
      id: expect.stringMatching(/^evt_/),
      time: now,
      type: 'key_created',
      data: created.data,
    })
    const [, time, digest] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers.get('x-tollgate-signature') ?? '') ?? []
    expect(Number(time)).toBe(1_795_000_000)
    expect(digest).toBe(createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'))
    expect(body).not.toContain(secret)
    receiver.stop()
  })

  test('is tried again after failures of the receiver, with the same id and longer waits', async () => {
    const receiver = startReceiver([500, 429, 503])
    const { hooks, waits, count, log } = start([{ events: ['key_created'], url: receiver.url, secret }])
    hooks.emit(created)
    await until(async () => (await count('key_created', 'delivered')) === 1)
    expect(receiver.seen).toHaveLength(4)
    expect(new Set(receiver.seen.map(({ body }) => body)).size).toBe(1)
    expect(waits).toEqual([1_000, 2_000, 4_000])
    expect(log()).toBe('')
    receiver.stop()
  })

  test('is tried again while nobody listens, until somebody does', async () => {
    const first = startReceiver()
    first.stop()
    let receiver: ReturnType<typeof startReceiver> | undefined
    const { hooks, waits, count } = start([{ events: ['key_created'], url: first.url, secret }], {
      async wait() {
        waits.push(1)
        if (waits.length === 2) receiver = startReceiver([], Number(new URL(first.url).port))
      },
    })
    hooks.emit(created)
    await until(async () => (await count('key_created', 'delivered')) === 1)
    expect(waits).toHaveLength(2)
    expect(receiver?.seen).toHaveLength(1)
    receiver?.stop()
  })

  test('is given up after six tries, and the log says so without address and secret', async () => {
    const receiver = startReceiver(Array.from({ length: 20 }, () => 500))
    const { hooks, waits, count, log } = start([
      { events: ['key_created'], url: `${receiver.url}/hidden`, secret },
    ])
    hooks.emit(created)
    await until(async () => (await count('key_created', 'failed')) === 1)
    expect(receiver.seen).toHaveLength(6)
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000])
    expect(log()).toContain('status 500')
    expect(log()).toContain('hooks[0]')
    expect(log()).not.toMatch(/hidden|whsec/)
    receiver.stop()
  })

  test.each([302, 400, 401, 404, 410])('that answers %p is not asked again, nor followed', async (status) => {
    const receiver = startReceiver([status])
    const { hooks, count } = start([{ events: ['key_created'], url: receiver.url, secret }])
    hooks.emit(created)
    await until(async () => (await count('key_created', 'failed')) === 1)
    expect(receiver.seen.map(({ path }) => path)).toEqual(['/'])
    receiver.stop()
  })

  test('that never answers costs its time limit on each try', async () => {
    const receiver = startReceiver()
    receiver.state.holds = true
    const { hooks, count, log } = start([
      { events: ['key_created'], url: receiver.url, secret, timeout: '50ms' },
    ])
    for (let number = 0; number < 10; number++) hooks.emit(created)
    await until(async () => (await count('key_created', 'failed')) === 10)
    expect(log()).toContain('timeout')
    receiver.release()
    receiver.stop()
    expect(receiver.seen.length).toBeGreaterThanOrEqual(40)
  })

  test('holds nothing up: what is too much to wait is dropped and counted', async () => {
    const receiver = startReceiver()
    receiver.state.holds = true
    const { hooks, count } = start([{ events: ['key_created'], url: receiver.url, secret }])
    const before = processorTime()
    for (let number = 0; number < 1_100; number++) hooks.emit(created)
    expect(processorTime() - before).toBeLessThan(1_000)
    expect(await count('key_created', 'dropped')).toBe(96)
    await until(() => receiver.seen.length === 4)
    receiver.release()
    await until(async () => (await count('key_created', 'delivered')) === 1_004)
    expect(receiver.state.mostOpen).toBeLessThanOrEqual(4)
    receiver.stop()
  })

  test('does not wait for one that is stuck', async () => {
    const [stuck, good] = [startReceiver(), startReceiver()]
    stuck.state.holds = true
    const { hooks } = start(
      [stuck, good].map(({ url }) => ({ events: ['key_created', 'circuit_closed'], url, secret })),
    )
    for (let number = 0; number < 20; number++) hooks.emit(number % 2 === 0 ? created : circuit)
    await until(() => good.seen.length === 20)
    expect(stuck.seen.length).toBeLessThanOrEqual(4)
    stuck.stop()
    good.stop()
  })
})

describe('a program', () => {
  const program = (lines: string): readonly string[] => {
    const file = join(folder, `${crypto.randomUUID()}.sh`)
    writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o700 })
    return ['/bin/sh', file]
  }

  test('gets the event on standard input, arguments as they are, and none of our environment', async () => {
    const out = join(folder, 'out')
    const command = [
      ...program(`cat > ${out}.json; printf '%s' "$1" > ${out}.arg; env > ${out}.env`),
      '$(id); *',
    ]
    process.env['TOLLGATE_TEST_SECRET'] = 'sk-not-for-programs'
    const { hooks, count } = start([{ events: ['key_created'], command }])
    hooks.emit(created)
    await until(async () => (await count('key_created', 'delivered')) === 1)
    delete process.env['TOLLGATE_TEST_SECRET']
    expect(JSON.parse(readFileSync(`${out}.json`, 'utf8'))).toMatchObject({
      type: 'key_created',
      data: created.data,
    })
    expect(readFileSync(`${out}.arg`, 'utf8')).toBe('$(id); *')
    const names = readFileSync(`${out}.env`, 'utf8')
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(names.filter((name) => !['PATH', 'PWD', 'OLDPWD', 'SHLVL', '_', ''].includes(name ?? ''))).toEqual(
      [],
    )
  })

  test.each([
    ['exit 3', 'exit code 3'],
    ['kill -TERM $$', 'signal SIGTERM'],
  ])('that ends with %p is told in the log', async (lines, reason) => {
    const { hooks, count, log } = start([{ events: ['key_created'], command: program(lines) }])
    hooks.emit(created)
    await until(async () => (await count('key_created', 'failed')) === 1)
    expect(log()).toContain(reason)
  })

  test('that does not exist is told in the log', async () => {
    const { hooks, count, log } = start([{ events: ['key_created'], command: ['/no/such/program'] }])
    hooks.emit(created)
    await until(async () => (await count('key_created', 'failed')) === 1)
    expect(log()).toContain('cannot be started')
  })

  test('that runs too long is killed with what it started', async () => {
    const file = join(folder, 'late')
    const lines = `(sleep 1; touch ${file}) &\nsleep 30`
    const { hooks, count, log } = start([
      { events: ['key_created'], command: program(lines), timeout: '200ms' },
    ])
    hooks.emit(created)
    await until(async () => (await count('key_created', 'failed')) === 1)
    expect(log()).toContain('timeout')
    // Longer than the child would have waited: what must not happen cannot be polled for.
    await Bun.sleep(1_200)
    expect(existsSync(file)).toBe(false)
  })

  test('that does not read its input does not matter', async () => {
    const { hooks, count } = start([{ events: ['key_created'], command: program('exit 0') }])
    for (let number = 0; number < 5; number++) hooks.emit(created)
    await until(async () => (await count('key_created', 'delivered')) === 5)
  })
})

describe('the hooks', () => {
  test('of a new configuration count at once', async () => {
    const [old, young] = [startReceiver(), startReceiver()]
    const { hooks } = start([{ events: ['key_created'], url: old.url, secret }])
    hooks.configure(hooksSettings.parse([{ events: ['circuit_closed'], url: young.url, secret }]))
    hooks.emit(created)
    hooks.emit(circuit)
    await until(() => young.seen.length === 1)
    expect(old.seen).toHaveLength(0)
    old.stop()
    young.stop()
  })

  test('end with what is under way, and give up what takes longer', async () => {
    const receiver = startReceiver()
    receiver.state.holds = true
    const { hooks, count } = start([{ events: ['key_created'], url: receiver.url, secret }])
    for (let number = 0; number < 6; number++) hooks.emit(created)
    await until(() => receiver.seen.length === 4)
    await hooks.stop(50)
    expect(await count('key_created', 'failed')).toBe(6)
    hooks.emit(created)
    expect(receiver.seen).toHaveLength(4)
    receiver.stop()
  })
})

describe('the setting', () => {
  const faults = (hook: object): readonly string[] =>
    checkHooks(hooksSettings.parse([{ events: ['drift'], ...hook }])).map(({ message }) => message)

  test('wants a webhook with a secret, or a program', () => {
    expect(faults({ url: 'https://a.example', secret: 's' })).toEqual([])
    expect(faults({ command: ['true'] })).toEqual([])
    expect(faults({})).toEqual(['needs `url` or `command`'])
    expect(faults({ url: 'https://a.example' })[0]).toStartWith('needs `secret`')
    expect(faults({ url: 'https://a.example', secret: 's', command: ['x'] })).toHaveLength(1)
    expect(faults({ command: ['true'], secret: 's' })).toHaveLength(1)
  })

  test.each([
    { events: [], url: 'https://a.example' },
    { events: ['nothing'], url: 'https://a.example' },
    { events: ['drift'], url: 'ftp://a.example' },
    { events: ['drift'], url: 'https://user:password@a.example' },
    { events: ['drift'], command: [] },
  ])('refuses %p', (hook) => {
    expect(hooksSettings.safeParse([hook]).success).toBe(false)
  })
})
