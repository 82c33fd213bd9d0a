import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AdminParts, adminApi, publicAdminPaths } from '../../src/admin/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import { startGateway, type TestGateway, testAdminToken, testKey } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
})

afterAll(() => gateway.stop())

/** What anybody may ask: DESIGN says a status word, and that something is there. */
const publicPaths = ['/livez', '/readyz', '/health', ...publicAdminPaths]

const adminRoutes = (): readonly { readonly method: string; readonly path: string }[] => {
  const parts = new Proxy({}, { get: () => () => undefined }) as AdminParts
  return adminApi(parts)
    .routes.filter((route) => route.method !== 'ALL')
    .map(({ method, path }) => ({ method, path: path.replaceAll(/:\w+/g, 'x') }))
}

const dataRoutes = (): readonly { readonly method: string; readonly path: string }[] =>
  Object.values(protocols).flatMap((protocol) =>
    protocol.endpoints.map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, 'x') })),
  )

const ask = (method: string, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.url + path, {
    method,
    headers,
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: '{}' }),
  })

describe('an anonymous caller', () => {
  test('is refused on every route that is not public', async () => {
    const routes = [...adminRoutes(), ...dataRoutes()].filter(({ path }) => !publicPaths.includes(path))
    expect(routes.length).toBeGreaterThan(30)
    for (const { method, path } of routes) {
      const response = await ask(method, path)
      expect([method, path, [400, 401].includes(response.status)]).toEqual([method, path, true])
      expect(response.headers.get('x-tollgate-error')).toMatch(/gateway_(key_missing|admin_token_invalid)/)
    }
  })

  test('gets one word from the public ones, and nothing of what lies behind', async () => {
    for (const path of ['/livez', '/readyz', '/health'])
      expect(await (await ask('GET', path)).json()).toEqual({ status: 'ok' })
    expect((await ask('HEAD', '/')).status).toBe(200)
    expect(await (await ask('GET', '/')).text()).not.toMatch(/\d+\.\d+\.\d+/)
  })
})

describe('the wrong token', () => {
  test('opens nothing: a virtual key is no admin token, and the reverse', async () => {
    for (const { method, path } of adminRoutes().filter((route) => !publicPaths.includes(route.path))) {
      const response = await ask(method, path, { authorization: `Bearer ${testKey}` })
      expect([method, path, response.status]).toEqual([method, path, 401])
    }
    const response = await ask('GET', '/v1beta/models', { 'x-goog-api-key': testAdminToken })
    expect(response.headers.get('x-tollgate-error')).toBe('gateway_key_invalid')
  })
})

describe('keys', () => {
  test('count at once when made, narrowed, disabled and revoked', async () => {
    const made = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({
        name: 'narrow',
        scopes: { models: ['loopback'], endpoints: null, providers: null },
      }),
    })) as { id: string; secret: string }
    expect(made.secret).toStartWith('tgw-sk-')
    const use = (model: string) =>
      fetch(`${gateway.url}/v1beta/models/${model}:countTokens`, {
        method: 'POST',
        headers: { 'x-goog-api-key': made.secret },
        body: '{"contents":[]}',
      })
    expect((await use('loopback')).status).toBe(200)
    expect((await use('loopback-agent')).headers.get('x-tollgate-error')).toBe('gateway_scope_denied')
    const list = await fetch(`${gateway.url}/v1beta/models`, { headers: { 'x-goog-api-key': made.secret } })
    expect(((await list.json()) as { models: readonly unknown[] }).models.length).toBe(1)

    await gateway.admin(`/keys/${made.id}`, { method: 'PATCH', body: '{"disabled":true}' })
    expect((await use('loopback')).headers.get('x-tollgate-error')).toBe('gateway_key_invalid')
    await gateway.admin(`/keys/${made.id}`, { method: 'PATCH', body: '{"disabled":false}' })
    expect((await use('loopback')).status).toBe(200)
    await gateway.admin(`/keys/${made.id}`, { method: 'DELETE' })
    expect((await use('loopback')).headers.get('x-tollgate-error')).toBe('gateway_key_invalid')
    expect(JSON.stringify(await gateway.admin('/keys'))).not.toContain(made.secret)
  })
})
