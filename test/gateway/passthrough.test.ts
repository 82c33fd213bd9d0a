import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'
import { type WireCase, wireCases } from './wire-cases.ts'

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'timeouts: { idle: 1s }',
      'aliases: { "nick": "up-openai/test-model", "embed-nick": "up-gemini/test-gemini" }',
      'providers:',
      `  up-openai: { kind: openai-compatible, protocols: [openai-chat, openai-responses, openai-embeddings], base_url: "${upstream.url}/v1", api_key: upstream-secret-key, models: ["test-model"] }`,
      `  up-anthropic: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: upstream-secret-key, models: ["test-claude"] }`,
      `  up-gemini: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: upstream-secret-key, models: ["test-gemini"] }`,
      'prices:',
      '  - { match: "test-*", input_per_mtok: "1", output_per_mtok: "2" }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

beforeEach(() => {
  upstream.seen.length = 0
  upstream.aborted = 0
})

const call = (
  one: WireCase,
  body: string,
  init: { headers?: Record<string, string>; path?: string; signal?: AbortSignal } = {},
) =>
  fetch(gateway.url + (init.path ?? one.path), {
    method: 'POST',
    headers: { 'content-type': 'application/json', [one.keyHeader]: one.keyValue(testKey), ...init.headers },
    body,
    ...(init.signal === undefined ? {} : { signal: init.signal }),
  })

const lastEntry = async () => {
  const [entry] = await ledgerEntries(gateway)
  if (entry === undefined) throw new Error('no ledger entry')
  return entry
}

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

