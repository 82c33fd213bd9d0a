import { expect, test } from 'bun:test'
import { createPoster } from './index.ts'

const options = { headers: { 'x-own': 'yes' }, timeoutMs: 5_000 }

const withServer = async (
  work: (port: number, seen: Request[]) => Promise<void>,
  answer: () => Response = () => new Response('x', { status: 202 }),
): Promise<void> => {
  const seen: Request[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      await request.clone().text()
      seen.push(request)
      return answer()
    },
  })
  await work(server.port ?? 0, seen).finally(() => server.stop(true))
}

test('JSON goes to the address that was resolved, under the name that was written', () =>
  withServer(async (port, seen) => {
    const post = createPoster({ reach: 'anywhere', resolve: async () => ['127.0.0.1'] })
    expect(await post(`http://receiver.example.test:${port}/in`, '{"é":1}', options)).toEqual({ status: 202 })
    const [request] = seen
    expect(request?.headers.get('host')).toBe(`receiver.example.test:${port}`)
    expect(request?.headers.get('content-type')).toBe('application/json')
    expect(request?.headers.get('x-own')).toBe('yes')
    expect(await request?.text()).toBe('{"é":1}')
  }))

test('a private address is reached only where that is allowed, whatever its name', () =>
  withServer(async (port, seen) => {
    const guarded = createPoster({ reach: 'public', resolve: async () => ['8.8.8.8', '127.0.0.1'] })
    for (const host of ['127.0.0.1', '[::1]', '2130706433', 'inside.example.test']) {
      expect(await guarded(`http://${host}:${port}`, '{}', options)).toEqual({ fault: 'not-allowed' })
    }
    expect(seen).toHaveLength(0)
    const free = createPoster({ reach: 'anywhere' })
    expect(await free(`http://127.0.0.1:${port}`, '{}', options)).toEqual({ status: 202 })
  }))

test('a redirect is an answer like any other', () =>
  withServer(
    async (port, seen) => {
      const post = createPoster({ reach: 'anywhere' })
      expect(await post(`http://127.0.0.1:${port}`, '{}', options)).toEqual({ status: 307 })
      expect(seen).toHaveLength(1)
    },
    () => new Response(null, { status: 307, headers: { location: '/again' } }),
  ))

test('nobody there, nothing resolved, no http, and a caller who gave up are told apart', async () => {
  const post = createPoster({ reach: 'anywhere', resolve: async () => [] })
  expect(await post('http://127.0.0.1:1', '{}', options)).toEqual({ fault: 'unreachable' })
  expect(await post('http://nobody.example.test', '{}', options)).toEqual({ fault: 'unreachable' })
  expect(await post('file:///etc/passwd', '{}', options)).toEqual({ fault: 'not-allowed' })
  const signal = AbortSignal.abort()
  expect(await post('http://127.0.0.1:1', '{}', { ...options, signal })).toEqual({ fault: 'aborted' })
})

test('the time limit holds for the name too', async () => {
  const post = createPoster({ reach: 'anywhere', resolve: () => new Promise(() => undefined) })
  expect(await post('http://slow.example.test', '{}', { ...options, timeoutMs: 20 })).toEqual({
    fault: 'timeout',
  })
})
