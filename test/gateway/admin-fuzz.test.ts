/**
 * The admin API under everything that somebody might send it: every route of its table, with wrong types, huge values,
 * ids of others, broken JSON, tricks with paths. Bounded and the same in every run; a failure names its request.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicAdminPaths } from '../../src/admin/index.ts'
import { errorTable } from '../../src/errors.ts'
import { seeded } from '../compatibility/seeded.ts'
import {
  type AdminRoutePattern,
  adminRoutes,
  type FuzzCase,
  type FuzzMemory,
  fuzzCase,
  learn,
  newMemory,
} from '../support/admin-fuzz.ts'
import { describeDatabases } from '../support/databases.ts'
import { startGateway, type TestGateway, testAdminToken, testKey } from '../support/gateway.ts'
import { rawRequest } from '../support/raw-request.ts'

/** Requests to each route; TGW_FUZZ_CASES=200 looks harder. */
const casesOfRoute = Number(process.env['TGW_FUZZ_CASES'] ?? 14)

/** What nobody may ever read: planted in configuration, environment and vault. */
const planted = {
  providerKey: 'fuzz-canary-provider-1111',
  header: 'fuzz-canary-header-2222',
  sealed: 'fuzz-canary-sealed-3333',
  metrics: 'fuzz-canary-metrics-4444',
  adminToken: testAdminToken,
  virtualKey: testKey,
}

type Credential = Readonly<Record<string, string>>

/** Who asks, and what of others it must never be shown. */
interface FuzzActor {
  readonly name: string
  /** The headers that let it in: again whenever it has ended its own session. */
  readonly enter: (gateway: TestGateway) => Promise<Credential>
  readonly hidden: readonly string[]
  /** Paths that somebody else tries: sessions are few, and so are attempts to sign in. */
  readonly avoids: RegExp
}

const adminCredential: Credential = { authorization: `Bearer ${testAdminToken}` }

/** Names of what the default organisation has. */
const others = {
  key: 'fuzz-other-key-5555',
  team: 'fuzz-other-team-6666',
  email: 'fuzz-other-7777@example.com',
  model: 'fuzz-other-model-8888',
}

/**
 * A session by the link that the server's own command line makes: somebody new each time, for people may end, suspend
 * and delete themselves, and each can sign in only so often.
 */
