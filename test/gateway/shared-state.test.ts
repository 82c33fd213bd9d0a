import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  freePort,
  startGateway,
  type TestGateway,
  testAdminToken,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { tgwProgram } from '../support/program.ts'
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const password = 'open-sesame-of-redis'

const ok = () =>
  Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  })
const broken = () =>
  Response.json({ error: { message: 'no', type: 'server_error', code: null, param: null } }, { status: 500 })

const provider = (name: string, url: string): string =>
  `  ${name}: { kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/v1", api_key: k, models: ["nothing"] }`
const pair = (name: string, first: string): string =>
  `  - { match: ${name}, targets: [{ provider: ${first}, model: m }, { provider: well, model: m }] }`

const ask = async (gateway: TestGateway, model: string) => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.bytes()
  return { status: response.status, provider: response.headers.get('x-tollgate-provider') }
}
const answered = { status: 200, provider: 'well' }

const redisOf = async (gateway: TestGateway): Promise<unknown> => {
  const health = await gateway.admin('/health')
  return typeof health === 'object' && health !== null && 'redis' in health ? health.redis : undefined
}
const becomes = (gateway: TestGateway, status: string): Promise<true> =>
  waitFor(async () => ((await redisOf(gateway)) === status ? true : undefined), 15_000)

const connectedMetric = async (gateway: TestGateway): Promise<string | undefined> => {
  const response = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${testAdminToken}` },
  })
  return /^tollgate_redis_connected (\d)$/m.exec(await response.text())?.[1]
}
const count = (text: string, part: string): number => text.split(part).length - 1

/** A free port that nobody listens on: connections are refused. */
const closedPort = freePort

describe.skipIf(!redisAvailable('two gateways that share what they learn'))(
  'two gateways on one Redis',
  () => {
    let redis: RedisServer
    let failing: TestUpstream
    let well: TestUpstream
    let one: TestGateway
    let two: TestGateway

    beforeAll(async () => {
      redis = await startRedis(['--requirepass', password])
      failing = startUpstream()
      well = startUpstream()
      const options = {
        config: [
          'retry: { backoff: 5ms, budget: 1 }',
          // Longer than the test: nobody probes.
          'circuits: { failures: 3, open_for: 300s, longest_open: 300s }',
          'providers:',
          provider('well', well.url),
          ...['broken', 'lonely'].map((name) => provider(name, failing.url)),
          provider('refusing', `http://127.0.0.1:${closedPort()}`),
          'routes:',
          ...['broken', 'lonely', 'refusing'].map((name) => pair(`to-${name}`, name)),
        ],
        env: { TGW_REDIS_URL: `redis://:${password}@127.0.0.1:${redis.port}` },
      }
      ;[one, two] = await Promise.all([startGateway(options), startGateway(options)])
      await Promise.all([becomes(one, 'connected'), becomes(two, 'connected')])
    })
    afterAll(async () => {
      await Promise.all([one.stop(), two.stop()])
      await Promise.all([failing.stop(), well.stop(), redis.stop()])
    })
    beforeEach(() => {
      failing.seen.length = 0
      failing.answer = broken
      well.answer = ok
    })

    const leftAlone = (gateway: TestGateway, name: string): Promise<true> =>
      waitFor(async () => {
        expect(await ask(gateway, `to-${name}`)).toEqual(answered)
        const line = gateway
          .log()
          .split('\n')
          .find((text) => text.includes('is left alone') && text.includes(`${name}/`))
        return line === undefined ? undefined : true
      })

    test('an upstream that fails one is within a second left alone by the other, which never called it', async () => {
      await leftAlone(one, 'broken')
      const opened = performance.now()
      const calls = failing.seen.length
      expect(calls).toBeGreaterThanOrEqual(3)
      await Bun.sleep(1_000 - (performance.now() - opened))
      for (let time = 0; time < 6; time++) expect(await ask(two, 'to-broken')).toEqual(answered)
      expect(failing.seen.length).toBe(calls)
      expect(await connectedMetric(two)).toBe('1')
    })

    test('so is one that refuses connections', async () => {
      const attempts = async (gateway: TestGateway): Promise<number> => {
        const response = await fetch(`${gateway.url}/metrics`, {
          headers: { authorization: `Bearer ${testAdminToken}` },
        })
        const found = /tollgate_upstream_attempts_total\{provider="refusing"[^}]*\} (\d+)/.exec(
          await response.text(),
        )
        return Number(found?.[1] ?? 0)
      }
      await leftAlone(one, 'refusing')
      await Bun.sleep(1_000)
      for (let time = 0; time < 6; time++) expect(await ask(two, 'to-refusing')).toEqual(answered)
      expect(await attempts(one)).toBeGreaterThanOrEqual(3)
      expect(await attempts(two)).toBe(0)
    })

    test('without Redis each goes on alone and says so once, and when it is back they share what they learned', async () => {
      // Where the machine is slow, one may have been away for a moment before.
      const said = new Map([one, two].map((gateway) => [gateway, gateway.log().length]))
      const saidSince = (gateway: TestGateway): string => gateway.log().slice(said.get(gateway))
      await redis.crash()
      await Promise.all([becomes(one, 'away'), becomes(two, 'away')])
      for (const gateway of [one, two]) {
        expect(await ask(gateway, 'to-broken')).toEqual(answered)
        expect(await connectedMetric(gateway)).toBe('0')
      }
      // What both knew still holds for both.
      expect(failing.seen.length).toBe(0)

      await leftAlone(one, 'lonely')
      const calls = failing.seen.length
      await Bun.sleep(1_000)
      expect(await ask(two, 'to-lonely')).toEqual(answered)
      expect(failing.seen.length).toBeGreaterThan(calls)

      // Several failed attempts to connect by now, and one line.
      for (const gateway of [one, two]) {
        const lines = saidSince(gateway)
          .split('\n')
          .filter((line) => line.includes('redis is away'))
        expect(lines.length).toBe(1)
        expect(lines[0]).toContain('goes on alone')
      }

      await redis.restart()
      await Promise.all([becomes(one, 'connected'), becomes(two, 'connected')])
      await Bun.sleep(1_000)
      const before = failing.seen.length
      for (let time = 0; time < 6; time++) {
        expect(await ask(two, 'to-lonely')).toEqual(answered)
        expect(await ask(two, 'to-broken')).toEqual(answered)
      }
      expect(failing.seen.length).toBe(before)
      for (const gateway of [one, two]) {
        expect(count(saidSince(gateway), 'redis is connected')).toBe(1)
        expect(gateway.log()).not.toContain(password)
      }
    }, 60_000)
  },
)

