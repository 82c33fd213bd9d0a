import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../errors.ts'
import { createLogger, type LoggerOptions } from './logger.ts'

const collect = (options: Partial<LoggerOptions> = {}, form: 'json' | 'human' = 'json') => {
  const written: string[] = []
  const logger = createLogger({
    now: () => 1_763_000_000_123,
    level: 'trace',
    ...options,
    outputs: [{ form, write: (lines) => written.push(lines) }],
  })
  const lines = (): readonly string[] => {
    logger.flush()
    return written.join('').split('\n').slice(0, -1)
  }
  const records = (): readonly Record<string, unknown>[] => lines().map((line) => JSON.parse(line))
  return { logger, written, lines, records }
}

/** What accounts use for secrets: they say nothing of themselves. */
class Secret {
  constructor(readonly hidden: string) {}
  toJSON(): string {
    return '[secret]'
  }
}

describe('a log line', () => {
  test('has the shape of pino', () => {
    const { logger, records } = collect()
    logger.info('exchange complete', { provider: 'openai', status: 200 })
    expect(records()).toEqual([
      {
        level: 30,
        time: 1_763_000_000_123,
        pid: process.pid,
        provider: 'openai',
        status: 200,
        msg: 'exchange complete',
      },
    ])
  })

  test('has a number for each level', () => {
    const { logger, records } = collect()
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level](level)
    expect(records().map(({ level }) => level)).toEqual([10, 20, 30, 40, 50, 60])
  })

  test('is not written below the level, which can change while running, for children as well', () => {
    const { logger, records } = collect({ level: 'warn' })
    const child = logger.child({ part: 'ledger' })
    child.info('before')
    logger.setLevel('debug')
    child.debug('after')
    child.trace('never')
    expect(records().map(({ msg }) => msg)).toEqual(['after'])
    expect([child.isEnabled('debug'), child.isEnabled('trace')]).toEqual([true, false])
  })

  test('carries what its logger is bound to', () => {
    const { logger, records } = collect({ bindings: { role: 'worker' } })
    logger.child({ request: 'req_1' }).child({ attempt: 2 }).warn('slow')
    expect(records()[0]).toMatchObject({ role: 'worker', request: 'req_1', attempt: 2, msg: 'slow' })
  })

  test('keeps its own members when a field has the same name', () => {
    const { logger, records } = collect()
    logger.info('real', { level: 'x', msg: 'y', time: 1, pid: 2 })
    expect(records()[0]).toMatchObject({ level: 30, msg: 'real', level_: 'x', msg_: 'y', time_: 1, pid_: 2 })
  })

  test('says what failed, without repeating what a parser read', () => {
    const { logger, records } = collect()
    const cause = (() => {
      try {
        return JSON.parse('{"prompt": my_private_prompt}')
      } catch (error) {
        return error
      }
    })()
    logger.error('failed', { error: new GatewayError('gateway_internal', 'internal error', { cause }) })
    const [record] = records()
    expect(record?.['error']).toMatchObject({
      type: 'GatewayError',
      code: 'gateway_internal',
      message: 'internal error',
    })
    expect(JSON.stringify(record)).toContain('logger.test.ts')
    expect(JSON.stringify(record)).not.toContain('my_private_prompt')
  })

  test('writes every kind of value as JSON', () => {
    const { logger, records } = collect()
    logger.info('values', {
      text: 'a "quoted"\nline\u2028',
      money: 12n,
      not: Number.NaN,
      nothing: null,
      gone: undefined,
      call: () => 1,
      date: new Date(0),
      list: [1, undefined, 'x'],
      map: new Map([['a', 1]]),
      set: new Set(['b']),
      bytes: new Uint8Array(7),
    })
    const { level, time, pid, msg, ...fields } = records()[0] ?? {}
    expect(fields).toEqual({
      text: 'a "quoted"\nline\u2028',
      money: '12',
      not: 'NaN',
      nothing: null,
      date: '1970-01-01T00:00:00.000Z',
      list: [1, null, 'x'],
      map: { a: 1 },
      set: ['b'],
      bytes: '[7 bytes]',
    })
  })

  test('stays bounded and never throws', () => {
    const { logger, lines } = collect()
    const cycle: Record<string, unknown> = {}
    cycle['again'] = cycle
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, 0]))
    const bush = (depth: number): unknown =>
      depth === 0 ? 1 : Object.fromEntries(Object.keys(wide).map((name) => [name, bush(depth - 1)]))
    logger.info('x', { cycle, bush: bush(3), long: 'y'.repeat(1_000_000), list: new Array(100_000).fill(0) })
    logger.info('texts', {
      texts: Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => 'y'.repeat(4000))),
    })
    logger.info('z', {
      get broken(): string {
        throw new Error('no')
      },
      toJson: {
        toJSON(): string {
          throw new Error('no')
        },
      },
    })
    expect(lines()).toHaveLength(3)
    for (const line of lines()) expect(line.length).toBeLessThan(120_000)
    expect(JSON.parse(lines()[2] ?? '')).toMatchObject({ broken: '[unreadable]', toJson: '[unreadable]' })
  })

  test('is always one line of JSON', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.anything({ withBigInt: true })),
        (message, fields) => {
          const { logger, written } = collect()
          logger.info(message, fields)
          logger.flush()
          const text = written.join('')
          expect(text.indexOf('\n')).toBe(text.length - 1)
          JSON.parse(text)
        },
      ),
    )
  })
})

