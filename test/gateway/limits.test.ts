import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import Anthropic from '@anthropic-ai/sdk'
import { ApiError, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import {
  ledgerEntries,
  startGateway,
  type TestGateway,
  testAdminToken,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { tgwProgram } from '../support/program.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'

const usage = { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 }
const answerWith = (tokens: object) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
  usage: tokens,
})
const ok = (headers: Record<string, string> = {}) => Response.json(answerWith(usage), { headers })
const broken = (status = 500) =>
  Response.json({ error: { message: 'no', type: 'server_error', code: null, param: null } }, { status })

let upstream: TestUpstream
let gateway: TestGateway
let config: readonly string[]

beforeAll(async () => {
  upstream = startUpstream()
  const provider = (name: string, rest: string): string =>
    `  ${name}: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/v1", models: ["nothing"], ${rest} }`
  config = [
    'retry: { tries: 3, backoff: 1ms, budget: 1 }',
    'circuits: { failures: 0 }',
    'limits_runaway: { repeats: 6, window: 10s }',
    'limits:',
    '  - { level: model, match: scarce, requests_per_hour: 2 }',
    '  - { level: ip, match: 192.0.2.1, requests_per_hour: 1 }',
    'providers:',
    provider('well', 'api_key: k'),
    provider('two-keys', 'api_keys: [k1, k2], limits: { requests_per_hour: 1 }'),
    provider('as-one', 'api_keys: [k1, k2], limits: { per: provider, requests_per_hour: 1 }'),
    provider(
      'queued',
      'api_key: k, limits: { requests_per_second: 5, burst: 1, queue: { longest_wait: 3s } }',
    ),
    provider(
      'narrow',
      'api_key: k, limits: { concurrent: 1, queue: { longest_wait: 700ms, most_waiting: 2 } }',
    ),
    'routes:',
    '  - { match: over-keys, targets: [{ provider: two-keys, model: m }, { provider: well, model: m }] }',
    '  - { match: over-one, targets: [{ provider: as-one, model: m }] }',
    '  - { match: queued, targets: [{ provider: queued, model: m }] }',
    '  - { match: narrow, targets: [{ provider: narrow, model: m }] }',
    '  - { match: scarce, targets: [{ provider: well, model: scarce }] }',
    '  - { match: m, targets: [{ provider: well, model: m }] }',
  ]
  gateway = await startGateway({ config })
})
afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})
beforeEach(() => {
  upstream.seen.length = 0
  upstream.answer = () => ok()
})

interface Issued {
  readonly id: string
  readonly secret: string
}

const newKey = async (limits: object): Promise<Issued> => {
  const key = (await gateway.admin('/keys', {
    method: 'POST',
    body: JSON.stringify({ name: `k${Math.random()}`, options: { limits } }),
  })) as Issued
  expect(key.secret).toStartWith('tgw-sk-')
  return key
}

