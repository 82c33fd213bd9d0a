import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startGateway, type TestGateway, waitFor } from '../support/gateway.ts'
import { type MailServer, mailText, startMailServer } from '../support/mail-server.ts'

let gateway: TestGateway
let mail: MailServer

beforeAll(async () => {
  mail = await startMailServer()
  gateway = await startGateway({
    config: [
      `smtp: { host: 127.0.0.1, port: ${mail.port}, from: gate@example.com, tls: off }`,
      'login: { url: "https://gate.example.com" }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await mail.stop()
})

interface Answer {
  readonly status: number
  readonly code: string | null
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, which the tests say.
  readonly body: any
  readonly headers: Headers
}

const read = async (response: Response): Promise<Answer> => {
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json')
  return {
    status: response.status,
    code: response.headers.get('x-tollgate-error'),
    body: isJson ? JSON.parse(text) : text,
    headers: response.headers,
  }
}

const api = async (
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> =>
  read(
    await fetch(`${gateway.url}/api/v1${path}`, {
      ...{ method, headers, redirect: 'manual' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )

const asAdmin = (method: string, path: string, body?: unknown): Promise<Answer> =>
  api(method, path, body, { authorization: `Bearer ${gateway.adminToken}` })

const asCli = (method: string, path: string, body?: unknown): Promise<Answer> =>
  api(method, path, body, {
    authorization: `Bearer ${readFileSync(join(gateway.dataDir, 'cli.token'), 'utf8').trim()}`,
  })

const tokenIn = (text: string): string => /token=(tgw-login-[0-9A-Za-z]{40})/.exec(text)?.[1] ?? 'none'

const linkFor = async (email: string, organisation?: string): Promise<string> => {
  const { body } = await asCli('POST', '/login/links', { email, ...(organisation ? { organisation } : {}) })
  return tokenIn(JSON.stringify(body))
}

/** Somebody at a browser of their own. */
interface Person {
  readonly id: string
  readonly cookie: string
  readonly csrf: string
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

const signIn = async (email: string, organisation?: string): Promise<Person> => {
  const entered = await api('POST', '/login/verify', { token: await linkFor(email, organisation) }, {})
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const csrf: string = entered.body.csrfToken
  return {
    ...{ id: entered.body.user.id, cookie, csrf },
    ask: (method, path, body, headers = {}) =>
      api(method, path, body, {
        cookie,
        ...(method === 'GET' ? {} : { 'x-tollgate-csrf': csrf }),
        ...headers,
      }),
  }
}

let count = 0
const create = async (role: string, more: object = {}): Promise<{ id: string; email: string }> => {
  count += 1
  const email = `person${count}@example.com`
  const made = await asAdmin('POST', '/users', { email, role, ...more })
  expect(made.status).toBe(201)
  return made.body
}

const use = async (secret: string): Promise<number> =>
  (
    await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
      body: '{"model":"loopback","messages":[{"role":"user","content":"hi"}]}',
    })
  ).status

describe('the first start', () => {
  test('makes a root admin, for whom the command line of this machine alone gets a link', async () => {
    const { body } = await asAdmin('GET', '/users?email=admin@local')
    expect(body.users).toMatchObject([{ role: 'owner', state: 'active', root: true }])
    const refused = await asAdmin('POST', '/login/links', { email: 'admin@local' })
    expect(refused).toMatchObject({ status: 403, code: 'gateway_permission_denied' })
    const given = await asCli('POST', '/login/links', { email: 'admin@local' })
    expect(given.body.links[0].link).toStartWith('https://gate.example.com/login?token=tgw-login-')
    const root = await signIn('admin@local')
    const me = await root.ask('GET', '/me')
    expect(me.body).toMatchObject({ type: 'user', role: 'owner', organisation: null, csrfToken: root.csrf })
    expect((await root.ask('GET', '/health')).status).toBe(200)
    expect((await root.ask('POST', '/login/links', { email: 'admin@local' })).status).toBe(403)
  })
})

describe('signing in by mail', () => {
  test('takes a link from a mail, which a scanner does not use up, and which works once', async () => {
    const { email } = await create('admin')
    const before = mail.mails.length
    expect((await api('POST', '/login', { email: email.toUpperCase() }, {})).status).toBe(202)
    const taken = await waitFor(() => mail.mails[before])
    expect(taken.to).toEqual([email])
    const text = mailText(taken)
    expect(text).toContain('https://gate.example.com/login?token=')
    const token = tokenIn(text)
    for (let look = 0; look < 3; look += 1) {
      const page = await fetch(`${gateway.url}/login?token=${token}`)
      expect(await page.text()).toContain(`value="${token}"`)
      expect(page.headers.get('set-cookie')).toBeNull()
      expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(page.headers.get('referrer-policy')).toBe('same-origin')
    }
    const form = { method: 'POST', body: new URLSearchParams({ token }), redirect: 'manual' } as const
    const entered = await fetch(`${gateway.url}/api/v1/login/verify`, {
      ...form,
      headers: { origin: gateway.url, 'sec-fetch-site': 'same-origin' },
    })
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/'])
    expect(entered.headers.get('set-cookie')).toMatch(
      /^tgw-session=tgw-session-[0-9A-Za-z]{40}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    )
    const again = await fetch(`${gateway.url}/api/v1/login/verify`, form)
    expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null])
    expect(await again.text()).toContain('Get another link')
  })

  test('answers the same for whoever is known and whoever is not, and mails the known only', async () => {
    const { email } = await create('member')
    const suspended = await create('member')
    await asAdmin('POST', `/users/${suspended.id}/suspend`)
    const before = mail.mails.length
    const answers = []
    for (const one of ['nobody@example.com', suspended.email, 'not an address', email]) {
      const { status, body, headers } = await api('POST', '/login', { email: one }, {})
      answers.push({ status, body, names: [...headers.keys()].sort() })
    }
    for (const one of answers) expect(one).toEqual(answers[0] ?? one)
    expect(answers[0]).toMatchObject({ status: 202, body: { accepted: true } })
    await waitFor(() => mail.mails[before])
    expect(mail.mails.slice(before).map(({ to }) => to)).toEqual([[email]])
    expect(gateway.log()).not.toContain(email)
    expect(gateway.log()).not.toContain('tgw-login-')
  })

  test('ends after too many questions for one address, known or not', async () => {
    for (const email of ['flood@example.com', (await create('member')).email]) {
      const statuses = []
      for (let attempt = 0; attempt < 7; attempt += 1)
        statuses.push((await api('POST', '/login', { email }, {})).status)
      expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 429])
      const refused = await api('POST', '/login', { email }, {})
      expect(refused.code).toBe('gateway_login_limited')
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
    }
  })

  test('is not begun for somebody by a page of another site', async () => {
    const { email } = await create('member')
    const token = await linkFor(email)
    const forged = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of forged)
      expect((await api('POST', '/login/verify', { token }, headers)).code).toBe('gateway_csrf_denied')
    const entered = await api('POST', '/login/verify', { token }, { origin: 'https://gate.example.com' })
    expect(entered.status).toBe(200)
  })

  test('tells somebody who is invited, without a link that would open anything', async () => {
    const before = mail.mails.length
    const { id, email } = await create('viewer', { state: 'invited' })
    const taken = await waitFor(() => mail.mails[before])
    expect(taken.to).toEqual([email])
    expect(mailText(taken)).toContain('https://gate.example.com/login')
    expect(tokenIn(mailText(taken))).toBe('none')
    await signIn(email)
    expect((await asAdmin('GET', `/users/${id}`)).body.state).toBe('active')
  })

  test('shows nothing of what is put into the address of the page', async () => {
    const page = await fetch(
      `${gateway.url}/login?token=${encodeURIComponent('"><script>alert(1)</script>')}`,
    )
    expect(await page.text()).not.toContain('alert(1)')
  })
})

describe('a session', () => {
  test('changes nothing without its token, and nothing from another site', async () => {
    const person = await signIn((await create('admin')).email)
    const make = (headers: Record<string, string>) => person.ask('POST', '/teams', { name: 'x' }, headers)
    expect((await make({ 'x-tollgate-csrf': '' })).code).toBe('gateway_csrf_denied')
    expect((await make({ origin: 'https://evil.example' })).code).toBe('gateway_csrf_denied')
    expect((await make({ 'sec-fetch-site': 'same-site' })).code).toBe('gateway_csrf_denied')
    expect((await make({ origin: gateway.url, 'sec-fetch-site': 'same-origin' })).status).toBe(201)
    expect((await person.ask('GET', '/users')).status).toBe(200)
  })

  test('is seen and ended by its owner, and by whoever administrates the owner', async () => {
    const { email } = await create('member')
    const [first, second] = [await signIn(email), await signIn(email)]
    const { body } = await first.ask('GET', '/sessions')
    expect(body.sessions.map(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toEqual([false, true])
    expect(JSON.stringify(body)).not.toContain('tgw-session-')
    const stranger = await signIn((await create('member')).email)
    const named = `/sessions/${body.sessions[0].id}`
    expect((await stranger.ask('DELETE', named)).status).toBe(404)
    expect((await stranger.ask('GET', `/sessions?user=${first.id}`)).status).toBe(403)
    expect((await first.ask('DELETE', named)).status).toBe(200)
    expect((await second.ask('GET', '/me')).code).toBe('gateway_session_invalid')
    const admin = await signIn((await create('admin')).email)
    expect((await admin.ask('GET', `/sessions?user=${first.id}`)).body.sessions.length).toBe(1)
    expect((await admin.ask('DELETE', `/sessions?user=${first.id}`)).body).toEqual({ revoked: 1 })
    expect((await first.ask('GET', '/me')).code).toBe('gateway_session_invalid')
    const out = await admin.ask('DELETE', '/sessions/current')
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0')
    expect((await admin.ask('GET', '/me')).status).toBe(401)
  })

  test('of an owner is not ended by an admin', async () => {
    const owner = await signIn((await create('owner')).email)
    const admin = await signIn((await create('admin')).email)
    const { body } = await admin.ask('GET', '/sessions?all=true')
    const theirs = body.sessions.find(({ user }: { user: string }) => user === owner.id)
    expect((await admin.ask('DELETE', `/sessions/${theirs.id}`)).status).toBe(403)
    expect((await admin.ask('DELETE', `/sessions?user=${owner.id}`)).status).toBe(403)
    expect((await owner.ask('GET', '/me')).status).toBe(200)
  })

  test('and the keys end at once when their user is suspended or deleted', async () => {
    const { id, email } = await create('member')
    const person = await signIn(email)
    const { body: key } = await person.ask('POST', '/keys', { name: 'mine' })
    expect(key).toMatchObject({ user: id, organisation: 'org_default' })
    expect(await use(key.secret)).toBe(200)
    await asAdmin('POST', `/users/${id}/suspend`)
    expect(await use(key.secret)).toBe(401)
    expect((await person.ask('GET', '/me')).status).toBe(401)
    await asAdmin('POST', `/users/${id}/activate`)
    expect(await use(key.secret)).toBe(200)
    expect((await person.ask('GET', '/me')).status).toBe(401)
    const again = await signIn(email)
    const removed = await asAdmin('DELETE', `/users/${id}`)
    expect(removed.body).toMatchObject({ state: 'deleted', revokedKeys: [key.id] })
    expect(await use(key.secret)).toBe(401)
    expect((await again.ask('GET', '/me')).status).toBe(401)
  })
})

describe('a member', () => {
  test('sees and makes own keys only, and sees own usage only', async () => {
    const [one, two] = [await create('member'), await create('member')]
    const [mine, theirs] = [await signIn(one.email), await signIn(two.email)]
    const { body: own } = await mine.ask('POST', '/keys', { name: 'own' })
    const { body: foreign } = await theirs.ask('POST', '/keys', { name: 'foreign' })
    expect(await use(own.secret)).toBe(200)
    expect(await use(foreign.secret)).toBe(200)
    expect((await mine.ask('GET', '/keys')).body.keys.map(({ id }: { id: string }) => id)).toEqual([own.id])
    for (const [method, path, body] of [
      ['GET', `/keys/${foreign.id}`, undefined],
      ['PATCH', `/keys/${foreign.id}`, { name: 'x' }],
      ['DELETE', `/keys/${foreign.id}`, undefined],
      ['POST', `/keys/${foreign.id}/rotate`, {}],
    ] as const)
      expect([path, (await mine.ask(method, path, body)).status]).toEqual([path, 404])
    const other = await mine.ask('POST', '/keys', { name: 'x', user: theirs.id })
    expect(other.code).toBe('gateway_permission_denied')
    for (const change of [{ expiresAt: null }, { disabled: false }, { options: { unbounded: 'admit' } }])
      expect((await mine.ask('PATCH', `/keys/${own.id}`, change)).code).toBe('gateway_permission_denied')
    const unbounded = await mine.ask('POST', '/keys', { name: 'x', options: { unbounded: 'admit' } })
    expect(unbounded.code).toBe('gateway_permission_denied')
    expect((await mine.ask('PATCH', `/keys/${own.id}`, { name: 'renamed' })).status).toBe(200)

    const { body: page } = await waitFor(async () => {
      const answer = await mine.ask('GET', '/entries')
      return answer.body.entries.length > 0 ? answer : undefined
    })
    expect(page.entries.map(({ tenant }: { tenant: { key: string } }) => tenant.key)).toEqual([own.id])
    expect((await mine.ask('GET', `/entries?user=${theirs.id}`)).body.entries).toEqual([])
    expect((await mine.ask('GET', '/usage?by=user')).body).toMatchObject({ total: { requests: 1 } })
    expect((await mine.ask('GET', `/usage?key=${foreign.id}`)).body.total.requests).toBe(0)
    const all = await asAdmin('GET', `/entries?key=${foreign.id}`)
    const { exchange } = all.body.entries[0]
    expect((await mine.ask('GET', `/entries/${exchange}`)).status).toBe(404)
    expect((await theirs.ask('GET', `/entries/${exchange}`)).status).toBe(200)
    expect((await mine.ask('GET', '/entries/running')).body.entries).toEqual([])
    expect((await mine.ask('GET', '/users')).status).toBe(403)
  })
})

describe('the owner of another organisation', () => {
  test('sees and changes nothing here', async () => {
    const { body: other } = await asAdmin('POST', '/organisations', { name: 'other' })
    const there = await create('owner', { organisation: other.id })
    const stranger = await signIn(there.email)
    const { body: team } = await asAdmin('POST', '/teams', { name: 'ours' })
    const user = await create('member', { team: team.id })
    const person = await signIn(user.email)
    const { body: key } = await asAdmin('POST', '/keys', { name: 'ours', user: user.id })
    expect(await use(key.secret)).toBe(200)
    const { exchange } = await waitFor(
      async () => (await asAdmin('GET', `/entries?key=${key.id}`)).body.entries[0],
    )
    const { body: sessions } = await asAdmin('GET', `/sessions?user=${person.id}`)

    for (const [method, path, body] of [
      ['GET', `/users/${user.id}`],
      ['PATCH', `/users/${user.id}`, { name: 'x' }],
      ['DELETE', `/users/${user.id}`],
      ['POST', `/users/${user.id}/suspend`],
      ['POST', `/users/${user.id}/activate`],
      ['POST', '/users', { email: 'x@example.com', organisation: 'org_default' }],
      ['POST', '/users', { email: 'x@example.com', team: team.id }],
      ['POST', '/users/import', { csv: 'x@example.com', organisation: 'org_default' }],
      ['POST', '/users/import', { csv: 'x@example.com', team: team.id }],
      ['GET', '/users/export?organisation=org_default'],
      ['GET', '/teams?organisation=org_default'],
      ['POST', '/teams', { name: 'x', organisation: 'org_default' }],
      ['DELETE', `/teams/${team.id}`],
      ['GET', `/sessions?user=${user.id}`],
      ['DELETE', `/sessions?user=${user.id}`],
      ['DELETE', `/sessions/${sessions.sessions[0].id}`],
      ['GET', `/keys/${key.id}`],
      ['PATCH', `/keys/${key.id}`, { name: 'x' }],
      ['DELETE', `/keys/${key.id}`],
      ['POST', `/keys/${key.id}/rotate`, {}],
      ['POST', '/keys', { name: 'x', user: user.id }],
      ['POST', '/keys', { name: 'x', team: team.id }],
      ['GET', `/entries/${exchange}`],
    ] as const) {
      const { status } = await stranger.ask(method, path, body)
      expect([method, path, status]).toEqual([method, path, 404])
    }
    const planted = await stranger.ask('POST', '/keys', { name: 'x', organisation: 'org_default' })
    expect(planted.status).toBe(403)

    const ids = async (path: string, name: string) =>
      (await stranger.ask('GET', path)).body[name].map(({ id }: { id: string }) => id)
    expect(await ids('/organisations', 'organisations')).toEqual([other.id])
    expect(await ids('/users', 'users')).toEqual([there.id])
    expect(await ids('/users?organisation=org_default', 'users')).toEqual([])
    expect(await ids('/teams', 'teams')).toEqual([])
    expect(await ids('/keys', 'keys')).toEqual([])
    expect((await stranger.ask('GET', '/sessions?all=true')).body.sessions.length).toBe(1)
    expect((await stranger.ask('GET', '/entries')).body.entries).toEqual([])
    expect((await stranger.ask('GET', '/entries?organisation=org_default')).body.entries).toEqual([])
    expect((await stranger.ask('GET', '/usage?organisation=org_default')).body.total.requests).toBe(0)
    expect((await stranger.ask('GET', `/usage?key=${key.id}`)).body.total.requests).toBe(0)
    const csv = (await stranger.ask('GET', '/users/export')).body
    expect(csv.split('\r\n').length).toBe(3)

    // All of it is still as it was.
    expect((await asAdmin('GET', `/users/${user.id}`)).body).toMatchObject({ state: 'active', team: team.id })
    expect(await use(key.secret)).toBe(200)
    expect((await person.ask('GET', '/me')).status).toBe(200)

    // At home the same owner may.
    const { body: own } = await stranger.ask('POST', '/teams', { name: 'theirs' })
    expect(own.organisation).toBe(other.id)
    const { body: made } = await stranger.ask('POST', '/keys', { name: 'service' })
    expect(made).toMatchObject({ organisation: other.id, user: null })
    expect(await use(made.secret)).toBe(200)
  })
})

describe('behind a proxy that is trusted and says HTTPS', () => {
  test('the cookie is secure, bound to the host, and the one for plain HTTP is none', async () => {
    const proxied = await startGateway({ listen: '{ port: 0, trusted_proxies: [127.0.0.1] }' })
    try {
      const token = readFileSync(join(proxied.dataDir, 'cli.token'), 'utf8').trim()
      const links = await fetch(`${proxied.url}/api/v1/login/links`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: '{"email":"admin@local"}',
      })
      const https = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.9' }
      const entered = await fetch(`${proxied.url}/api/v1/login/verify`, {
        method: 'POST',
        headers: https,
        body: JSON.stringify({ token: tokenIn(await links.text()) }),
      })
      const cookie = entered.headers.get('set-cookie') ?? ''
      expect(cookie).toMatch(
        /^__Host-tgw-session=tgw-session-\w+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/,
      )
      expect(await entered.json()).toMatchObject({ session: { address: '192.0.2.9' } })
      const [named = ''] = cookie.split(';')
      const me = async (headers: Record<string, string>) =>
        (await fetch(`${proxied.url}/api/v1/me`, { headers })).status
      expect(await me({ cookie: named, ...https })).toBe(200)
      expect(await me({ cookie: named })).toBe(401)
      expect(await me({ cookie: named.replace('__Host-', ''), ...https })).toBe(401)
    } finally {
      await proxied.stop()
    }
  }, 60_000)
})
