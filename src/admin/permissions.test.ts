import { describe, expect, test } from 'bun:test'
import { mayDo, type Role, roles, type User } from '../accounts/index.ts'
import { adminApi, publicAdminPaths } from './admin-api.ts'
import type { AdminParts } from './admin-parts.ts'
import { type Demand, demandOf } from './permit.ts'
import { csrfHeader } from './same-origin.ts'

const sessionToken = `tgw-session-${'x'.repeat(40)}`
const reached = 'the handler was reached'

/** Parts of which nothing works but signing in: what gets past the doors fails, and says so. */
const partsFor = (user: User): AdminParts => {
  const known: Record<string, unknown> = {
    tokens: { find: () => undefined },
    login: { url: () => undefined },
    auditLog: { append: async () => undefined },
    now: () => 0,
    onChange: async () => undefined,
    logins: {
      authenticate: async () => ({ user, session: { id: 'session_1', organisation: user.organisation } }),
      csrfToken: () => 'forgery',
    },
  }
  const unreachable = (): never => {
    throw new Error(reached)
  }
  const part = new Proxy(unreachable, { get: () => unreachable, apply: unreachable })
  return new Proxy({}, { get: (_, name) => known[String(name)] ?? part }) as AdminParts
}

const userWith = (role: Role, more: Partial<User> = {}): User => ({
  ...{ id: 'user_1', organisation: 'org_other', team: null, name: 'Ada', email: 'ada@example.com' },
  ...{ role, state: 'active', root: false, createdAt: 1, updatedAt: 1, lastLoginAt: null, deletedAt: null },
  ...more,
})

interface Route {
  readonly method: string
  readonly path: string
  readonly demand: Demand | undefined
}

/** Each route once, with what its `permit` asks for. */
const routes = (): readonly Route[] => {
  const found = new Map<string, Route>()
  for (const { method, path, handler } of adminApi(partsFor(userWith('owner'))).routes) {
    if (method === 'ALL') continue
    const key = `${method} ${path}`
    found.set(key, { method, path, demand: found.get(key)?.demand ?? demandOf(handler) })
  }
  return [...found.values()].filter(({ path }) => path !== '/metrics' && !publicAdminPaths.includes(path))
}

const ask = async (user: User, { method, path }: Route, headers: Record<string, string> = {}) => {
  const response = await adminApi(partsFor(user)).request(
    `http://localhost${path.replaceAll(/:\w+/g, 'key_1')}`,
    {
      method,
      headers: { cookie: `tgw-session=${sessionToken}`, [csrfHeader]: 'forgery', ...headers },
      ...(method === 'GET' ? {} : { body: '{}' }),
    },
  )
  return { status: response.status, code: response.headers.get('x-tollgate-error') }
}

/** These ask for the command line's token as well. */
const commandLineOnly: ReadonlySet<string> = new Set(['/api/v1/login/links', '/api/v1/vault/rotate'])

const denied = { status: 403, code: 'gateway_permission_denied' }

describe('every route of the admin API', () => {
  test('names the permission that it needs', () => {
    expect(routes().length).toBeGreaterThan(40)
    expect(routes().filter(({ demand }) => demand === undefined)).toEqual([])
  })

  test('refuses each role that does not have it, and nobody who has it', async () => {
    let refused = 0
    for (const route of routes()) {
      for (const role of roles) {
        const permission = route.demand?.permission ?? 'config:write'
        // Who may see all organisations: nothing but the permission stands in the way.
        const answer = await ask(userWith(role, { root: true }), route)
        const told = { role, method: route.method, path: route.path, ...answer }
        if (mayDo(role, permission)) {
          if (!commandLineOnly.has(route.path)) expect(told.code).not.toBe('gateway_permission_denied')
          expect(told.status).not.toBe(401)
        } else {
          expect(told).toEqual({ role, method: route.method, path: route.path, ...denied })
          refused += 1
        }
      }
    }
    expect(refused).toBeGreaterThan(60)
  })

  test('refuses the owner of one organisation where it is about the whole server', async () => {
    const whole = routes().filter(({ demand }) => demand?.reach === 'whole-server')
    const names = whole.map(({ method, path }) => `${method} ${path.replace('/api/v1', '')}`)
    expect(names).toEqual(
      expect.arrayContaining([
        ...['GET /audit', 'GET /config', 'GET /health', 'GET /routes', 'GET /routes/explain'],
        ...['GET /shadow/report', 'POST /config/reload', 'POST /login/links', 'POST /organisations'],
      ]),
    )
    for (const route of whole) {
      expect({ ...route, ...(await ask(userWith('owner'), route)) }).toEqual({ ...route, ...denied })
      const { code } = await ask(userWith('owner', { root: true }), route)
      if (!commandLineOnly.has(route.path)) expect(code).not.toBe('gateway_permission_denied')
    }
  })

  test('refuses a change that a page of another site, or one without the token, asks for', async () => {
    const changing = routes().filter(({ method }) => method !== 'GET')
    expect(changing.length).toBeGreaterThan(15)
    const forged: readonly Record<string, string>[] = [
      { [csrfHeader]: '' },
      { [csrfHeader]: 'forgerx' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'https://localhost', host: 'localhost' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
    ]
    for (const route of changing) {
      for (const headers of forged)
        expect(await ask(userWith('owner', { root: true }), route, headers)).toEqual({
          ...{ status: 403, code: 'gateway_csrf_denied' },
        })
      const own = { origin: 'http://localhost', host: 'localhost', 'sec-fetch-site': 'same-origin' }
      const { code } = await ask(userWith('owner', { root: true }), route, own)
      expect(code).not.toBe('gateway_csrf_denied')
    }
  })
})