let asked = 0
const post = (
  secret: string,
  { model = 'm', body = {}, headers = {}, signal }: Partial<Ask> = {},
): Promise<Response> =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}`, ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: `hi ${asked++}` }], ...body }),
    ...(signal === undefined ? {} : { signal }),
  })
interface Ask {
  readonly model: string
  readonly body: object
  readonly headers: Record<string, string>
  readonly signal: AbortSignal
}

/** Headers come with the first content. */
const begin = (
  stream: ReturnType<typeof scriptedStream>,
  secret: string,
  ask: Partial<Ask>,
): Promise<Response> => {
  stream.write(chunk('hello'))
  return post(secret, ask)
}

const statuses = (responses: readonly Response[]): readonly number[] => responses.map(({ status }) => status)

const leftOf = async (query: string): Promise<Record<string, number>> => {
  const { levels } = (await gateway.admin(`/limits?${query}`)) as {
    levels: readonly { unit: string; per: string | null; left: number }[]
  }
  return Object.fromEntries(levels.map(({ unit, left }) => [unit, left]))
}

describe("a refused client hears of it in its own protocol's words", () => {
  const options = (secret: string, maxRetries = 0) => ({ apiKey: secret, maxRetries })

  test('OpenAI: RateLimitError, its headers, and when to come again', async () => {
    for (const way of ['chat', 'responses'] as const) {
      const { secret } = await newKey({ requestsPerHour: 1, tokensPerDay: 100_000 })
      const client = new OpenAI({ ...options(secret), baseURL: `${gateway.url}/v1` })
      const ask = () =>
        way === 'chat'
          ? client.chat.completions
              .create({ model: 'loopback', messages: [{ role: 'user', content: 'hi' }] })
              .withResponse()
          : client.responses.create({ model: 'loopback', input: 'hi' }).withResponse()
      const { response } = await ask()
      expect(response.headers.get('x-ratelimit-limit-requests')).toBe('1')
      expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('0')
      expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^(?:1h0m0s|59m\d+s)$/)
      expect(Number(response.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(100_000)
      const error = await ask().catch((thrown: unknown) => thrown)
      if (!(error instanceof OpenAI.RateLimitError)) throw error
      expect(error.code).toBe('rate_limit_exceeded')
      expect(error.message).toContain('1 request per hour')
      const { headers } = error
      expect(headers.get('x-tollgate-error')).toBe('gateway_rate_limited')
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(3_500)
      expect(Number(headers.get('retry-after-ms'))).toBeGreaterThan(3_500_000)
      expect(headers.get('x-ratelimit-remaining-requests')).toBe('0')
      expect(headers.get('x-should-retry')).toBe('true')
    }
  })

  test('Anthropic: rate_limit_error, its headers', async () => {
    const { secret } = await newKey({ requestsPerHour: 1, outputTokensPerDay: 100_000 })
    const client = new Anthropic({ ...options(secret), baseURL: gateway.url })
    const ask = () =>
      client.messages
        .create({ model: 'loopback', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] })
        .withResponse()
    const { response } = await ask()
    expect(response.headers.get('anthropic-ratelimit-requests-limit')).toBe('1')
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0')
    expect(Date.parse(response.headers.get('anthropic-ratelimit-requests-reset') ?? '')).toBeGreaterThan(
      Date.now(),
    )
    expect(response.headers.get('anthropic-ratelimit-output-tokens-limit')).toBe('100000')
    expect(response.headers.get('anthropic-ratelimit-output-tokens-remaining')).toBe('99950')
    const error = await ask().catch((thrown: unknown) => thrown)
    if (!(error instanceof Anthropic.RateLimitError)) throw error
    expect(error.error).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
    expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(3_500)
    expect(error.headers?.get('anthropic-ratelimit-requests-remaining')).toBe('0')
  })

  test('Gemini: RESOURCE_EXHAUSTED with RetryInfo, and no headers of its own', async () => {
    const { secret } = await newKey({ requestsPerHour: 1 })
    const client = new GoogleGenAI({ apiKey: secret, httpOptions: { baseUrl: gateway.url } })
    const ask = () => client.models.generateContent({ model: 'loopback', contents: 'hi' })
    await ask()
    const error = await ask().catch((thrown: unknown) => thrown)
    if (!(error instanceof ApiError)) throw error
    expect(error.status).toBe(429)
    const { error: said } = JSON.parse(error.message) as {
      error: { status: string; details: readonly Record<string, string>[] }
    }
    expect(said.status).toBe('RESOURCE_EXHAUSTED')
    const retry = said.details.find((detail) => detail['@type']?.endsWith('google.rpc.RetryInfo'))
    expect(Number(/^([\d.]+)s$/.exec(retry?.['retryDelay'] ?? '')?.[1])).toBeGreaterThan(3_500)
    const raw = await fetch(`${gateway.url}/v1beta/models/loopback:generateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': secret, 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] }),
    })
    expect([...raw.headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([])
    expect(raw.headers.has('retry-after')).toBe(true)
  })

  test('SDKs that retry come again when they were told, and are served', async () => {
    const { secret } = await newKey({ requestsPerSecond: 1 })
    const openai = new OpenAI({ ...options(secret, 3), baseURL: `${gateway.url}/v1` })
    const startedAt = performance.now()
    for (let time = 0; time < 3; time++) {
      await openai.chat.completions.create({ model: 'loopback', messages: [{ role: 'user', content: 'hi' }] })
    }
    expect(performance.now() - startedAt).toBeGreaterThan(1_900)
    expect(performance.now() - startedAt).toBeLessThan(6_000)
  })
})

