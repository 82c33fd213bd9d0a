import { describe, expect, test } from 'bun:test'
import type { Credential, Provider } from '../../providers/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { createUpstreamHealth } from '../attempts/index.ts'
import { createHealthChecks, type HealthCheck } from './health-checks.ts'
import { probe } from './probe.ts'
import type { ProbeResult } from './probe-result.ts'

const provider = (id: string, origin = 'http://127.0.0.1:1', more: Partial<Provider> = {}): Provider => ({
  id,
  kind: 'openai-compatible',
  speaks: () => ['openai-chat'],
  serves: () => true,
  url: ({ path, query }) => new URL(`${origin}${path}?${query}`),
  authorize: (headers, credential) => headers.set('authorization', `Bearer ${credential.reveal?.()}`),
  listedModels: () => [],
  streamUsage: 'ask',
  ...more,
})
const credential = (id: string, origin = 'http://127.0.0.1:1'): Credential => ({
  id,
  origin,
  reveal: () => `secret of ${id}`,
})
const check = (id: string, more: Partial<HealthCheck> = {}): HealthCheck => ({
  provider: provider(id),
  credentials: [credential(`${id}/1`)],
  every: 30_000,
  timeout: 5000,
  failures: 3,
  ...more,
})

const bench = (checks: readonly HealthCheck[]) => {
  const clock = { time: 1_000_000 }
  const now = () => clock.time
  const changes: string[] = []
  const health = createUpstreamHealth({
    now,
    onCircuit: ({ upstream, state }) => changes.push(`${upstream} ${state}`),
  })
  const metrics = createMetrics({ version: '1' })
  const asked: string[] = []
  const state = { result: 'ok' as ProbeResult, checks }
  const all = createHealthChecks({
    checks: () => state.checks,
    health,
    registry: metrics.registry,
    logger: { warn() {} },
    now,
    random: () => 0.5,
    probe: async ({ id }, { id: key }) => {
      asked.push(`${id} ${key}`)
      return state.result
    },
  })
  return { clock, health, changes, asked, state, all, metrics }
}

describe('a provider that is looked after', () => {
  test('is looked at with each of its credentials, each time after a while of its own', async () => {
    const both = check('one', { credentials: [credential('one/1'), credential('one/2')] })
    const { clock, asked, all, metrics } = bench([both, check('two', { every: 90_000 })])
    await all.tick()
    expect(asked).toEqual([])
    clock.time += 15_000
    await all.tick()
    await all.tick()
    expect(asked).toEqual(['one one/1', 'one one/2'])
    clock.time += 30_000
    await all.tick()
    expect(asked.slice(2)).toEqual(['one one/1', 'one one/2', 'two two/1'])
    expect(await metrics.render()).toContain('tollgate_health_check_total{provider="one",result="ok"} 4')
    metrics.close()
  })

  test('is left alone after failures in a row, until a check succeeds', async () => {
    const { clock, health, changes, state, all, metrics } = bench([check('one')])
    const look = async (result: ProbeResult) => {
      state.result = result
      clock.time += 30_000
      await all.tick()
    }
    await all.tick()
    await look('unreachable')
    await look('failed')
    await look('ok')
    await look('timeout')
    await look('unreachable')
    expect(health.reach.isDown('one', 'one/1')).toBe(false)
    await look('failed')
    expect(health.reach.isDown('one', 'one/1')).toBe(true)
    expect(health.reach.isDown('one', 'one/2')).toBe(false)
    expect(all.of('one')).toMatchObject([
      { credential: 'one/1', result: 'failed', failures: 3, isDown: true },
    ])
    await look('unreachable')
    expect(changes).toEqual(['one/* one/1 open'])
    await look('ok')
    expect(health.reach.isDown('one', 'one/1')).toBe(false)
    expect(changes).toEqual(['one/* one/1 open', 'one/* one/1 closed'])
    expect(all.of('one')).toMatchObject([{ result: 'ok', failures: 0, isDown: false }])
    metrics.close()
  })

  test('is asked again once nobody looks any more', async () => {
    const { clock, health, state, all, metrics } = bench([check('one', { failures: 1 })])
    state.result = 'unreachable'
    await all.tick()
    clock.time += 30_000
    await all.tick()
    expect(health.reach.isDown('one', 'one/1')).toBe(true)
    state.checks = []
    await all.tick()
    expect(health.reach.isDown('one', 'one/1')).toBe(false)
    expect(all.of('one')).toEqual([])

    // A process that died in the middle takes nothing away.
    health.reach.lost('one', 'one/1', clock.time + 70_000)
    clock.time += 70_001
    expect(health.reach.isDown('one', 'one/1')).toBe(false)
    metrics.close()
  })

  test('closes circuits that are open for want of a connection, and no others', async () => {
    const { clock, health, all, metrics } = bench([check('one')])
    const opened = (upstream: string, isUnreachable: boolean) => {
      const circuit = health.circuits.of(upstream)
      for (let call = 0; call < 5; call++) circuit.admit()?.failed(isUnreachable)
      expect(circuit.state).toBe('open')
      return circuit
    }
    const refused = opened('one/m one/1', true)
    const broken = opened('one/n one/1', false)
    const other = opened('one/m one/2', true)
    const longer = opened('one-more/m one/1', true)
    await all.tick()
    clock.time += 16_000
    // By now they are half open; one may probe, and nobody needs to wait for it where a check has succeeded.
    await all.tick()
    expect([refused, broken, other, longer].map(({ state }) => state)).toEqual([
      'closed',
      'half-open',
      'half-open',
      'half-open',
    ])
    metrics.close()
  })
})

