import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const secret = 'whsec-gateway-0123456789'
const seen: { readonly body: string; readonly signature: string }[] = []
let failures = 0
let gateway: TestGateway
let upstream: TestUpstream
let told = ''
const folder = mkdtempSync(join(tmpdir(), 'tollgate-hooks-'))
const receiver = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    if (failures > 0) {
      failures--
      return new Response('later', { status: 500 })
    }
    seen.push({
      body: await request.text(),
      signature: request.headers.get('x-tollgate-signature') ?? '',
    })
    return new Response('ok')
  },
})

const hooks = (): readonly string[] => [
  'hooks:',
  `  - { events: [key_created, key_revoked, circuit_open, circuit_closed, credential_refused], url: "http://127.0.0.1:${receiver.port}/in", secret: ${secret} }`,
  `  - { events: [key_revoked], command: [/bin/sh, -c, 'cat > ${told}'] }`,
]

beforeAll(async () => {
  told = join(folder, 'told.json')
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...hooks(),
      'retry: { tries: 1 }',
      'circuits: { failures: 2, open_for: 100ms }',
      'providers:',
      `  mine: { kind: openai-compatible, base_url: "${upstream.url}/v1", api_key: sk-upstream-0123456789, models: ["m"] }`,
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  receiver.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

interface Told {
  readonly id: string
  readonly time: number
  readonly type: string
  readonly data: Record<string, unknown>
}

/** The next event of a type; each with a signature that holds. */
const nextEvent = async (type: string): Promise<Told> =>
  waitFor(() => {
    const index = seen.findIndex(({ body }) => JSON.parse(body).type === type)
    const [found] = index === -1 ? [] : seen.splice(index, 1)
    if (found === undefined) return undefined
    const [, time, digest] = /^t=(\d+),v1=(\w+)$/.exec(found.signature) ?? []
    expect(digest).toBe(createHmac('sha256', secret).update(`${time}.${found.body}`).digest('hex'))
    return JSON.parse(found.body) as Told
  })

const createKey = async (name: string) =>
  (await gateway.admin('/keys', { method: 'POST', body: JSON.stringify({ name }) })) as {
    readonly id: string
    readonly secret: string
  }

const ask = async (): Promise<number> =>
  (
    await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }] }),
    })
  ).status

describe('hooks', () => {
  test('are told of a key that is made and revoked, and never of its secret', async () => {
    const { id, secret: keySecret } = await createKey('alice')
    const created = await nextEvent('key_created')
    expect(created.data).toEqual({
      key: id,
      name: 'alice',
      organisation: 'org_default',
      team: null,
      user: null,
    })
    expect(Math.abs(Date.now() - created.time)).toBeLessThan(60_000)
    await gateway.admin(`/keys/${id}`, { method: 'DELETE' })
    const revoked = await nextEvent('key_revoked')
    expect(revoked.data['key']).toBe(id)
    expect(revoked.id).not.toBe(created.id)
    const piped = await waitFor(() =>
      existsSync(told) ? readFileSync(told, 'utf8') || undefined : undefined,
    )
    expect(JSON.parse(piped)).toEqual(revoked)
    expect(JSON.stringify([created, revoked, piped])).not.toContain(keySecret)
  })

  test('are told again after the receiver has failed', async () => {
    failures = 1
    const { id } = await createKey('bob')
    expect((await nextEvent('key_created')).data['key']).toBe(id)
    expect(failures).toBe(0)
  })

  test('are told that an upstream is left alone, and that it works again', async () => {
    upstream.answer = () => new Response('broken', { status: 500 })
    await ask()
    await ask()
    const opened = await nextEvent('circuit_open')
    expect(opened.data).toMatchObject({ provider: 'mine', openUntil: expect.any(Number) })
    expect(JSON.stringify(opened)).not.toContain('sk-upstream')
    upstream.answer = () =>
      Response.json({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
      })
    await waitFor(async () => ((await ask()) === 200 ? true : undefined))
    expect((await nextEvent('circuit_closed')).data).toMatchObject({ provider: 'mine' })
  })

  test('are told once that a provider does not take a credential any more', async () => {
    upstream.answer = () => Response.json({ error: { message: 'no' } }, { status: 401 })
    await ask()
    await ask()
    const refused = await nextEvent('credential_refused')
    expect(refused.data).toEqual({ provider: 'mine', credential: 'mine/1' })
    expect(seen.some(({ body }) => body.includes('credential_refused'))).toBe(false)
  })

  test('are counted, and those of a new configuration count at once; their secrets are not shown', async () => {
    const metrics = await (
      await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${gateway.adminToken}` } })
    ).text()
    expect(metrics).toContain('tollgate_hooks_total{event="key_revoked",result="delivered"} 2')
    expect(JSON.stringify(await gateway.admin('/config'))).not.toContain(secret)
    const written = readFileSync(gateway.configFile, 'utf8')
    writeFileSync(gateway.configFile, written.replace('events: [key_created, ', 'events: ['))
    await gateway.admin('/config/reload', { method: 'POST' })
    seen.length = 0
    const { id } = await createKey('carol')
    await gateway.admin(`/keys/${id}`, { method: 'DELETE' })
    await nextEvent('key_revoked')
    expect(seen).toEqual([])
    expect(gateway.log()).not.toContain(secret)
  })
})