test('a refusal has its row in the ledger, and no provider was asked', async () => {
  const { id, secret } = await newKey({ requestsPerHour: 1 })
  expect(statuses([await post(secret), await post(secret)])).toEqual([200, 429])
  expect(upstream.seen).toHaveLength(1)
  const row = await waitFor(async () => {
    const rows = (await ledgerEntries(gateway)) as readonly (Awaited<
      ReturnType<typeof ledgerEntries>
    >[number] & { key?: string; tenant?: { key: string } })[]
    return rows.find((one) => JSON.stringify(one).includes(id) && one.status === 429)
  })
  expect(row).toMatchObject({
    outcome: 'refused',
    error: 'gateway_rate_limited',
    stage: 'limits',
    attempts: 0,
  })
  const metrics = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${testAdminToken}` },
  })
  expect(await metrics.text()).toMatch(/tollgate_limited_total\{level="key",kind="requests"\} [1-9]/)
})

describe('tokens are what was used in the end', () => {
  const capacity = 1_000_000
  const limits = {
    inputTokensPerDay: capacity,
    outputTokensPerDay: capacity,
    tokensPerDay: capacity,
    requestsPerDay: 1_000,
  }
  /** What flows in is more than what is rounded. */
  const used = async (id: string) => {
    const left = await leftOf(`key=${id}`)
    return {
      input: capacity - (left['input_tokens'] ?? 0),
      output: capacity - (left['output_tokens'] ?? 0),
      both: capacity - (left['tokens'] ?? 0),
      requests: 1_000 - (left['requests'] ?? 0),
    }
  }
  // 1,000,000 a day are 12 a second, and so every bucket is looked at quickly and within reach of some seconds.
  const near = (actual: number, wanted: number): void => {
    expect(actual).toBeLessThanOrEqual(wanted)
    expect(actual).toBeGreaterThanOrEqual(Math.max(0, wanted - 60))
  }

  test('whole answers and streams', async () => {
    const heavy = { prompt_tokens: 20_000, completion_tokens: 7_000, total_tokens: 27_000 }
    upstream.answer = () => Response.json(answerWith(heavy))
    const { id, secret } = await newKey(limits)
    expect((await post(secret)).status).toBe(200)
    const after = await used(id)
    near(after.input, 20_000)
    near(after.output, 7_000)
    near(after.both, 27_000)
    const stream = scriptedStream()
    upstream.answer = () => stream.response()
    const response = await begin(stream, secret, { body: { stream: true } })
    stream.write(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: heavy })}\n\n`,
    )
    stream.write('data: [DONE]\n\n')
    stream.end()
    await response.text()
    const streamed = await used(id)
    near(streamed.input, 40_000)
    near(streamed.output, 14_000)
    expect(streamed.requests).toBe(2)
  })

  test('nothing for what failed at the provider, and not even the request for what was refused here', async () => {
    upstream.answer = () => broken(400)
    const { id, secret } = await newKey(limits)
    expect((await post(secret)).status).toBe(400)
    expect(await used(id)).toEqual({ input: 0, output: 0, both: 0, requests: 1 })
    const refused = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': secret, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: 'm',
        max_tokens: 100_000,
        container: 'container_unknown',
        messages: [{ role: 'user', content: 'hi' }],
      }),
    })
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect(upstream.seen).toHaveLength(1)
    expect((await used(id)).requests).toBe(1)
  })

  test('clients that leave give back what nobody used', async () => {
    const { id, secret } = await newKey({ ...limits, concurrent: 3 })
    const stream = scriptedStream()
    upstream.answer = () => stream.response()
    const leaving = new AbortController()
    const response = await begin(stream, secret, {
      body: { stream: true, max_tokens: 900 },
      signal: leaving.signal,
    })
    const reader = response.body?.getReader()
    await reader?.read()
    expect(capacity - ((await leftOf(`key=${id}`))['output_tokens'] ?? 0)).toBeGreaterThan(800)
    leaving.abort()
    await waitFor(async () => ((await leftOf(`key=${id}`))['concurrent'] === 3 ? true : undefined))
    const after = await used(id)
    expect(after.output).toBeLessThan(100)
    expect(after.requests).toBe(1)
  })
})

