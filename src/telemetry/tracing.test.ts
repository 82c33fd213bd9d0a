import { afterEach, describe, expect, test } from 'bun:test'
import { processorTime } from '../../test/support/processor-time.ts'
import { createTracer, noTracer, type Tracer, type TracingSettings } from './tracing.ts'

interface ReceivedSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, unknown>>
}

/** A collector that speaks OTLP over HTTP with JSON, as the specification has it. */
const startCollector = () => {
  const spans: ReceivedSpan[] = []
  const requests: Request[] = []
  let resource: Readonly<Record<string, unknown>> = {}
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      requests.push(request)
      const text = await request.text()
      for (const batch of JSON.parse(text).resourceSpans) {
        resource = attributesOf(batch.resource.attributes)
        for (const span of batch.scopeSpans.flatMap((scope: { spans: unknown[] }) => scope.spans)) {
          const { name, kind, traceId, spanId, parentSpanId, status } = span
          spans.push({
            name,
            kind,
            traceId,
            spanId,
            parentSpanId,
            failed: status.code === 2,
            attributes: attributesOf(span.attributes),
          })
        }
      }
      return Response.json({})
    },
  })
  stops.push(() => server.stop(true))
  return { spans, requests, resource: () => resource, url: `http://127.0.0.1:${server.port}` }
}

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> }
const attributesOf = (list: readonly Attribute[]) =>
  Object.fromEntries(list.map(({ key, value }) => [key, value['arrayValue'] ?? Object.values(value)[0]]))

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
const create = async (settings: TracingSettings): Promise<Tracer> => {
  const tracer = await createTracer(settings)
  stops.push(() => tracer.shutdown(100))
  return tracer
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

describe('tracing', () => {
  test('sends an exchange and its attempt under the names of the conventions', async () => {
    const collector = startCollector()
    const tracer = await create({ endpoint: collector.url, version: '1.2.3', headers: { 'x-scope': 'team' } })
    const exchange = tracer.startExchange(
      { traceparent: `00-${traceId}-${parentId}-01` },
      { requestId: 'req_1', protocol: 'openai-chat' },
    )
    exchange.set({ operation: 'generate', requestModel: 'gpt-5.1', stream: true })
    const attempt = tracer.startAttempt(exchange, {
      operation: 'generate',
      provider: 'google',
      requestModel: 'gemini-3-pro',
      serverAddress: 'generativelanguage.googleapis.com',
      serverPort: 443,
    })
    attempt.set({
      status: 200,
      responseModel: 'gemini-3-pro-001',
      responseId: 'resp_9',
      finishReasons: ['stop'],
      inputTokens: 12,
      outputTokens: 34,
      cacheReadTokens: 5,
      reasoningTokens: 6,
      timeToFirstTokenSeconds: 0.25,
    })
    attempt.end()
    exchange.end('gateway_client_gone')
    await tracer.shutdown()

    const [sentAttempt, sentExchange] = collector.spans
    expect(sentExchange).toMatchObject({
      name: 'chat gpt-5.1',
      kind: 2,
      traceId,
      parentSpanId: parentId,
      failed: true,
    })
    expect(sentExchange?.attributes).toEqual({
      'tollgate.request.id': 'req_1',
      'tollgate.protocol': 'openai-chat',
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt-5.1',
      'gen_ai.request.stream': true,
      'error.type': 'gateway_client_gone',
    })
    expect(sentAttempt).toMatchObject({ name: 'chat gemini-3-pro', kind: 3, traceId, failed: false })
    expect(sentAttempt?.parentSpanId).toBe(sentExchange?.spanId)
    expect(sentAttempt?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.system': 'gcp.gemini',
      'gen_ai.request.model': 'gemini-3-pro',
      'gen_ai.response.model': 'gemini-3-pro-001',
      'gen_ai.response.id': 'resp_9',
      'gen_ai.response.finish_reasons': { values: [{ stringValue: 'stop' }] },
      'gen_ai.usage.input_tokens': 12,
      'gen_ai.usage.output_tokens': 34,
      'gen_ai.usage.cache_read.input_tokens': 5,
      'gen_ai.usage.reasoning.output_tokens': 6,
      'gen_ai.response.time_to_first_chunk': 0.25,
      'http.response.status_code': 200,
      'server.address': 'generativelanguage.googleapis.com',
      'server.port': 443,
    })
    expect(collector.resource()).toMatchObject({ 'service.name': 'tollgate', 'service.version': '1.2.3' })
    expect(new URL(collector.requests[0]?.url ?? '').pathname).toBe('/v1/traces')
    expect(collector.requests[0]?.headers.get('x-scope')).toBe('team')
  })

  test('hands out a traceparent that a peer can go on with', async () => {
    const collector = startCollector()
    const tracer = await create({ endpoint: `${collector.url}/v1/traces` })
    const first = tracer.startExchange({ traceparent: `00-${traceId}-${parentId}-01` })
    const second = tracer.startExchange({ traceparent: first.traceparent })
    first.end()
    second.end()
    await tracer.shutdown()
    expect(collector.spans.map((span) => span.traceId)).toEqual([traceId, traceId])
    expect(collector.spans[1]?.parentSpanId).toBe(collector.spans[0]?.spanId)
  })

  test.each([
    undefined,
    null,
    '',
    'x',
    `00-${traceId}-${parentId}`,
    `ff-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-01-more`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    '0'.repeat(100_000),
  ])('begins a new trace when the client sent none that is valid (%#)', async (traceparent) => {
    const collector = startCollector()
    const tracer = await create({ endpoint: collector.url })
    tracer.startExchange({ traceparent }).end()
    await tracer.shutdown()
    expect(collector.spans[0]?.parentSpanId ?? '').toBe('')
    expect(collector.spans[0]?.traceId).not.toBe(traceId)
  })

  test('follows the caller who does not record, and the share of its own', async () => {
    const collector = startCollector()
    const tracer = await create({ endpoint: collector.url, sampleRatio: 0 })
    tracer.startExchange({}).end()
    tracer.startExchange({ traceparent: `00-${traceId}-${parentId}-00` }).end()
    tracer.startExchange({ traceparent: `00-${traceId}-${parentId}-01` }).end()
    await tracer.shutdown()
    expect(collector.spans).toHaveLength(1)
  })

  test('masks secrets and bounds what a client can put into a span', async () => {
    const collector = startCollector()
    const tracer = await create({ endpoint: collector.url })
    const span = tracer.startExchange({}, { requestModel: `sk-c4n4ry01234567 ${'x'.repeat(100_000)}` })
    span.set({ responseId: 'tgw-sk-c4n4ry', finishReasons: ['Bearer c4n4ry'] })
    span.end('failed with Bearer c4n4ry')
    await tracer.shutdown()
    const sent = JSON.stringify(collector.spans)
    expect(sent).not.toContain('c4n4ry')
    expect(sent.length).toBeLessThan(2000)
  })

  test('delivers many spans in batches', async () => {
    const collector = startCollector()
    const tracer = await create({ endpoint: collector.url, maximumQueue: 20_000 })
    for (let index = 0; index < 5000; index += 1)
      tracer.startExchange({}, { requestId: `req_${index}` }).end()
    await tracer.shutdown()
    expect(new Set(collector.spans.map((span) => span.attributes['tollgate.request.id'])).size).toBe(5000)
    expect(collector.requests.length).toBeLessThan(20)
  })
})