for (const one of wireCases) {
  describe(`${one.protocol} through the gateway`, () => {
    test('a request arrives byte for byte, but for its credentials', async () => {
      upstream.answer = () => Response.json(one.wholeAnswer)
      const body = `${one.body.slice(0, -1)}, "future_field": {"a":1.0,"b":[12345678901234567890]}  }`
      const response = await call(one, body, {
        path: `${one.path}?beta=true`,
        headers: {
          'anthropic-beta': 'x-2026, y-2026',
          'x-stainless-lang': 'js',
          'user-agent': 'my-agent/1.0',
          cookie: 'session=1',
          'x-forwarded-for': '10.0.0.1',
          'openai-organization': 'org-client',
        },
      })
      expect(response.status).toBe(200)
      const [seen] = upstream.seen
      expect(textOf(seen?.body)).toBe(body)
      expect(seen?.path).toBe(one.upstreamPath)
      expect(seen?.query).toBe('?beta=true')
      expect(seen?.headers).toMatchObject({
        'anthropic-beta': 'x-2026, y-2026',
        'x-stainless-lang': 'js',
        'user-agent': 'my-agent/1.0',
      })
      expect(JSON.stringify(seen?.headers)).toContain('upstream-secret-key')
      const everything = JSON.stringify(seen?.headers) + seen?.query
      for (const secret of [testKey, 'session=1', '10.0.0.1', 'org-client', 'x-tollgate']) {
        expect(everything).not.toContain(secret)
      }
    })

    test('a whole answer comes back byte for byte and is metered', async () => {
      const bytes = `${JSON.stringify(one.wholeAnswer, null, 1)}\n`
      upstream.answer = () =>
        new Response(bytes, {
          status: 200,
          headers: {
            'content-type': 'application/json',
            'x-request-id': 'vendor-1',
            'set-cookie': 'a=b',
            'x-tollgate-cost': 'forged',
            'access-control-allow-origin': '*',
          },
        })
      const response = await call(one, one.body)
      expect(await response.text()).toBe(bytes)
      expect(response.headers.get('x-request-id')).toBe('vendor-1')
      expect(response.headers.get('set-cookie')).toBeNull()
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      expect(response.headers.get('x-tollgate-cost')).toBe(one.cost)
      const entry = await lastEntry()
      expect(entry).toMatchObject({
        outcome: 'success',
        clientProtocol: one.protocol,
        usage: one.usage,
        costUsd: one.cost,
        streamed: false,
      })
    })

    test('a compressed whole answer stays compressed and is metered all the same', async () => {
      const bytes = gzipSync(JSON.stringify(one.wholeAnswer))
      upstream.answer = () =>
        new Response(bytes, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })
      const response = await fetch(gateway.url + one.path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          [one.keyHeader]: one.keyValue(testKey),
          'accept-encoding': 'gzip',
        },
        body: one.body,
        decompress: false,
      })
      expect(Buffer.from(await response.bytes())).toEqual(bytes)
      expect(await lastEntry()).toMatchObject({ outcome: 'success', usage: one.usage })
    })

    test('an error answer comes back untouched, with its status and retry-after', async () => {
      const bytes = JSON.stringify({ error: { message: 'slow down', type: 'rate_limit_error' } })
      upstream.answer = () =>
        new Response(bytes, {
          status: 429,
          headers: { 'retry-after': '7', 'content-type': 'application/json' },
        })
      const response = await call(one, one.body)
      expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
        429,
        '7',
        bytes,
      ])
      expect(await lastEntry()).toMatchObject({ outcome: 'upstream_error', status: 429, costUsd: '0.00' })
    })

    test('a refused credential of ours is not blamed on the client', async () => {
      upstream.answer = () =>
        Response.json({ error: { message: 'bad key upstream-secret-key' } }, { status: 401 })
      const response = await call(one, one.body)
      const text = await response.text()
      expect(response.status).toBe(one.protocol === 'gemini' ? 500 : 502)
      expect(response.headers.get('x-tollgate-error')).toBe('gateway_upstream_credentials_exhausted')
      expect(text).not.toContain('upstream-secret-key')
      expect(await lastEntry()).toMatchObject({
        outcome: 'upstream_error',
        error: 'gateway_upstream_credentials_exhausted',
      })
      await gateway.admin('/config/reload', { method: 'POST' })
    })

    test('a redirect is not followed', async () => {
      upstream.answer = () =>
        new Response(null, { status: 307, headers: { location: 'http://127.0.0.1:1/' } })
      const response = await call(one, one.body)
      expect(response.headers.get('x-tollgate-error')).toBe('gateway_upstream_redirect')
      expect(upstream.seen.length).toBe(1)
    })
  })

  const { stream } = one
  if (stream === undefined) continue

  describe(`${one.protocol} streams through the gateway`, () => {
    const streamed = stream.blocks.join('')

    test('pieces come as they arrive, joined byte for byte, and the usage is metered', async () => {
      const script = scriptedStream()
      upstream.answer = () => script.response()
      const first = stream.blocks.slice(0, stream.opening).join('')
      const rest = stream.blocks.slice(stream.opening)
      script.write(first)
      const response = await call(one, stream.body, { path: stream.path })
      const reader = response.body?.getReader()
      const decoder = new TextDecoder()
      let text = decoder.decode((await reader?.read())?.value)
      expect(text).toBe(first)
      for (const block of rest) {
        script.write(block.slice(0, 7))
        script.write(block.slice(7))
      }
      script.end()
      for (;;) {
        const next = await reader?.read()
        if (next === undefined || next.done) break
        text += decoder.decode(next.value)
      }
      expect(text).toBe(streamed)
      expect(upstream.seen[0]?.headers['accept-encoding']).toBe('identity')
      expect(await lastEntry()).toMatchObject({
        outcome: 'success',
        usage: one.usage,
        costUsd: one.cost,
        streamed: true,
      })
    })

    test('the answer is in the ledger before its last byte is with the client', async () => {
      upstream.answer = () => new Response(streamed, { headers: { 'content-type': 'text/event-stream' } })
      const response = await call(one, stream.body, { path: stream.path })
      await response.text()
      const { exchange } = await lastEntry()
      expect(response.headers.get('x-tollgate-request-id')).toBe(exchange)
    })

    test('an upstream that dies gives an error in the protocol and never a success terminator', async () => {
      const script = scriptedStream()
      upstream.answer = () => script.response()
      const begun = stream.blocks.slice(0, Math.max(2, stream.opening)).join('')
      script.write(begun)
      script.write('data: {"half":')
      const response = await call(one, stream.body, { path: stream.path })
      setTimeout(() => script.die(), 30)
      const text = await response.text()
      expect(text.startsWith(begun)).toBe(true)
      expect(text).not.toContain('{"half":')
      expect(text).toContain(stream.errorMark)
      for (const terminator of stream.terminators) expect(text).not.toContain(terminator)
      expect(await lastEntry()).toMatchObject({ outcome: 'upstream_died', usageSource: 'estimated' })
    })

    test('a clean end without a terminator counts as dead, too', async () => {
      upstream.answer = () =>
        new Response(stream.blocks[0], { headers: { 'content-type': 'text/event-stream' } })
      const response = await call(one, stream.body, { path: stream.path })
      expect(await response.text()).toContain(stream.errorMark)
      expect(await lastEntry()).toMatchObject({ outcome: 'upstream_died' })
    })

    test('a silent upstream is given up after the idle time', async () => {
      const script = scriptedStream()
      upstream.answer = () => script.response()
      script.write(stream.blocks[0] ?? '')
      const response = await call(one, stream.body, { path: stream.path })
      expect(await response.text()).toContain(stream.errorMark)
      expect(await lastEntry()).toMatchObject({ outcome: 'upstream_died', error: 'gateway_upstream_timeout' })
    })

    test.skipIf(one.protocol === 'gemini')(
      'an upstream that stays open after its last event does not keep the client',
      async () => {
        const script = scriptedStream()
        upstream.answer = () => script.response()
        script.write(streamed)
        const response = await call(one, stream.body, { path: stream.path })
        expect(await response.text()).toBe(streamed)
        expect(await lastEntry()).toMatchObject({ outcome: 'success', usage: one.usage })
      },
    )

    test('a client that leaves ends the upstream call, and the row says so', async () => {
      const script = scriptedStream()
      upstream.answer = () => script.response()
      script.write(stream.blocks.slice(0, stream.opening).join(''))
      const leaving = new AbortController()
      const response = await call(one, stream.body, { path: stream.path, signal: leaving.signal })
      await response.body?.getReader().read()
      leaving.abort()
      await waitFor(() => (upstream.aborted > 0 ? true : undefined), 1000)
      const entry = await waitFor(async () => {
        const found = await lastEntry()
        return found.exchange === response.headers.get('x-tollgate-request-id') ? found : undefined
      })
      expect(entry).toMatchObject({ outcome: 'client_aborted', usageSource: 'estimated' })
    })
  })
}