const chunk = (content: string): string =>
  `data: ${JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }],
  })}\n\n`

test('places are held for the whole stream, and free when it ends, breaks or its client leaves', async () => {
  const { id, secret } = await newKey({ concurrent: 1 })
  const free = () => waitFor(async () => ((await leftOf(`key=${id}`))['concurrent'] === 1 ? true : undefined))
  for (const end of ['end', 'die', 'leave'] as const) {
    const stream = scriptedStream()
    upstream.answer = () => stream.response()
    const leaving = new AbortController()
    const response = await begin(stream, secret, { body: { stream: true }, signal: leaving.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    const second = await post(secret)
    expect(second.status).toBe(429)
    expect(second.headers.get('x-tollgate-error')).toBe('gateway_concurrency_limited')
    expect(second.headers.get('retry-after')).toBe('1')
    if (end === 'leave') leaving.abort()
    else if (end === 'die') stream.die()
    else {
      stream.write('data: [DONE]\n\n')
      stream.end()
    }
    if (end !== 'leave') while ((await reader?.read().catch(() => undefined))?.done === false);
    await free()
    upstream.answer = () => ok()
    expect((await post(secret)).status).toBe(200)
  }
  const many = await Promise.all(Array.from({ length: 20 }, () => post(secret)))
  expect(new Set(statuses(many))).toEqual(new Set([200, 429]))
  await free()
})

test('models are listed within limits as well', async () => {
  const { secret } = await newKey({ requestsPerHour: 1 })
  const list = () => fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })
  const first = await list()
  expect(first.status).toBe(200)
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  expect((await list()).status).toBe(429)
})

test('of our limits and those of the provider the client is told the smaller', async () => {
  const { secret } = await newKey({ requestsPerHour: 100 })
  const said = async (remaining: string): Promise<string | null> => {
    upstream.answer = () =>
      ok({ 'x-ratelimit-limit-requests': '5000', 'x-ratelimit-remaining-requests': remaining })
    const { headers } = await post(secret)
    return `${headers.get('x-ratelimit-remaining-requests')} of ${headers.get('x-ratelimit-limit-requests')}`
  }
  expect(await said('7')).toBe('7 of 5000')
  expect(await said('4999')).toBe('98 of 100')
  const { headers } = await post(testKey)
  expect(headers.get('x-ratelimit-remaining-requests')).toBe('4999')
})