describe('a collector that is away', () => {
  const closedPort = (): string => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const url = `http://127.0.0.1:${server.port}`
    server.stop(true)
    return url
  }

  test('costs neither time nor memory, and does not hold up the end', async () => {
    const tracer = await create({ endpoint: closedPort(), maximumQueue: 1000, exportInterval: 5 })
    const start = processorTime()
    for (let index = 0; index < 50_000; index += 1) tracer.startExchange({}, { requestId: 'x' }).end()
    expect(processorTime() - start).toBeLessThan(5000)
    const before = performance.now()
    await tracer.shutdown(200)
    expect(performance.now() - before).toBeLessThan(5000)
  })

  test('is told of once, and so is its return', async () => {
    const notices: string[] = []
    let failing = true
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => (failing ? new Response('no', { status: 400 }) : Response.json({})),
    })
    stops.push(() => server.stop(true))
    const tracer = await create({
      endpoint: `http://127.0.0.1:${server.port}`,
      exportInterval: 5,
      onNotice: (message) => notices.push(message),
    })
    const until = async (count: number): Promise<void> => {
      const deadline = Date.now() + 4000
      while (notices.length < count && Date.now() < deadline) {
        tracer.startExchange({}).end()
        await Bun.sleep(10)
      }
    }
    await until(1)
    for (let index = 0; index < 10; index += 1) {
      tracer.startExchange({}).end()
      await Bun.sleep(10)
    }
    failing = false
    await until(2)
    expect(notices).toEqual(['traces cannot be delivered', 'traces are delivered again'])
  })
})

describe('without an endpoint', () => {
  test('nothing is traced and nothing is made', async () => {
    const tracer = await createTracer({})
    expect(tracer).toBe(noTracer)
    const exchange = tracer.startExchange({ traceparent: `00-${traceId}-${parentId}-01` })
    const attempt = tracer.startAttempt(exchange, { provider: 'openai' })
    expect(attempt).toBe(exchange)
    expect([exchange.traceparent, exchange.traceId, tracer.enabled]).toEqual([undefined, undefined, false])
    attempt.set({ status: 200 })
    attempt.end()
    await tracer.shutdown()
  })
})