describe('a look at a provider', () => {
  const server = (answer: (request: Request) => Response | Promise<Response>) => {
    const seen: { method: string; path: string; headers: Headers }[] = []
    const listening = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch(request) {
        const { pathname, search } = new URL(request.url)
        seen.push({ method: request.method, path: pathname + search, headers: new Headers(request.headers) })
        return answer(request)
      },
    })
    const origin = `http://127.0.0.1:${listening.port}`
    return { seen, origin, stop: () => listening.stop(true) }
  }
  const look = (
    origin: string,
    path?: string,
    more: Partial<Provider> = {},
    signal: AbortSignal = AbortSignal.timeout(2000),
  ) => probe(provider('one', origin, more), credential('one/1', origin), path, signal)

  test('reads its models with its credential, as its protocol has it', async () => {
    const { seen, origin, stop } = server(() => Response.json({ data: [] }))
    expect(await look(origin)).toBe('ok')
    expect(await look(origin, undefined, { speaks: () => ['anthropic-messages'] })).toBe('ok')
    expect(await look(origin, undefined, { speaks: () => ['gemini'] })).toBe('ok')
    expect(await look(origin, '/health?deep=1')).toBe('ok')
    expect(seen.map(({ method, path }) => [method, path])).toEqual([
      ['GET', '/v1/models'],
      ['GET', '/v1/models'],
      ['GET', '/v1beta/models?pageSize=1'],
      ['GET', '/health?deep=1'],
    ])
    for (const request of seen) expect(request.headers.get('authorization')).toBe('Bearer secret of one/1')
    expect(seen[1]?.headers.get('anthropic-version')).toBe('2023-06-01')
    await stop()
  })

  test('tells what is broken from what is refused, silent or not there', async () => {
    let status = 200
    const { origin, stop } = server(() => new Response('no', { status }))
    for (const [answered, result] of [
      [401, 'ok'],
      [404, 'ok'],
      [429, 'ok'],
      [302, 'ok'],
      [500, 'failed'],
      [503, 'failed'],
    ] as const) {
      status = answered
      expect([answered, await look(origin)]).toEqual([answered, result])
    }
    await stop()
    expect(await look(origin)).toBe('unreachable')
    const silent = server(() => new Promise(() => {}))
    expect(await look(silent.origin, undefined, {}, AbortSignal.timeout(50))).toBe('timeout')
    await silent.stop()
  })

  test('never takes the credential to another origin', async () => {
    const other = server(() => Response.json({}))
    const elsewhere = provider('one', other.origin)
    const signal = AbortSignal.timeout(1000)
    expect(await probe(elsewhere, credential('one/1', 'http://127.0.0.1:1'), undefined, signal)).toBe(
      'failed',
    )
    expect(await probe(elsewhere, credential('one/1', other.origin), '/\\evil.example/', signal)).toBe(
      'failed',
    )
    expect(other.seen).toEqual([])
    await other.stop()
  })
})