describe('a client that repeats itself', () => {
  const same = { messages: [{ role: 'user', content: 'the very same' }] }

  test('is stopped, in its session only, and told when to come again', async () => {
    const { secret } = await newKey({ concurrent: 100 })
    const inSession = (session: string) => post(secret, { body: same, headers: { 'x-session-id': session } })
    const first: Response[] = []
    for (let time = 0; time < 8; time++) first.push(await inSession('one'))
    expect(statuses(first)).toEqual([200, 200, 200, 200, 200, 200, 429, 429])
    const [, refused] = first.slice(-2)
    expect(refused?.headers.get('x-tollgate-error')).toBe('gateway_runaway_client')
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(8)
    expect(upstream.seen).toHaveLength(6)
    expect((await inSession('two')).status).toBe(200)
    expect(
      (await post(secret, { body: { ...same, temperature: 0 }, headers: { 'x-session-id': 'one' } })).status,
    ).toBe(200)
    const other = await newKey({ concurrent: 100 })
    expect((await post(other.secret, { body: same })).status).toBe(200)
  })

  test('is not held responsible for our own retries', async () => {
    const { secret } = await newKey({ concurrent: 100 })
    upstream.answer = () => broken(500)
    const body = { messages: [{ role: 'user', content: 'failing' }] }
    for (let time = 0; time < 6; time++) expect((await post(secret, { body })).status).toBe(500)
    expect(upstream.seen.length).toBeGreaterThan(12)
    expect((await post(secret, { body })).status).toBe(429)
  })

  test('may poll', async () => {
    for (let time = 0; time < 30; time++) {
      const response = await fetch(`${gateway.url}/v1/models`, {
        headers: { authorization: `Bearer ${testKey}` },
      })
      expect(response.status).toBe(200)
    }
  })
})

describe('what a provider allows us', () => {
  const keysUsed = (): readonly (string | undefined)[] =>
    upstream.seen.map(({ headers }) => headers['authorization'])

  test('is kept for each of its keys: then the next key, then the next target', async () => {
    const answers = []
    for (let time = 0; time < 4; time++) answers.push(await post(testKey, { model: 'over-keys' }))
    expect(statuses(answers)).toEqual([200, 200, 200, 200])
    expect(answers.map(({ headers }) => headers.get('x-tollgate-provider'))).toEqual([
      'two-keys',
      'two-keys',
      'well',
      'well',
    ])
    expect(keysUsed()).toEqual(['Bearer k1', 'Bearer k2', 'Bearer k', 'Bearer k'])
  })

  test('or for all together, and without another target it is 429', async () => {
    expect((await post(testKey, { model: 'over-one' })).status).toBe(200)
    const refused = await post(testKey, { model: 'over-one' })
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-tollgate-error')).toBe('gateway_rate_limited')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000)
    expect(upstream.seen).toHaveLength(1)
    const row = await waitFor(async () =>
      (await ledgerEntries(gateway)).find(({ stage }) => stage === 'target-limits'),
    )
    expect(row).toMatchObject({ status: 429, error: 'gateway_rate_limited', outcome: 'refused', attempts: 0 })
  })

  test('a queue lets calls wait for their turn', async () => {
    const startedAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(testKey, { model: 'queued' })))
    expect(statuses(answers)).toEqual([200, 200, 200, 200, 200, 200])
    // One at once, the others 200 ms apart.
    expect(performance.now() - startedAt).toBeGreaterThan(950)
  })

  test('a queue is bounded in length and time, and those who leave free their place', async () => {
    const stream = scriptedStream()
    upstream.answer = () => stream.response()
    const first = await begin(stream, testKey, { model: 'narrow', body: { stream: true } })
    upstream.answer = () => ok()
    const leaving = new AbortController()
    const left = post(testKey, { model: 'narrow', signal: leaving.signal }).catch(() => undefined)
    const second = post(testKey, { model: 'narrow' })
    await Bun.sleep(100)
    expect((await post(testKey, { model: 'narrow' })).status).toBe(429)
    // Who finds no place in the queue hears of it before those in it have waited long enough.
    expect(await Promise.race([second, 'waits'])).toBe('waits')
    leaving.abort()
    await left
    await Bun.sleep(50)
    const third = post(testKey, { model: 'narrow' })
    // Nobody makes room for longer than anybody waits.
    expect(statuses(await Promise.all([second, third]))).toEqual([429, 429])
    expect(upstream.seen).toHaveLength(1)
    const fourth = post(testKey, { model: 'narrow' })
    await Bun.sleep(50)
    stream.write('data: [DONE]\n\n')
    stream.end()
    await first.text()
    expect((await fourth).status).toBe(200)
  })
})