describe('secrets', () => {
  const canary = 'c4n4ry0123456789abcdef'

  test('do not reach a line by any way in', () => {
    const { logger, lines } = collect({ bindings: { Authorization: `Bearer ${canary}` } })
    const child = logger.child({ database: `postgres://tollgate:${canary}@db/x` })
    child.info(`refused tgw-sk-${canary}`)
    child.info('by name', { headers: { 'x-api-key': canary, cookie: canary, accept: 'x' } })
    child.info('in a list', { nested: [{ deep: { api_key: canary, password: canary, secret: [canary] } }] })
    child.info('headers', { headers: new Headers({ authorization: canary, 'x-goog-api-key': canary }) })
    child.info('in a text', { url: `https://x/v1beta/models?key=${canary}`, note: [`sk-${canary}`] })
    child.info('by type', { credential: new Secret(canary), map: new Map([['token', canary]]) })
    child.info('as a name', { [`tgw-admin-${canary}`]: 1 })
    child.error('in an error', {
      error: new Error(`bad key sk-${canary}`, { cause: new Error(`Bearer ${canary}`) }),
    })
    expect(lines()).toHaveLength(8)
    expect(lines().join('\n')).not.toContain(canary)
    expect(lines()[1]).toContain('"accept":"x"')
  })
})

describe('the buffer', () => {
  test('writes the lines of one tick together', async () => {
    const { logger, written } = collect()
    for (let index = 0; index < 100; index += 1) logger.info('line', { index })
    expect(written).toHaveLength(0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(written).toHaveLength(1)
    expect(written[0]?.split('\n')).toHaveLength(101)
  })

  test('does not grow past its limit within a tick', () => {
    const { logger, written } = collect()
    for (let index = 0; index < 1000; index += 1) logger.info('x'.repeat(1000))
    expect(written.length).toBeGreaterThan(10)
    for (const lines of written) expect(lines.length).toBeLessThan(70_000)
  })

  test('is flushed by a fatal line', () => {
    const { logger, written } = collect()
    logger.info('before')
    logger.fatal('the end')
    expect(written).toHaveLength(1)
    expect(written[0]).toContain('before')
  })
})

describe('the human form', () => {
  test('is one readable line', () => {
    const { logger, lines } = collect({}, 'human')
    logger.warn('provider is slow', { provider: 'openai', seconds: 3, note: 'a b', list: [1] })
    expect(lines()[0]).toMatch(
      /^\d\d:\d\d:20\.123 WARN {2}provider is slow provider=openai seconds=3 note="a b" list=\[1\]$/,
    )
  })

  test('lets no escape sequence of a client through to the terminal', () => {
    const { logger, lines } = collect({}, 'human')
    logger.info('model \u001b[2J\u009b31m', { model: '\u001b]0;owned\u0007' })
    expect(lines()[0]).not.toMatch(/\p{Cc}/u)
    expect(lines()[0]).toContain('\\x1b]0;owned\\x07')
  })
})
