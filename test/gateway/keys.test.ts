import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { oneCall, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { type Seen, startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
let gateway: TestGateway
let folder = ''
/** The secrets that the provider takes. */
const taken = new Set<string>()

const secretIn = ({ headers }: Seen): string => headers['authorization']?.replace('Bearer ', '') ?? ''

const answer = (request: Seen): Response => {
  if (!taken.has(secretIn(request))) return Response.json({ error: { message: 'no' } }, { status: 401 })
  if (request.method === 'GET') return Response.json({ object: 'list', data: [] })
  const choice = { index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  return Response.json({ id: 'x', object: 'chat.completion', model: 'm', choices: [choice], usage })
}

const config = () => [
  ...oneCall,
  'providers:',
  `  up: { kind: openai-compatible, base_url: "${upstream.url}/v1", protocols: [openai-chat], models: [m] }`,
  ...['one', 'two', 'three'].map(
    (id) =>
      `  ${id}: { kind: openai-compatible, base_url: "${upstream.url}/v1", protocols: [openai-chat], api_key: key-of-${id}, models: [x-${id}] }`,
  ),
  'routes:',
  '  - { match: many, targets: [one, two, three] }',
]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-keys-'))
  upstream = startUpstream()
  upstream.answer = answer
  for (const id of ['one', 'two', 'three']) taken.add(`key-of-${id}`)
  gateway = await startGateway({
    dataDir: folder,
    listen: '{ port: 0, trusted_proxies: [127.0.0.1] }',
    config: config(),
  })
}, 60_000)

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  rmSync(folder, { recursive: true, force: true })
})

const send = async (path: string, body: object, method = 'POST'): Promise<Record<string, unknown>> =>
  (await gateway.admin(path, { method, body: JSON.stringify(body) })) as Record<string, unknown>

const makeKey = async (body: object) => {
  const { id, secret } = await send('/keys', { name: 'a', ...body })
  return { id: String(id), secret: String(secret) }
}

interface Answered {
  readonly status: number
  readonly error: string | null
  readonly provider: string | null
  readonly exchange: string
}