const enterAsStranger = async (gateway: TestGateway): Promise<Credential> => {
  const email = `stranger-${crypto.randomUUID()}@example.com`
  const { organisations } = (await gateway.admin('/organisations')) as {
    organisations: readonly { id: string; name: string }[]
  }
  const organisation = organisations.find(({ name }) => name === 'strangers')?.id
  const user = { email, role: 'owner', organisation }
  await gateway.admin('/users', { method: 'POST', body: JSON.stringify(user) })
  const call = async (path: string, body: unknown, headers: Credential) =>
    fetch(`${gateway.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const cli = readFileSync(join(gateway.dataDir, 'cli.token'), 'utf8').trim()
  const made = await call('/login/links', { email }, { authorization: `Bearer ${cli}` })
  const { links } = (await made.json()) as { links: readonly { link: string }[] }
  const token = new URL(links[0]?.link ?? '').searchParams.get('token')
  const entered = await call('/login/verify', { token }, {})
  if (!entered.ok) throw new Error(`no session: ${await entered.text()}`)
  const { csrfToken } = (await entered.json()) as { csrfToken: string }
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  return { cookie, 'x-tollgate-csrf': csrfToken }
}

/** Nothing is another's for the operator's own token. */
const actors: readonly FuzzActor[] = [
  {
    name: 'an owner of another organisation',
    enter: enterAsStranger,
    hidden: Object.values(others),
    avoids: /login|sessions/,
  },
  { name: 'the admin token', enter: async () => adminCredential, hidden: [], avoids: /^$/ },
]

describeDatabases('the admin API', ({ createUrl }) => {
  let gateway: TestGateway
  let dataDir: string
  /** Secrets that were issued on the way: each may be shown once, by the request that made it. */
  const issued = new Set<string>()

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tollgate-fuzz-'))
    gateway = await startGateway({
      dataDir,
      config: [
        'telemetry: { log: { level: debug }, metrics: { token: fuzz-canary-metrics-4444 } }',
        'providers:',
        `  up: { kind: openai-compatible, base_url: "http://127.0.0.1:9/v1", api_key: ${planted.providerKey}, headers: { x-own: ${planted.header} }, models: ["m-*"] }`,
        'routes: [{ match: "m-*", targets: [up] }]',
        'prices: [{ match: "m-*", input_per_mtok: 1, output_per_mtok: 2 }]',
        'budgets: [{ level: global, limit_usd: "100.00" }]',
      ],
      env: { TGW_DATABASE_URL: await createUrl() },
    })
    await gateway.admin('/credentials', {
      method: 'POST',
      body: JSON.stringify({
        provider: 'up',
        label: 'planted',
        secret: planted.sealed,
        origin: 'http://127.0.0.1:9',
      }),
    })
    const make = async (path: string, body: object) =>
      gateway.admin(path, { method: 'POST', body: JSON.stringify(body) }) as Promise<{ id: string }>
    await make('/organisations', { name: 'strangers' })
    const { id: team } = await make('/teams', { name: others.team })
    await make('/users', { email: others.email, role: 'member', team })
    await make('/keys', { name: others.key, team })
    await make('/budgets', { level: 'team', match: others.team, limitUsd: '5', period: 'day' })
    for (const model of ['loopback', 'm-1', 'nobody-knows', others.model]) {
      await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${testKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
      })
    }
  }, 120_000)

  afterAll(async () => {
    await gateway.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const send = async (
    one: FuzzCase,
    credential: Credential,
  ): Promise<{ status: number; headers: Headers; text: string }> => {
    const response = await fetch(gateway.url + one.path, {
      method: one.method,
      redirect: 'manual',
      headers: {
        ...credential,
        ...(one.contentType === undefined ? {} : { 'content-type': one.contentType }),
      },
      ...(one.body === undefined ? {} : { body: one.body }),
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  const shown = (one: FuzzCase): string =>
    `${one.method} ${one.path.slice(0, 300)} ${one.contentType ?? '-'} ${String(one.body ?? '').slice(0, 300)}`

  /** Everything that must hold for any answer. Returns what is wrong with it. */
  const faultsOf = (
    one: FuzzCase,
    { status, headers, text }: { readonly status: number; readonly headers: Headers; readonly text: string },
    hidden: readonly string[],
  ): readonly string[] => {
    const faults: string[] = []
    if (status >= 500 || status < 200) faults.push(`status ${status}`)
    for (const [name, secret] of Object.entries(planted))
      if (text.includes(secret)) faults.push(`shows ${name}`)
    for (const secret of issued)
      if (text.includes(secret)) faults.push('shows a secret that was issued before')
    for (const other of hidden) if (text.includes(other)) faults.push('shows what is another organisation’s')
    if (status >= 400 && one.method !== 'HEAD') {
      const error = errorOf(text)
      // Pages for people, who came by a link or a form.
      const isPage = one.path.includes('/login') && headers.get('content-type')?.startsWith('text/html')
      if (isPage === true) return faults
      if (error === undefined || !Object.hasOwn(errorTable, error.code))
        faults.push(`has no error of ours: ${text.slice(0, 200)}`)
      else if (inside.test(error.message)) faults.push('shows its inside')
      else if (error.message.length > 3_000) faults.push('repeats what it was sent at length')
      if (headers.get('x-tollgate-error') === null) faults.push('has no x-tollgate-error')
    }
    return faults
  }

  const remember = (memory: FuzzMemory, text: string): void => {
    const parsed = parse(text)
    learn(memory, parsed)
    const secret =
      typeof parsed === 'object' && parsed !== null && 'secret' in parsed ? parsed.secret : undefined
    if (typeof secret === 'string') issued.add(secret)
  }

  /** One request of each kind that reads, so that there are ids to play with. */
  const lookAround = async (memory: FuzzMemory): Promise<void> => {
    for (const { method, path } of adminRoutes()) {
      if (method !== 'GET' || path.includes(':') || path === '/metrics') continue
      const answer = await send({ method, path, contentType: undefined, body: undefined }, adminCredential)
      if (answer.status === 200) remember(memory, answer.text)
    }
  }

  for (const actor of actors) {
    test(`bears whatever ${actor.name} sends to any of its routes`, async () => {
      const routes = adminRoutes().filter(({ path }) => !actor.avoids.test(path))
      expect(routes.length).toBeGreaterThan(20)
      const memory = newMemory()
      // What the operator sees, others may guess.
      await lookAround(memory)
      let credential = await actor.enter(gateway)
      expect(memory.ids.length).toBeGreaterThan(3)
      const random = seeded(`admin ${actor.name} ${process.env['TGW_FUZZ_SEED'] ?? ''}`)
      const faults: string[] = []
      const statuses = new Map<number, number>()
      const succeeded = new Set<AdminRoutePattern>()
      for (let round = 0; round < casesOfRoute; round += 1) {
        for (const route of routes) {
          const one = fuzzCase(route, random, memory)
          let answer = await send(one, credential)
          // A wrong link is refused as well, whoever tries it, and metrics have a token of their own.
          const takesSessions = one.path.startsWith('/api/') && !one.path.includes('/login')
          if (answer.status === 401 && takesSessions) {
            credential = await actor.enter(gateway)
            answer = await send(one, credential)
          }
          faults.push(...faultsOf(one, answer, actor.hidden).map((fault) => `${fault}: ${shown(one)}`))
          if (takesSessions) statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
          if (answer.status < 300) succeeded.add(route)
          if (answer.headers.get('content-type')?.includes('json') === true) remember(memory, answer.text)
        }
      }
      expect(faults).toEqual([])
      // A fuzzer that is refused at the door proves nothing.
      expect(succeeded.size).toBeGreaterThan(routes.length / 3)
      expect(statuses.get(400) ?? 0).toBeGreaterThan(100)
      expect(statuses.has(401)).toBe(false)
    }, 300_000)
  }

  test('lets nobody in who has no token, whatever they send', async () => {
    const random = seeded('nobody')
    const memory = newMemory()
    const wrong = [
      undefined,
      '',
      'x',
      testKey,
      `${testAdminToken}x`,
      testAdminToken.slice(0, -1),
      'a'.repeat(5_000),
    ]
    const faults: string[] = []
    for (const route of adminRoutes().filter(({ path }) => !publicAdminPaths.includes(path))) {
      for (const token of wrong) {
        const { body, ...rest } = fuzzCase(route, random, memory)
        const one = { ...rest, method: route.method, body: route.method === 'GET' ? undefined : body }
        const answer = await send(one, token === undefined ? {} : { authorization: `Bearer ${token}` })
        faults.push(...faultsOf(one, answer, []).map((fault) => `${fault}: ${shown(one)}`))
        if (answer.status !== 401) faults.push(`status ${answer.status}: ${shown(one)}`)
      }
    }
    expect(faults).toEqual([])
  }, 120_000)

  test('is not led astray by paths', async () => {
    const faults: string[] = []
    for (const path of trickyPaths) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await rawRequest(
          gateway.url,
          `${method} ${path} HTTP/1.1\r\nauthorization: Bearer ${testAdminToken}`,
        )
        // A path that is no path is refused below our code, without a word.
        if (answer.status >= 500 || answer.status === 0)
          faults.push(`${answer.status}: ${method} ${path.slice(0, 100)}`)
        for (const secret of Object.values(planted)) {
          if (answer.text.includes(secret)) faults.push(`shows a secret: ${method} ${path.slice(0, 100)}`)
        }
        const anonymous = await rawRequest(gateway.url, `${method} ${path} HTTP/1.1`)
        if (anonymous.status < 400)
          faults.push(`${anonymous.status} for nobody: ${method} ${path.slice(0, 100)}`)
      }
    }
    expect(faults).toEqual([])
  }, 120_000)

  test('still serves afterwards, and neither logs nor files hold a secret', async () => {
    expect(await gateway.admin('/health')).toMatchObject({ status: 'ok' })
    const answer = await fetch(`${gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${testKey}` },
    })
    // The fuzzer may have revoked or narrowed the key: the gateway says so, and nothing else.
    expect([200, 401, 403]).toContain(answer.status)
    const written = [gateway.log(), ...logsIn(join(dataDir, 'logs'))].join('\n')
    expect(written).not.toMatch(/gateway_internal|outside the pipeline|UnhandledPromise/)
    const secrets = [...Object.values(planted), ...issued]
    expect(secrets.filter((secret) => written.includes(secret))).toEqual([])
  })
})

/** Places in the code, and words of databases and sockets. */
const inside = /node_modules|\bsrc\/\w+\/|SQLITE_|\bat \w+ \(|ECONN|postgres:\/\/|syntax error at|violates/

const trickyPaths: readonly string[] = [
  '/api/v1/../v1/keys',
  '/api/v1/%2e%2e/keys',
  '/api/v1//keys',
  '//api/v1/keys',
  '/api/v1/keys/',
  '/api/v1/keys/..',
  '/api/v1/keys/%2e%2e%2fcredentials',
  '/api/v1/keys/%00',
  '/api/v1/keys/%ff%fe',
  '/api/v1/keys/%',
  '/api/v1/keys/%zz',
  '/api/v1/keys/a%2fb%2fc',
  '/api/v1/keys;x=1',
  '/api/v1/keys%3flimit=1',
  '/API/V1/keys',
  '/api/v1/keys?limit=%ff',
  '/api/v1/keys?limit=1&limit=x&limit',
  '/api/v1/keys?=&&&',
  '/api/v1/usage?%00=%00',
  '/api/v1/entries?cursor=%ff%00',
  `/api/v1/keys/${'a'.repeat(8_000)}`,
  `/api/v1/keys?${'a=1&'.repeat(2_000)}`,
  '/api/v1/keys/\u00e4',
  '/api/v1/',
  '/api/v1',
  '/api/',
  '/api/v2/keys',
  '/metrics/',
  '/metrics/../api/v1/keys',
]

const logsIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'utf8'))
  } catch {
    return []
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const errorOf = (text: string): { readonly code: string; readonly message: string } | undefined => {
  const value = parse(text)
  const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error))
    return undefined
  return typeof error.code === 'string' && typeof error.message === 'string'
    ? { code: error.code, message: error.message }
    : undefined
}
