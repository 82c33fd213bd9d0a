import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors.ts'
import { remoteStores, serveStores } from './index.ts'

interface Numbers {
  readonly double: (value: bigint) => Promise<bigint>
  readonly echo: (...values: readonly unknown[]) => Promise<unknown>
  readonly refuse: () => Promise<never>
  readonly breakDown: () => Promise<never>
  readonly lose: () => Promise<never>
  readonly answerFunction: () => Promise<unknown>
  readonly wait: () => Promise<never>
}

const connect = () => {
  const { port1, port2 } = new MessageChannel()
  const numbers: Numbers = {
    double: async (value) => value * 2n,
    echo: async (...values) => (values.length === 1 ? values[0] : values),
    refuse: async () => {
      throw new GatewayError('gateway_handle_unknown', 'no such handle', { param: 'id', retryAfter: 3 })
    },
    breakDown: () => {
      throw new TypeError('a defect')
    },
    lose: async () => {
      throw Object.assign(new Error('secret detail'), { code: 'SQLITE_FULL' })
    },
    answerFunction: async () => () => {},
    wait: () => new Promise(() => {}),
  }
  serveStores(port1, { numbers })
  port1.start()
  const remote = remoteStores<{ numbers: Numbers; none: { call: () => Promise<void> } }>(port2)
  port2.start()
  return { ...remote, close: () => port1.close() }
}

describe('a store on the other side of a port', () => {
  test('answers, with bigints whole', async () => {
    const { stores, close } = connect()
    expect(await stores.numbers.double(2n ** 62n)).toBe(2n ** 63n)
    close()
  })

  test.each([
    'text',
    '',
    'with spaces and\nlines and \u0000 and ü',
    7,
    null,
    undefined,
    { a: [1n, 'b'] },
    [['done', 1, 2]],
  ])('hands %p over and back unchanged', async (value) => {
    const { stores, close } = connect()
    expect(await stores.numbers.echo(value)).toEqual(value)
    close()
  })

  test('takes several arguments and none', async () => {
    const { stores, close } = connect()
    expect(await stores.numbers.echo('a', 'b')).toEqual(['a', 'b'])
    expect(await stores.numbers.echo()).toEqual([])
    close()
  })

  test('keeps calls apart that run at once', async () => {
    const { stores, close } = connect()
    const values = Array.from({ length: 100 }, (_, number) => (number % 2 === 0 ? number : `text ${number}`))
    expect(await Promise.all(values.map((value) => stores.numbers.echo(value)))).toEqual(values)
    close()
  })

  test('throws our errors with code, parameter and pause', async () => {
    const { stores, close } = connect()
    const error = await stores.numbers.refuse().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({
      code: 'gateway_handle_unknown',
      message: 'no such handle',
      param: 'id',
      retryAfter: 3,
    })
    close()
  })

  test('throws other errors with name and message, also those of a method that is not async', async () => {
    const { stores, close } = connect()
    const error = await stores.numbers.breakDown().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'TypeError', message: 'a defect' })
    close()
  })

  test('says that the storage is unavailable when the database is full', async () => {
    const { stores, close } = connect()
    const error = await stores.numbers.lose().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'gateway_storage_unavailable' })
    expect(String(error)).not.toContain('secret detail')
    close()
  })

  test('fails when the answer cannot cross the port', async () => {
    const { stores, close } = connect()
    await expect(stores.numbers.answerFunction()).rejects.toThrow()
    close()
  })

  test('fails for a store or method that does not exist', async () => {
    const { stores, close } = connect()
    await expect(stores.none.call()).rejects.toThrow('no store method none.call')
    close()
  })

  test('fails every call, waiting and later, once the other side is gone', async () => {
    const { stores, fail, close } = connect()
    const waiting = stores.numbers.wait().catch((reason: unknown) => reason)
    fail(new Error('gone'))
    expect(await waiting).toEqual(new Error('gone'))
    await expect(stores.numbers.double(1n)).rejects.toThrow('gone')
    close()
  })

  test('can be the result of an async function', async () => {
    const { stores, close } = connect()
    const { numbers } = await Promise.resolve(stores)
    expect(await numbers.double(1n)).toBe(2n)
    close()
  })
})
