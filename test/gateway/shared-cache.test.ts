/** Two gateways, one Redis and one database: what one was answered, the other knows; and what happens without Redis. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts'
import { type SayingUpstream, startSaying } from '../support/saying-upstream.ts'
import { githubToken } from '../support/test-secrets.ts'

setDefaultTimeout(90_000)

const hasRedis = redisAvailable('a cache that two gateways share')

const leaked = githubToken('leaked')

const ask = async (gateway: TestGateway, content: string) => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }),
  })
  const body = (await response.json()) as { choices?: readonly { message: { content: string } }[] }
  return { cache: response.headers.get('x-tollgate-cache'), text: body.choices?.[0]?.message.content }
}

describe.skipIf(!hasRedis)('two gateways', () => {
  let upstream: SayingUpstream
  let redis: RedisServer
  let one: TestGateway
  let other: TestGateway
  let folder: string

  beforeAll(async () => {
    upstream = startSaying()
    redis = await startRedis()
    const config = [
      ...oneCall,
      'providers:',
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/chat/v1", api_key: sk-up }`,
      'routes: [{ match: m, targets: [chat] }]',
      `redis: { url: "${redis.url}" }`,
      'cache: { exact: on, backend: redis }',
      'firewall: { input: redact, output: redact }',
    ]
    // The keys that seal what is shared are those of the installation: a copy of its folder has them.
    folder = mkdtempSync(join(tmpdir(), 'tollgate-shared-cache-'))
    const first = await startGateway({ dataDir: folder, config })
    await first.stop()
    const copy = `${folder}-copy`
    cpSync(folder, copy, { recursive: true })
    rmSync(join(copy, 'tollgate.lock'), { force: true })
    one = await startGateway({ dataDir: folder, config })
    other = await startGateway({ dataDir: copy, config })
    await waitFor(async () => {
      const [a, b] = (await Promise.all([one.admin('/health'), other.admin('/health')])) as {
        redis?: string
      }[]
      return a?.redis === 'connected' && b?.redis === 'connected' ? true : undefined
    }, 20_000)
  })

  afterAll(async () => {
    await one?.stop()
    await other?.stop()
    await redis.stop()
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}-copy`, { recursive: true, force: true })
  })

  test('make one call for equal requests that come at once, whoever gets them', async () => {
    const before = upstream.seen.length
    const gate = Promise.withResolvers<void>()
    upstream.say = async (_request, calls) => {
      await gate.promise
      return { parts: [{ type: 'text', text: `for all ${calls}` }] }
    }
    const asked = Array.from({ length: 60 }, (_, at) => ask(at % 2 === 0 ? one : other, 'all at once'))
    await waitFor(() => (upstream.seen.length > before ? true : undefined))
    await Bun.sleep(300)
    expect(upstream.seen.length).toBe(before + 1)
    gate.resolve()
    const answers = await Promise.all(asked)
    expect(upstream.seen.length).toBe(before + 1)
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set([`for all ${before + 1}`]))
    expect(answers.filter(({ cache }) => cache === 'miss')).toHaveLength(1)
    upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
  })

  test('ask for themselves where the answer of the first is none for others', async () => {
    const before = upstream.seen.length
    const gate = Promise.withResolvers<void>()
    upstream.say = async () => {
      await gate.promise
      return { parts: [{ type: 'tool-call', id: 'c1', kind: 'function', name: 'f', input: '{}' }] }
    }
    const asked = [ask(one, 'call a tool'), ask(other, 'call a tool')]
    await waitFor(() => (upstream.seen.length > before ? true : undefined))
    await Bun.sleep(200)
    expect(upstream.seen.length).toBe(before + 1)
    gate.resolve()
    expect((await Promise.all(asked)).map(({ cache }) => cache)).toEqual(['miss', 'miss'])
    expect(upstream.seen.length).toBe(before + 2)
    upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
  })

  test('know what either was answered, and forget it together', async () => {
    const first = await ask(one, 'who?')
    expect(first.cache).toBe('miss')
    await waitFor(async () => ((await ask(one, 'who?')).cache === 'hit-exact' ? true : undefined))
    expect(await ask(other, 'who?')).toEqual({ cache: 'hit-exact', text: first.text })
    expect(await other.admin('/cache/purge', { method: 'POST' })).toMatchObject({
      purged: expect.any(Number),
    })
    expect((await ask(one, 'who?')).cache).toBe('miss')
  })

  test('keep nothing that the firewall changed', async () => {
    const before = upstream.say
    upstream.say = () => ({ parts: [{ type: 'text', text: `take ${leaked}` }] })
    for (const gateway of [one, other, one]) {
      const answer = await ask(gateway, 'give me a token')
      expect(answer.cache).toBe('miss')
      expect(answer.text).toMatch(/^take \[GITHUB_TOKEN_\w+\]$/)
    }
    upstream.say = before
  })

  test('ask their providers while Redis is away, and go on when it is back', async () => {
    await ask(one, 'away')
    await redis.crash()
    const before = upstream.seen.length
    for (const gateway of [one, other, one, other]) {
      const answer = await ask(gateway, 'away')
      expect(answer.cache).toBe('miss')
      expect(answer.text).toStartWith('answer')
    }
    expect(upstream.seen.length).toBe(before + 4)
    expect(await one.admin('/cache/purge', { method: 'POST' })).toMatchObject({
      error: { code: 'gateway_state_unavailable' },
    })
    // What the ledger knows of an exchange is told all the same.
    const [{ exchange } = { exchange: '' }] = await ledgerEntries(one)
    expect(await one.admin(`/cache/explain?exchange=${exchange}`)).toMatchObject({
      result: 'miss',
      kept: null,
    })
    await redis.restart()
    // Each finds its own way back to Redis; a question that is asked anew can only be known from the other one.
    let asked = 0
    await waitFor(async () => {
      const question = `back ${asked++}`
      await ask(one, question)
      return (await ask(other, question)).cache === 'hit-exact' ? true : undefined
    }, 20_000)
  })

  test('are held up by a Redis that does not answer no longer than it may', async () => {
    redis.freeze()
    try {
      const started = performance.now()
      const answer = await ask(one, 'frozen')
      expect(answer.cache).toBe('miss')
      expect(performance.now() - started).toBeLessThan(10_000)
    } finally {
      redis.thaw()
    }
  })
})