const ask = async (
  secret: string,
  headers: Readonly<Record<string, string>> = {},
  model = 'm',
  at = gateway,
): Promise<Answered> => {
  const response = await fetch(`${at.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  })
  await response.text()
  return {
    status: response.status,
    error: response.headers.get('x-tollgate-error'),
    provider: response.headers.get('x-tollgate-provider'),
    exchange: response.headers.get('x-tollgate-request-id') ?? '',
  }
}

describe('a key', () => {
  test('gives its exchanges its own tags and those that it may name, and they are in the ledger', async () => {
    const { secret } = await makeKey({
      options: { tags: ['ci', 'team:core'] },
      scopes: { tags: ['project-*', 'ci'] },
    })
    const tagsOf = async (header: Record<string, string>) => {
      const { exchange } = await ask(secret, header, 'many')
      const { entry } = (await gateway.admin(`/entries/${exchange}`)) as {
        entry: { tags: readonly string[] }
      }
      return entry.tags
    }
    expect(await tagsOf({})).toEqual(['ci', 'team:core'])
    expect(await tagsOf({ 'x-tollgate-tags': 'project-x, ci,project-y' })).toEqual([
      ...['ci', 'team:core', 'project-x', 'project-y'],
    ])
    expect(upstream.seen.at(-1)?.headers['x-tollgate-tags']).toBeUndefined()
    expect(await ask(secret, { 'x-tollgate-tags': 'project-x,team:core' }, 'many')).toMatchObject({
      status: 403,
      error: 'gateway_scope_denied',
    })
    expect(await ask(secret, { 'x-tollgate-tags': 'a b' }, 'many')).toMatchObject({
      status: 400,
      error: 'gateway_request_invalid',
    })
    const unbound = await makeKey({})
    expect((await ask(unbound.secret, { 'x-tollgate-tags': 'anything' }, 'many')).status).toBe(200)

    const database = new Database(join(folder, 'tollgate.db'), { readonly: true })
    const rows = database.query('select tags from usage_log where tags is not null').values().flat()
    database.close()
    expect(rows).toContain('["ci","team:core","project-x","project-y"]')
  })

  test('is refused from an address that it does not allow, as the trusted proxy tells it', async () => {
    const { id, secret } = await makeKey({
      options: { allowedAddresses: ['10.0.0.0/8', '2001:db8::/32', '127.0.0.1'] },
    })
    const from = (address: string) => ask(secret, { 'x-forwarded-for': address }, 'many')
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '9.9.9.9, 10.1.2.3'])
      expect(await from(address)).toMatchObject({ status: 200 })
    // Without a word of the proxy it is the proxy's own address.
    expect((await ask(secret, {}, 'many')).status).toBe(200)
    for (const address of ['11.1.2.3', '2001:db9::1', '10.1.2.3, 9.9.9.9'])
      expect(await from(address)).toMatchObject({ status: 403, error: 'gateway_address_denied' })
    await send(`/keys/${id}`, { options: { allowedAddresses: ['192.168.0.0/16'] } }, 'PATCH')
    expect(await from('10.1.2.3')).toMatchObject({ status: 403 })
    expect(await from('192.168.3.4')).toMatchObject({ status: 200 })
    expect(
      await send(`/keys/${id}`, { options: { allowedAddresses: ['10.0.0.1/8'] } }, 'PATCH'),
    ).toMatchObject({
      error: { code: 'gateway_request_invalid', param: 'options.allowedAddresses.0' },
    })
  })

  test('has its exchanges tried at the providers that it prefers first, and never at others than it may use', async () => {
    const { id, secret } = await makeKey({ options: { routing: { prefer: ['three', 'two'] } } })
    expect((await ask(secret, {}, 'many')).provider).toBe('three')
    taken.delete('key-of-three')
    expect((await ask(secret, {}, 'many')).provider).toBe('two')
    taken.add('key-of-three')
    const explained = (await gateway.admin(`/routes/explain?model=many&key=${id}`)) as {
      targets: readonly { provider: string }[]
    }
    expect(explained.targets.map(({ provider }) => provider)).toEqual(['three', 'two', 'one'])
    await send(`/keys/${id}`, { scopes: { providers: ['one'] } }, 'PATCH')
    expect((await ask(secret, {}, 'many')).provider).toBe('one')
    const turns = await makeKey({ options: { routing: { strategy: 'round-robin' } } })
    const reached = new Set<string | null>()
    for (let round = 0; round < 6; round++) reached.add((await ask(turns.secret, {}, 'many')).provider)
    expect(reached.size).toBeGreaterThan(1)
    const usual = await ask((await makeKey({})).secret, {}, 'many')
    expect(usual.provider).toBe('one')
  })

  test('changes one thing at a time, also what the firewall does with its exchanges', async () => {
    const { id, secret } = await makeKey({ scopes: { models: ['many'], endpoints: ['generate'] } })
    const changed = await send(`/keys/${id}`, { scopes: { models: null } }, 'PATCH')
    expect(changed['scopes']).toEqual({ models: null, endpoints: ['generate'], providers: null, tags: null })
    expect(await send(`/keys/${id}`, { options: { firewall: 'block' } }, 'PATCH')).toMatchObject({
      error: { code: 'gateway_request_invalid' },
    })
    expect(await send(`/keys/${id}`, { options: { firewall: 'enforce' } }, 'PATCH')).toMatchObject({
      options: { firewall: 'enforce' },
    })
    await send(`/keys/${id}`, { expireInSeconds: 1 }, 'PATCH')
    await waitFor(async () => ((await ask(secret, {}, 'many')).status === 401 ? true : undefined))
  })

  test('is rotated with an overlap, in which both secrets are let in', async () => {
    const { id, secret } = await makeKey({})
    const { secret: fresh, expiresAt } = await send(`/keys/${id}/rotate`, {
      overlapSeconds: 1,
      expireInSeconds: 3600,
    })
    expect(Number(expiresAt)).toBeGreaterThan(Date.now())
    expect((await ask(secret, {}, 'many')).status).toBe(200)
    expect((await ask(String(fresh), {}, 'many')).status).toBe(200)
    await waitFor(async () => ((await ask(secret, {}, 'many')).status === 401 ? true : undefined))
    expect((await ask(String(fresh), {}, 'many')).status).toBe(200)
  })
})

describe('a provider’s credential', () => {
  const add = (secret: string, more: object = {}) => send('/credentials', { provider: 'up', secret, ...more })
  /** What the provider got in the last call that cost something. */
  const sent = async (): Promise<string> => {
    await ask(testKey)
    return upstream.seen.findLast(({ method }) => method === 'POST')?.headers['authorization'] ?? ''
  }

  test('is tried before it is stored, used at once, and back at once when a new one takes its place', async () => {
    expect(await ask(testKey)).toMatchObject({ error: 'gateway_upstream_credentials_exhausted' })
    expect(await add('secret-of-nobody-00000')).toMatchObject({ error: { code: 'credential_refused' } })
    expect(await gateway.admin('/credentials')).toEqual({ credentials: [] })
    taken.add('secret-number-1-00000')
    const first = await add('secret-number-1-00000')
    expect(first).toMatchObject({
      state: 'ok',
      origin: upstream.url,
      test: { outcome: 'accepted', status: 200 },
    })
    expect(JSON.stringify(first)).not.toContain('secret-number-1')
    const check = upstream.seen.findLast(({ method }) => method === 'GET')
    expect(check).toMatchObject({
      path: '/v1/models',
      headers: { authorization: 'Bearer secret-number-1-00000' },
    })
    expect(await sent()).toBe('Bearer secret-number-1-00000')
    expect(await add('secret-number-1-00000')).toMatchObject({ error: { code: 'conflict' } })

    taken.add('secret-number-2-00000')
    await add('secret-number-2-00000', { label: 'second' })
    expect(new Set([await sent(), await sent(), await sent()]).size).toBe(2)

    // The provider ends the first: it rests, and the list says so.
    taken.delete('secret-number-1-00000')
    for (let round = 0; round < 3; round++) expect((await ask(testKey)).status).toBe(200)
    const states = async () => {
      const { credentials } = (await gateway.admin('/credentials?provider=up')) as {
        credentials: readonly { id: string; label: string; state: string }[]
      }
      return credentials.map(({ label, state }) => `${label} ${state}`)
    }
    await waitFor(async () => ((await states()).includes('default rejected') ? true : undefined))
    const before = upstream.seen.length
    for (let round = 0; round < 4; round++) expect(await sent()).toBe('Bearer secret-number-2-00000')
    expect(upstream.seen.slice(before).map(secretIn)).not.toContain('secret-number-1-00000')

    taken.add('secret-number-3-00000')
    const rotated = await send(`/credentials/${first['id']}/rotate`, { secret: 'secret-number-3-00000' })
    expect(rotated).toMatchObject({ id: first['id'], state: 'ok', version: 2 })
    expect(await states()).toEqual(['default ok', 'second ok'])
    const used = new Set([await sent(), await sent(), await sent(), await sent()])
    expect(used).toEqual(new Set(['Bearer secret-number-2-00000', 'Bearer secret-number-3-00000']))
    expect(
      await send(`/credentials/${first['id']}/rotate`, { secret: 'secret-of-nobody-00000' }),
    ).toMatchObject({
      error: { code: 'credential_refused' },
    })
    expect(new Set([await sent(), await sent()])).toEqual(used)

    await gateway.admin(`/credentials/${first['id']}`, { method: 'DELETE' })
    expect(new Set([await sent(), await sent()])).toEqual(new Set(['Bearer secret-number-2-00000']))
  }, 60_000)

  test('that nobody can judge is stored with a warning, and one for elsewhere is never sent', async () => {
    upstream.answer = () => new Response('tired', { status: 503 })
    const stored = await add('secret-number-4-00000', { label: 'tired' })
    expect(stored).toMatchObject({ state: 'ok', test: { outcome: 'unreachable', status: 503 } })
    upstream.answer = () =>
      new Response(null, { status: 302, headers: { location: `${upstream.url}/elsewhere` } })
    expect(await send(`/credentials/${stored['id']}/test`, {})).toMatchObject({
      test: { outcome: 'unknown', status: 302 },
    })
    upstream.answer = answer
    expect(upstream.seen.map(({ path }) => path)).not.toContain('/elsewhere')
    expect(
      await add('secret-number-5-00000', { label: 'x', origin: 'https://elsewhere.test' }),
    ).toMatchObject({
      error: { code: 'gateway_request_invalid', param: 'origin' },
    })
    expect(await add('a b', { label: 'x' })).toMatchObject({ error: { param: 'secret' } })
    expect(await send('/credentials', { provider: 'upp', secret: 'x' })).toMatchObject({
      error: { code: 'gateway_request_invalid', message: expect.stringContaining('did you mean `up`') },
    })
    expect(await send(`/credentials/${stored['id']}/test`, {})).toMatchObject({
      state: 'rejected',
      test: { outcome: 'refused' },
    })
    expect(await send('/credentials/cred_none/test', {})).toMatchObject({ error: { code: 'not_found' } })
    await gateway.admin(`/credentials/${stored['id']}`, { method: 'DELETE' })
  })

  test('that another process changed is used within seconds', async () => {
    const second = await startGateway({
      config: [...config(), `database: { url: "sqlite:${join(folder, 'tollgate.db')}" }`],
      env: { TGW_MASTER_KEY: readFileSync(join(folder, 'master.key'), 'utf8').trim() },
    })
    try {
      taken.add('secret-number-6-00000')
      const { id } = await add('secret-number-6-00000', { label: 'shared' })
      const usedBySecond = async () => {
        await ask(testKey, {}, 'm', second)
        return secretIn(upstream.seen.at(-1) ?? expect.unreachable())
      }
      await waitFor(async () => ((await usedBySecond()) === 'secret-number-6-00000' ? true : undefined))
      taken.add('secret-number-7-00000')
      await send(`/credentials/${id}/rotate`, { secret: 'secret-number-7-00000' })
      await waitFor(async () => ((await usedBySecond()) === 'secret-number-7-00000' ? true : undefined))
      await gateway.admin(`/credentials/${id}`, { method: 'DELETE' })
    } finally {
      await second.stop()
    }
  }, 60_000)
})

describe('the master key', () => {
  const cli = (path: string, body: object) =>
    fetch(`${gateway.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${readFileSync(join(folder, 'cli.token'), 'utf8')}` },
      body: JSON.stringify(body),
    })

  test('is rotated while the server runs, by the command line alone; what was sealed counts after a restart', async () => {
    const { secret } = await makeKey({})
    taken.add('secret-number-8-00000')
    await send('/credentials', { provider: 'up', label: 'kept', secret: 'secret-number-8-00000' })
    expect(await send('/vault/rotate', {})).toMatchObject({ error: { code: 'gateway_permission_denied' } })
    const next = randomBytes(32).toString('base64')
    const old = readFileSync(join(folder, 'master.key'), 'utf8').trim()
    const rotated = await cli('/vault/rotate', { next })
    const told = await rotated.text()
    expect(rotated.status).toBe(200)
    expect(JSON.parse(told)).toMatchObject({ keys: 4, source: 'file' })
    expect((await cli('/vault/rotate', {})).status).toBe(200)
    expect((await ask(secret)).status).toBe(200)

    await gateway.stop()
    gateway = await startGateway({ dataDir: folder, config: config() })
    expect((await ask(secret)).status).toBe(200)
    expect(secretIn(upstream.seen.at(-1) ?? expect.unreachable())).toBe('secret-number-8-00000')

    // In the files of the keys, and nowhere else.
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && !file.name.startsWith('master.key'))
      .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    for (const key of [next, old, 'secret-number-8-00000', secret])
      expect([told, ...files].filter((text) => text.includes(key))).toEqual([])
  }, 60_000)
})
