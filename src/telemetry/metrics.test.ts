import { afterEach, describe, expect, test } from 'bun:test'
import { createMetrics, type Metrics } from './metrics.ts'

const open: Metrics[] = []
afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close()
})
const create = (options: Partial<Parameters<typeof createMetrics>[0]> = {}): Metrics => {
  const metrics = createMetrics({ version: '1.2.3', ...options })
  open.push(metrics)
  return metrics
}
/** The value of one series, e.g. `tollgate_tokens_total{provider="x",class="input"}`. */
const value = async (metrics: Metrics, series: string): Promise<number | undefined> => {
  const line = (await metrics.render()).split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('metrics', () => {
  test('count exchanges by protocol, operation, provider and outcome', async () => {
    const metrics = create()
    const sample = {
      protocol: 'anthropic-messages',
      operation: 'generate',
      provider: 'anthropic',
      outcome: 'ok',
      durationSeconds: 3,
      timeToFirstTokenSeconds: 0.3,
      overheadSeconds: 0.0004,
    }
    metrics.exchange(sample)
    metrics.exchange(sample)
    metrics.exchange({ ...sample, outcome: 'gateway_key_invalid', provider: 'none', durationSeconds: 0.001 })
    const labels = 'protocol="anthropic-messages",operation="generate"'
    expect(
      await value(metrics, `tollgate_exchanges_total{${labels},provider="anthropic",outcome="ok"}`),
    ).toBe(2)
    const refused = `tollgate_exchanges_total{${labels},provider="none",outcome="gateway_key_invalid"}`
    expect(await value(metrics, refused)).toBe(1)
    const byProvider = 'protocol="anthropic-messages",provider="anthropic"'
    const duration = 'tollgate_exchange_duration_seconds'
    expect(await value(metrics, `${duration}_bucket{le="2.5",${byProvider}}`)).toBe(0)
    expect(await value(metrics, `${duration}_bucket{le="5",${byProvider}}`)).toBe(2)
    expect(await value(metrics, `${duration}_bucket{le="+Inf",${byProvider}}`)).toBe(2)
    expect(await value(metrics, `${duration}_sum{${byProvider}}`)).toBe(6)
    expect(await value(metrics, `${duration}_count{${byProvider}}`)).toBe(2)
    expect(await value(metrics, `tollgate_time_to_first_token_seconds_bucket{le="0.4",${byProvider}}`)).toBe(
      2,
    )
    expect(await value(metrics, 'tollgate_overhead_seconds_count')).toBe(2 + 1)
  })

  test('count tokens by class, and nothing for what is unknown', async () => {
    const metrics = create()
    metrics.tokens('openai', { inputTokens: 100, outputTokens: 7, cacheReadTokens: 60, reasoningTokens: 0 })
    metrics.tokens('openai', { inputTokens: 1 })
    expect(await value(metrics, 'tollgate_tokens_total{provider="openai",class="input"}')).toBe(101)
    expect(await value(metrics, 'tollgate_tokens_total{provider="openai",class="cache_read"}')).toBe(60)
    expect(await value(metrics, 'tollgate_tokens_total{provider="openai",class="reasoning"}')).toBe(0)
    expect(
      await value(metrics, 'tollgate_tokens_total{provider="openai",class="cache_write"}'),
    ).toBeUndefined()
  })

  test('add up money as integers', async () => {
    const metrics = create()
    for (let index = 0; index < 1000; index += 1) metrics.cost('openai', 9_007_199_254_741n)
    expect(await value(metrics, 'tollgate_cost_nano_usd_total{provider="openai"}')).toBe(
      9_007_199_254_741_000,
    )
  })

  test('count attempts by class of status', async () => {
    const metrics = create()
    for (const result of [200, 201, 429, 503, 'timeout', 'unreachable'] as const)
      metrics.attempt('openai', result)
    const count = (label: string) =>
      value(metrics, `tollgate_upstream_attempts_total{provider="openai",status_class="${label}"}`)
    expect(await Promise.all(['2xx', '4xx', '5xx', 'timeout', 'unreachable'].map(count))).toEqual([
      2, 1, 1, 1, 1,
    ])
  })

  test('show what is open, what waits, and how often the worker was started again', async () => {
    const metrics = create({ workerRestarts: 3, commit: 'abc' })
    metrics.openExchanges.add(1)
    metrics.openExchanges.add(1)
    metrics.openExchanges.add(-1)
    metrics.openStreams.add(1)
    metrics.ledgerPending.set(12)
    metrics.ledgerSpooled.set(4)
    metrics.violation('openai-chat', 'delta-after-finish')
    expect(await value(metrics, 'tollgate_open_exchanges')).toBe(1)
    expect(await value(metrics, 'tollgate_open_streams')).toBe(1)
    expect(await value(metrics, 'tollgate_ledger_pending')).toBe(12)
    expect(await value(metrics, 'tollgate_ledger_spooled')).toBe(4)
    expect(await value(metrics, 'tollgate_worker_restarts_total')).toBe(3)
    const violations = 'tollgate_protocol_violation_total{protocol="openai-chat",rule="delta-after-finish"}'
    expect(await value(metrics, violations)).toBe(1)
    expect(await metrics.render()).toContain('tollgate_build_info{version="1.2.3",commit="abc",bun="')
  })

  test('tell of the process', async () => {
    const metrics = create()
    await Bun.sleep(1)
    expect(await value(metrics, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(await value(metrics, 'process_cpu_seconds_total')).toBeGreaterThan(0)
    const started = (await value(metrics, 'process_start_time_seconds')) ?? 0
    expect(Math.abs(Date.now() / 1000 - process.uptime() - started)).toBeLessThan(5)
    if (process.platform === 'linux') expect(await value(metrics, 'process_open_fds')).toBeGreaterThan(2)
    expect(await value(metrics, 'tollgate_event_loop_lag_seconds')).toBeGreaterThanOrEqual(0)
  })

  test('are a Prometheus exposition', async () => {
    const metrics = create()
    metrics.violation('openai-chat', 'quo"te\\and\nline')
    metrics.exchange({ protocol: 'a', operation: 'b', provider: 'c', outcome: 'd', durationSeconds: 1 })
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await metrics.render()
    const shape =
      /^(# HELP [a-z_]+ .+|# TYPE [a-z_]+ (counter|gauge|histogram)|[a-z_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [-+.0-9eInf]+|)$/
    for (const line of text.split('\n')) expect(line).toMatch(shape)
  })

  test('of two gateways in one process do not meet', async () => {
    const [one, two] = [create(), create()]
    one.openStreams.add(5)
    expect(await value(two, 'tollgate_open_streams')).toBe(0)
  })

  test('never throw at a number that is none', async () => {
    const metrics = create()
    const sample = { protocol: 'a', operation: 'b', provider: 'c', outcome: 'd', durationSeconds: Number.NaN }
    metrics.exchange(sample)
    metrics.tokens('c', { inputTokens: Number.NaN, outputTokens: -5 })
    metrics.cost('c', -5n)
    expect(await value(metrics, 'tollgate_tokens_total{provider="c",class="output"}')).toBe(0)
    expect(await value(metrics, 'tollgate_exchange_duration_seconds_count{protocol="a",provider="c"}')).toBe(
      0,
    )
  })
})

describe('labels', () => {
  test('beyond the bound are counted as other, and sums stay right', async () => {
    const metrics = create()
    const counter = metrics.registry.counter({
      name: 'demo_total',
      help: 'x',
      labels: ['name'],
      bounds: { values: 3 },
    })
    for (let index = 0; index < 10_000; index += 1) counter(`v${index % 1000}`).add()
    const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('demo_total{'))
    expect(lines).toEqual([
      'demo_total{name="v0"} 10',
      'demo_total{name="v1"} 10',
      'demo_total{name="v2"} 10',
      'demo_total{name="other"} 9970',
    ])
  })

  test('cannot multiply without end', async () => {
    const metrics = create()
    const labels = ['a', 'b']
    const counter = metrics.registry.counter({
      name: 'demo_total',
      help: 'x',
      labels,
      bounds: { series: 50 },
    })
    for (let a = 0; a < 100; a += 1) for (let b = 0; b < 100; b += 1) counter(`${a}`, `${b}`).add()
    const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('demo_total{'))
    expect(lines).toHaveLength(51)
    expect(lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)).toBe(10_000)
  })

  test('find the same instrument each time', () => {
    const counter = create().registry.counter({ name: 'demo_total', help: 'x', labels: ['a', 'b'] })
    expect(counter('1', '2')).toBe(counter('1', '2'))
    expect(counter('1', '2')).not.toBe(counter('2', '1'))
  })

  test('of a metric whose name is taken are refused', () => {
    const { registry } = create()
    expect(() => registry.counter({ name: 'tollgate_open_streams', help: 'x' })).toThrow(
      'already been registered',
    )
    expect(() => registry.counter({ name: 'Not-A-Name', help: 'x' })).toThrow('snake case')
  })
})
