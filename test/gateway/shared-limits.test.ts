import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { startGateway, type TestGateway, testAdminToken, testKey, waitFor } from '../support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'

const skipped = !redisAvailable('limits that gateways share')

const ok = () =>
  Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  })

const listen = '{ port: 0, trusted_proxies: [127.0.0.1] }'

let redis: RedisServer
let upstream: TestUpstream
let one: TestGateway
let two: TestGateway
const config = (): readonly string[] => [
  'retry: { tries: 1 }',
  // The machine of the tests may be busy.
  'limits_longest_wait: 900ms',
  'limits:',
  '  - { level: ip, match: 10.0.0.*, requests_per_day: 40 }',
  '  - { level: ip, match: 10.0.1.*, concurrent: 4 }',
  'providers:',
  `  well: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/v1", api_key: k, models: ["m"] }`,
]

beforeAll(async () => {
  if (skipped) return
  redis = await startRedis()
  upstream = startUpstream()
  upstream.answer = ok
  const options = { config: config(), listen, env: { TGW_REDIS_URL: redis.url } }
  ;[one, two] = await Promise.all([startGateway(options), startGateway(options)])
  await Promise.all([becomes(one, 'connected'), becomes(two, 'connected')])
  // Their first exchanges are slow.
  await granted('10.0.9.9', 20)
})
afterAll(async () => {
  if (skipped) return
  await Promise.all([one.stop(), two.stop()])
  await Promise.all([upstream.stop(), redis.stop()])
})

const becomes = (gateway: TestGateway, status: string): Promise<true> =>
  waitFor(async () => {
    const health = (await gateway.admin('/health')) as { redis?: string }
    return health.redis === status ? true : undefined
  }, 15_000)

let asked = 0
/** Each gateway has a key of its own; they have the addresses of their clients in common. */
const post = (gateway: TestGateway, address: string, body: object = {}, signal?: AbortSignal) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${testKey}`,
      'x-forwarded-for': address,
    },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: `hi ${asked++}` }], ...body }),
    ...(signal === undefined ? {} : { signal }),
  })

/** So few that a busy machine does not let them wait for Redis. */
const atOnce = 10

const granted = async (address: string, times: number): Promise<{ one: number; two: number }> => {
  const results: { readonly name: 'one' | 'two'; readonly status: number }[] = []
  const send = async (at: number): Promise<void> => {
    const name = at % 2 === 0 ? 'one' : 'two'
    const response = await post(name === 'one' ? one : two, address)
    await response.bytes()
    results.push({ name, status: response.status })
  }
  for (let at = 0; at < times; at += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, next) => send(at + next)))
  }
  const count = (wanted: string) =>
    results.filter(({ name, status }) => name === wanted && status === 200).length
  expect(results.every(({ status }) => status === 200 || status === 429)).toBe(true)
  return { one: count('one'), two: count('two') }
}

const metric = async (gateway: TestGateway, name: string): Promise<string | undefined> => {
  const response = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${testAdminToken}` },
  })
  return new RegExp(`^${name} (\\d+)$`, 'm').exec(await response.text())?.[1]
}
const lines = (gateway: TestGateway, part: string): number => gateway.log().split(part).length - 1

test.skipIf(skipped)('two gateways share one limit, exactly', async () => {
  const { one: first, two: second } = await granted('10.0.0.1', 100)
  expect(first + second).toBe(40)
  expect(first).toBeGreaterThan(0)
  expect(second).toBeGreaterThan(0)
})

test.skipIf(skipped)('two gateways share places, and a place that one frees the other can take', async () => {
  const streams = Array.from({ length: 4 }, () => scriptedStream())
  let next = 0
  const chunk = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { role: 'assistant', content: 'x' }, finish_reason: null }] })}\n\n`
  upstream.answer = () => {
    const stream = streams[next++]
    stream?.write(chunk)
    return stream?.response() ?? ok()
  }
  const leaving = new AbortController()
  const open = await Promise.all([
    post(one, '10.0.1.1', { stream: true }, leaving.signal),
    post(one, '10.0.1.1', { stream: true }),
    post(two, '10.0.1.1', { stream: true }),
    post(two, '10.0.1.1', { stream: true }),
  ])
  expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const refused = await Promise.all([post(one, '10.0.1.1'), post(two, '10.0.1.1')])
  expect(refused.map(({ headers }) => headers.get('x-tollgate-error'))).toEqual([
    'gateway_concurrency_limited',
    'gateway_concurrency_limited',
  ])
  leaving.abort()
  upstream.answer = ok
  await waitFor(async () => ((await post(two, '10.0.1.1')).status === 200 ? true : undefined))
  for (const response of open.slice(1)) await response.body?.cancel()
})

test.skipIf(skipped)(
  'a Redis that does not answer is waited for a moment; without it each has its half, says so once, and counts with the other again',
  async () => {
    expect(await metric(one, 'tollgate_limits_alone')).toBe('0')
    redis.freeze()
    const startedAt = performance.now()
    const slow = await post(one, '10.0.0.2')
    expect(slow.status).toBe(200)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    redis.thaw()
    await waitFor(async () => {
      await post(one, '10.0.0.2')
      return (await metric(one, 'tollgate_limits_alone')) === '0' ? true : undefined
    })

    await redis.crash()
    await Promise.all([becomes(one, 'away'), becomes(two, 'away')])
    const before = lines(two, 'each counts alone')
    expect(await granted('10.0.0.3', 100)).toEqual({ one: 20, two: 20 })
    expect(lines(two, 'each counts alone')).toBe(before + 1)
    expect(two.log()).toContain('"share":"1/2"')
    expect(await metric(two, 'tollgate_limits_alone')).toBe('1')

    await redis.restart()
    await Promise.all([becomes(one, 'connected'), becomes(two, 'connected')])
    const { one: first, two: second } = await granted('10.0.0.4', 100)
    expect(first + second).toBe(40)
    expect(await metric(two, 'tollgate_limits_alone')).toBe('0')
  },
  60_000,
)

test.skipIf(skipped)(
  '`limits_when_away: refuse` answers 503 where a limit applies, and nowhere else',
  async () => {
    writeFileSync(
      two.configFile,
      [`data_dir: ${two.dataDir}`, `listen: ${listen}`, ...config(), 'limits_when_away: refuse'].join('\n'),
    )
    await two.admin('/config/reload', { method: 'POST' })
    await redis.crash()
    await becomes(two, 'away')
    const refused = await post(two, '10.0.0.5')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('x-tollgate-error')).toBe('gateway_state_unavailable')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await post(two, '10.0.9.1')).status).toBe(200)
    await redis.restart()
    await becomes(two, 'connected')
    expect((await post(two, '10.0.0.5')).status).toBe(200)
  },
  60_000,
)