describe('usage of chat streams', () => {
  test('is asked for where the client did not, metered, and kept from the client', async () => {
    const one = wireCases.find((candidate) => candidate.protocol === 'openai-chat')
    if (one?.stream === undefined) throw new Error('no chat case')
    const { blocks } = one.stream
    upstream.answer = () =>
      new Response(blocks.join(''), { headers: { 'content-type': 'text/event-stream' } })
    const response = await call(one, '{"model":"test-model","messages":[],"stream":true}')
    expect(await response.text()).toBe(blocks.filter((block) => !block.includes('"choices":[]')).join(''))
    expect(JSON.parse(textOf(upstream.seen[0]?.body))).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(await lastEntry()).toMatchObject({ outcome: 'success', usage: one.usage, costUsd: one.cost })
  })
})

describe('aliases', () => {
  test('change the model in the bytes and nothing else', async () => {
    upstream.answer = () => Response.json(wireCases[0]?.wholeAnswer)
    const one = wireCases.find((candidate) => candidate.protocol === 'openai-chat')
    if (one === undefined) throw new Error('no chat case')
    await call(one, '{ "x":1.0, "model" : "nick","messages":[]}')
    expect(textOf(upstream.seen[0]?.body)).toBe('{ "x":1.0, "model" : "test-model","messages":[]}')
  })

  test('change the model wherever Gemini’s embeddings repeat it', async () => {
    upstream.answer = () => Response.json({ embeddings: [{ values: [1] }], embedding: { values: [1] } })
    const one = wireCases.find((candidate) => candidate.protocol === 'gemini')
    if (one === undefined) throw new Error('no Gemini case')
    const embed = async (method: string, body: string): Promise<readonly string[]> => {
      upstream.seen.length = 0
      const response = await call(one, body, { path: `/v1beta/models/embed-nick:${method}` })
      expect(response.status).toBe(200)
      await response.text()
      const [seen] = upstream.seen
      return [seen?.path ?? '', textOf(seen?.body)]
    }
    const content = '"content":{"parts":[{"text":"models/embed-nick"}]}'
    expect(await embed('embedContent', `{ "model" : "models/embed-nick", ${content}}`)).toEqual([
      '/v1beta/models/test-gemini:embedContent',
      `{ "model" : "models/test-gemini", ${content}}`,
    ])
    const batch = (name: string) =>
      `{"requests" : [ {"model":"${name}",${content}}, {${content},\n"model": "${name}","outputDimensionality":1e2}]}`
    expect(await embed('batchEmbedContents', batch('models/embed-nick'))).toEqual([
      '/v1beta/models/test-gemini:batchEmbedContents',
      batch('models/test-gemini'),
    ])
  })
})

describe('claude-cli before 2.1', () => {
  test('gets a broken connection after text, because it takes an error event for the end of the turn', async () => {
    const one = wireCases.find((candidate) => candidate.protocol === 'anthropic-messages')
    if (one?.stream === undefined) throw new Error('no messages case')
    const script = scriptedStream()
    upstream.answer = () => script.response()
    for (const block of one.stream.blocks.slice(0, 3)) script.write(block)
    const response = await call(one, one.stream.body, {
      headers: { 'user-agent': 'claude-cli/2.0.29 (external, sdk-cli)' },
    })
    setTimeout(() => script.die(), 30)
    expect(response.text()).rejects.toThrow()
    await waitFor(async () => ((await lastEntry()).outcome === 'upstream_died' ? true : undefined))
  })
})
