import { afterAll, describe, expect, test } from 'bun:test'
import { Secret } from './accounts/index.ts'
import { azureOpenai, httpProvider, type Provider, recipes } from './providers/index.ts'
import { testCredential } from './test-credential.ts'

let answer: (request: Request) => Response | Promise<Response> = () => new Response()
const asked: { readonly method: string; readonly url: string; readonly headers: Headers }[] = []
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request) {
    // Bun forgets a request once it is answered.
    asked.push({ method: request.method, url: request.url, headers: new Headers(request.headers) })
    return answer(request)
  },
})
afterAll(() => server.stop(true))
const origin = `http://127.0.0.1:${server.port}`
const secret = new Secret('sk-tested-0123456789')

const provider = (kind: string, path = ''): Provider => {
  const recipe = recipes.find((one) => one.kind === kind)
  if (recipe === undefined) throw new Error(`no recipe ${kind}`)
  return httpProvider(recipe, { id: 'up', baseUrl: `${origin}${path}`, listed: [] })
}

describe('a credential is tested', () => {
  test.each([
    ['openai', '/v1', '/v1/models', 'authorization', 'Bearer sk-tested-0123456789'],
    ['anthropic', '', '/v1/models', 'x-api-key', 'sk-tested-0123456789'],
    ['google', '', '/v1beta/models?pageSize=1', 'x-goog-api-key', 'sk-tested-0123456789'],
    ['openrouter', '/api/v1', '/api/v1/key', 'authorization', 'Bearer sk-tested-0123456789'],
    ['groq', '/openai/v1', '/openai/v1/models', 'authorization', 'Bearer sk-tested-0123456789'],
  ])('at %s where its protocol lists models, or tells a key', async (kind, base, path, header, value) => {
    answer = () => Response.json({ data: [] })
    const test = await testCredential(provider(kind, base), secret, origin)
    expect(test).toEqual({ outcome: 'accepted', status: 200, message: 'up takes it' })
    const request = asked.at(-1)
    expect(request?.method).toBe('GET')
    expect(request?.url).toBe(`${origin}${path}`)
    expect(request?.headers.get(header)).toBe(value)
    expect(request?.headers.get('anthropic-version')).toBe(kind === 'anthropic' ? '2023-06-01' : null)
  })

  test('at the resource of Azure, which has one list for all deployments', async () => {
    const azure = azureOpenai({
      ...{ id: 'up', baseUrl: `${origin}/openai`, apiVersion: '2024-10-21', deployments: {}, listed: [] },
    })
    expect((await testCredential(azure, secret, origin)).outcome).toBe('accepted')
    expect(asked.at(-1)?.url).toBe(`${origin}/openai/v1/models?api-version=preview`)
    expect(asked.at(-1)?.headers.get('api-key')).toBe(secret.reveal())
  })

  test.each([
    [401, '', 'refused'],
    [402, '', 'refused'],
    [403, '', 'refused'],
    [400, '{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}', 'refused'],
    [400, '{}', 'unknown'],
    [404, '', 'unknown'],
    [429, '', 'unknown'],
    [301, '', 'unknown'],
    [500, '', 'unreachable'],
    [529, '', 'unreachable'],
  ])('and %i %s is %s', async (status, body, outcome) => {
    answer = () =>
      new Response(`${body} ${secret.reveal()}`, { status, headers: { location: `${origin}/elsewhere` } })
    const test = await testCredential(provider('google'), secret, origin)
    expect(test).toMatchObject({ outcome: outcome as typeof test.outcome, status })
    expect(test.message).not.toContain(secret.reveal())
    expect(asked.map(({ url }) => url)).not.toContain(`${origin}/elsewhere`)
  })

  test('and who does not answer is unreachable', async () => {
    const closed = httpProvider(recipes[0] ?? expect.unreachable(), {
      id: 'up',
      baseUrl: 'http://127.0.0.1:1/v1',
      listed: [],
    })
    const test = await testCredential(closed, secret, 'http://127.0.0.1:1')
    expect(test).toMatchObject({ outcome: 'unreachable', status: null })
    expect(test.message).toContain('up could not be asked')
  })

  test('an endless answer is not waited for', async () => {
    answer = () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new Uint8Array(5_000))
            await Bun.sleep(1)
          },
        }),
      )
    expect((await testCredential(provider('openai', '/v1'), secret, origin)).outcome).toBe('accepted')
  })

  test('at its own origin alone', async () => {
    const before = asked.length
    await expect(
      testCredential(provider('openai', '/v1'), secret, 'https://other.test'),
    ).rejects.toMatchObject({ code: 'gateway_request_invalid', param: 'origin' })
    expect(asked.length).toBe(before)
  })
})
