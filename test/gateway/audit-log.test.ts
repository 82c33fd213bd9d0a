import { afterAll, beforeAll, expect, test } from 'bun:test'
import { appendFileSync, readFileSync } from 'node:fs'
import { startGateway, type TestGateway, testAdminToken, waitFor } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway()
}, 60_000)
afterAll(() => gateway.stop())

interface Listed {
  readonly number: number
  readonly actorType: string
  readonly actorName: string
  readonly address: string | null
  readonly action: string
  readonly target: string
  readonly status: number | null
  readonly before: Record<string, unknown> | null
  readonly after: unknown
}

const list = async (query = ''): Promise<readonly Listed[]> => {
  const answer = (await gateway.admin(`/audit-log${query}`)) as { entries: readonly Listed[] }
  return answer.entries
}

const call = async (method: string, path: string, body?: unknown) =>
  (await gateway.admin(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })) as Record<string, string>

test('a change says who made it, from where, and what was before and after, without the secret', async () => {
  const made = await call('POST', '/keys', { name: 'ci' })
  await call('PATCH', `/keys/${made['id']}`, { name: 'build' })
  const rotated = await call('POST', `/keys/${made['id']}/rotate`, { overlapSeconds: 60 })
  await call('DELETE', `/keys/${made['id']}`)
  const [revoke, rotate, update, create] = await list()
  expect(create).toMatchObject({
    ...{ action: 'POST /keys', target: `/keys/${made['id']}`, status: 201, before: null },
    ...{ actorType: 'token', address: expect.stringContaining('127.0.0.1') },
    after: { name: 'ci', secret: '[secret]' },
  })
  expect(update).toMatchObject({
    ...{ action: 'PATCH /keys/:id', target: `/keys/${made['id']}`, status: 200 },
    ...{ before: { name: 'ci' }, after: { name: 'build' } },
  })
  expect(rotate).toMatchObject({ action: 'POST /keys/:id/rotate', before: { name: 'build' } })
  expect(revoke).toMatchObject({
    action: 'DELETE /keys/:id',
    before: { revokedAt: null },
    after: { revokedAt: expect.any(Number) },
  })
  const text = JSON.stringify(await list())
  for (const secret of [made['secret'], rotated['secret'], testAdminToken])
    expect(text).not.toContain(secret ?? '?')
})

test('a credential goes in without its secret, a refused request with its reason, and reading not at all', async () => {
  const before = (await list()).length
  await call('POST', '/credentials', {
    ...{ provider: 'openai', secret: 'a-secret-of-no-known-form', origin: 'https://api.openai.com' },
  })
  await call('PATCH', '/keys/none', { name: 'x' })
  await call('POST', '/no-such-route', { password: 'hunter2' })
  await gateway.admin('/keys')
  const [unknown, refused, stored, ...rest] = await list()
  expect(rest.length).toBe(before)
  expect(stored).toMatchObject({ action: 'POST /credentials', status: 201, after: { provider: 'openai' } })
  expect(refused).toMatchObject({
    action: 'PATCH /keys/:id',
    status: 404,
    after: { error: { code: 'not_found' } },
  })
  expect(unknown).toMatchObject({ status: 404 })
  expect(JSON.stringify(await list())).not.toMatch(/a-secret-of-no-known-form|hunter2/)
  // Who shows no token is nobody: there is nobody to write down.
  await fetch(`${gateway.url}/api/v1/keys`, { method: 'POST' })
  expect((await list()).length).toBe(before + 3)
})

test('settings that change by a file are in it, with their paths', async () => {
  appendFileSync(gateway.configFile, '\naliases: { fast: gpt-5-nano }\n')
  const entry = await waitFor(async () => (await list('?action=RELOAD%20%2Fconfig')).at(0))
  expect(entry).toMatchObject({ actorType: 'system', actorName: 'files', status: null })
  expect(JSON.stringify(entry.after)).toContain('aliases')
  expect(readFileSync(gateway.configFile, 'utf8')).toContain('fast')
  await call('POST', '/config/reload')
  expect((await list()).at(0)).toMatchObject({ action: 'POST /config/reload', target: '/config', after: [] })
})

test('it verifies, pages and filters', async () => {
  const verdict = (await gateway.admin('/audit-log/verify')) as {
    isIntact: boolean
    head: { number: number; hash: string }
  }
  expect(verdict.isIntact).toBe(true)
  const noted = await gateway.admin(`/audit-log/verify?expect=${verdict.head.number}:${verdict.head.hash}`)
  expect(noted).toMatchObject({ isIntact: true })
  expect(await gateway.admin(`/audit-log/verify?expect=1:${'0'.repeat(64)}`)).toMatchObject({
    broken: { number: 1 },
  })
  expect(await gateway.admin('/audit-log/verify?expect=x')).toMatchObject({ error: { param: 'expect' } })
  const page = (await gateway.admin('/audit-log?limit=2')) as { entries: readonly Listed[]; next: number }
  expect(page.entries.map(({ number }) => number)).toEqual([verdict.head.number, verdict.head.number - 1])
  expect((await list(`?before=${page.next}`)).at(0)?.number).toBe(page.next - 1)
  expect(await gateway.admin('/audit-log?before=x')).toMatchObject({ error: { param: 'before' } })
})