test('a limit of a model holds for everybody, and the admin sees how it stands', async () => {
  expect(await leftOf('model=scarce')).toEqual({ requests: 2 })
  const answers = []
  for (let time = 0; time < 3; time++) answers.push(await post(testKey, { model: 'scarce' }))
  expect(statuses(answers)).toEqual([200, 200, 429])
  expect(await leftOf('model=scarce')).toEqual({ requests: 0 })
  expect(await leftOf('provider=as-one')).toEqual({ requests: 0 })
  const report = (await gateway.admin('/limits')) as {
    rules: readonly object[]
    providers: readonly object[]
  }
  expect(report.rules[0]).toEqual({
    level: 'model',
    match: 'scarce',
    windows: [{ unit: 'requests', per: 'hour', limit: 2, burst: 2 }],
  })
  expect(report.providers).toContainEqual({
    provider: 'narrow',
    per: 'credential',
    windows: [{ unit: 'concurrent', per: null, limit: 1, burst: 1 }],
    queue: { longestWaitMs: 700, mostWaiting: 2 },
  })
  expect(await gateway.admin('/limits?key=key_0')).toMatchObject({ error: { code: 'not_found' } })
  expect(await gateway.admin('/limits?provider=nobody')).toMatchObject({ error: { code: 'not_found' } })
  expect(await gateway.admin('/limits?team=x')).toMatchObject({ error: { code: 'gateway_request_invalid' } })
})

test('the command line makes keys with limits and shows how they stand', async () => {
  const run = async (...words: readonly string[]): Promise<string> => {
    const child = Bun.spawn([...tgwProgram, ...words, '--data-dir', gateway.dataDir], {
      stdout: 'pipe',
      stderr: 'pipe',
      env: { PATH: process.env['PATH'] ?? '', HOME: gateway.dataDir },
    })
    const [out, problem] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    return out + problem
  }
  expect(
    await run('keys', 'create', '--name', 'lim', '--rpm', '7', '--tpm', '9000', '--concurrent', '2'),
  ).toContain('tgw-sk-')
  const shown = await run('limits', '--key', 'lim')
  expect(shown).toMatch(/key +key_\w+ +7 requests per minute +7 +7 +0 s/)
  expect(shown).toMatch(/9,000 tokens per minute/)
  expect(shown).toMatch(/2 at once +- +2 +-/)
  const rules = await run('limits')
  expect(rules).toMatch(/model +scarce +2 requests per hour +2/)
  expect(rules).toContain('at most 6 times in 10 s')
})

test('limits change while the gateway runs, and keep what was counted', async () => {
  const { id, secret } = await newKey({ concurrent: 10 })
  const write = (rule: string): void =>
    writeFileSync(
      gateway.configFile,
      [
        `data_dir: ${gateway.dataDir}`,
        'listen: { port: 0 }',
        ...config.map((line) => (line === 'limits:' ? `limits:\n  - ${rule}` : line)),
      ].join('\n'),
    )
  const reload = () => gateway.admin('/config/reload', { method: 'POST' })
  write('{ level: key, requests_per_day: 3 }')
  await reload()
  await waitFor(async () => ('requests' in (await leftOf(`key=${id}`)) ? true : undefined))
  expect(statuses([await post(secret), await post(secret)])).toEqual([200, 200])
  write('{ level: key, requests_per_day: 4, burst: 2 }')
  await reload()
  await waitFor(async () => ((await leftOf(`key=${id}`))['requests'] === 1 ? true : undefined))
  expect(statuses([await post(secret), await post(secret)])).toEqual([200, 429])
})