const hasTls = redisAvailable('TLS') && Bun.which('openssl') !== null
if (!hasTls) console.warn('SKIPPED: Redis over TLS: no redis-server or no openssl in PATH')
test.skipIf(!hasTls)(
  'rediss:// is encrypted, and connects only where the certificate is trusted',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const made = Bun.spawnSync(
      [
        ...['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=redis'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      ],
      { stdout: 'ignore', stderr: 'ignore' },
    )
    expect(made.exitCode).toBe(0)
    const tlsPort = freePort()
    const redis = await startRedis([
      ...['--tls-port', String(tlsPort), '--tls-cert-file', cert, '--tls-key-file', key],
      ...['--tls-auth-clients', 'no'],
    ])
    const config = [`redis: { url: "rediss://127.0.0.1:${tlsPort}" }`]
    const [trusting, strange] = await Promise.all([
      startGateway({ config: [...config, `ca_file: ${cert}`] }),
      startGateway({ config }),
    ])
    try {
      await becomes(trusting, 'connected')
      await waitFor(() => (strange.log().includes('redis is away') ? true : undefined))
      expect(await redisOf(strange)).toBe('away')
    } finally {
      await Promise.all([trusting.stop(), strange.stop()])
      await redis.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

test('a Redis that is away at the start keeps no gateway from starting', async () => {
  const well = startUpstream()
  well.answer = ok
  const url = `redis://:${password}@127.0.0.1:${closedPort()}`
  const gateway = await startGateway({
    config: [`redis: { url: "${url}" }`, 'providers:', provider('well', well.url)],
  })
  try {
    expect(await ask(gateway, 'well/m')).toEqual(answered)
    expect(await redisOf(gateway)).toBe('away')
    await waitFor(() => (gateway.log().includes('redis is away') ? true : undefined))
    const ready = await fetch(`${gateway.url}/readyz`)
    expect(ready.status).toBe(200)
    expect(JSON.stringify(await gateway.admin('/config'))).not.toContain(password)
    const doctor = Bun.spawn([...tgwProgram, 'doctor', '--json', '--config', gateway.configFile], {
      stdout: 'pipe',
      stderr: 'ignore',
      env: { PATH: process.env['PATH'] ?? '', HOME: gateway.dataDir },
    })
    const said = await new Response(doctor.stdout).text()
    const { findings }: { findings: readonly { check: string; state: string }[] } = JSON.parse(said)
    expect(findings.find(({ check }) => check === 'redis')?.state).toBe('note')
    expect(said).not.toContain(password)
  } finally {
    await gateway.stop()
    await well.stop()
  }
})
