import { afterAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { clientRecordings } from '../../../test/support/corpus.ts'
import { scanJson } from '../../wire/index.ts'
import type { WireRequest } from '../protocol.ts'
import { embed } from './embed.ts'
import { openaiEmbeddings } from './index.ts'
import { decodeVector, encodeVector } from './vector.ts'

const wire = (body: string): WireRequest => ({
  method: 'POST',
  path: '/v1/embeddings',
  parameters: {},
  query: new URLSearchParams(),
  headers: new Headers(),
  body: new TextEncoder().encode(body),
})
const response = (body: unknown) => ({
  status: 200,
  headers: new Headers(),
  body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
})
const again = (body: unknown): unknown => {
  const request = embed.decodeRequest(wire(JSON.stringify(body)))
  return JSON.parse(embed.encodeRequest(request, { model: request.model, stream: false }).body)
}

describe('requests', () => {
  test.each([
    ['one text', 'a', ['a'], 'one'],
    ['texts', ['a', 'b'], ['a', 'b'], 'list'],
    ['one list of token ids', [1, 2], [[1, 2]], 'one'],
    ['lists of token ids', [[1], [2, 3]], [[1], [2, 3]], 'list'],
    ['nothing', [], [], 'list'],
  ] as const)('%s', (_name, input, inputs, form) => {
    const body = { model: 'm', input }
    expect(embed.decodeRequest(wire(JSON.stringify(body)))).toMatchObject({ inputs, form, format: 'float' })
    expect(again(body)).toEqual(body)
  })

  test.each([
    { model: 'm', input: 'a', encoding_format: 'base64', dimensions: 8, user: 'u' },
    { model: 'm', input: 'a', encoding_format: 'float' },
    { model: 'm', input: [{ image: 'x' }, 'a'], input_type: 'query', encoding_format: 'ubinary', user: null },
    { input: 5, dimensions: '8' },
  ])('come back as they were: %p', (body) => {
    expect({ model: '', ...(again(body) as object) }).toEqual({ model: '', ...body })
  })

  test('recorded client requests come back as they were', () => {
    const recordings = clientRecordings(({ path }) => path === '/v1/embeddings')
    if (recordings.length === 0) console.warn('SKIPPED: recorded embeddings requests: no recordings')
    for (const { text } of recordings) expect(again(JSON.parse(text))).toEqual(JSON.parse(text))
  })

  test("another protocol's task and title are named as lost", () => {
    const { warnings } = embed.encodeRequest(
      {
        protocol: 'gemini',
        model: 'g',
        inputs: ['a'],
        form: 'one',
        format: 'float',
        task: 'RETRIEVAL_QUERY',
      },
      { model: 'm', stream: false },
    )
    expect(warnings.map(({ feature }) => feature)).toEqual(['task type'])
  })

  test('what is no JSON object is refused', () => {
    expect(() => embed.decodeRequest(wire('[]'))).toThrow('not a JSON object')
  })
})

describe('leaves', () => {
  const found = (body: string) => {
    const request = wire(body)
    return (embed.leaves?.(request) ?? []).map(({ id, text, start, end }) => {
      const source = new TextDecoder().decode(request.body.slice(start, end))
      expect(JSON.parse(source)).toBe(text)
      return [id, text]
    })
  }

  test('every text to embed, with its place', () => {
    expect(found('{"model":"m","input":"h\u00e9 \\"x\\" ☂"}')).toEqual([['input', 'hé "x" ☂']])
    expect(found('{"input": [ "a" , "", "b,]" ],"model":"not this"}')).toEqual([
      ['input[0]', 'a'],
      ['input[1]', ''],
      ['input[2]', 'b,]'],
    ])
    expect(found('{"input":[[1,2],[3]]}')).toEqual([])
    expect(found('{"input":5}')).toEqual([])
    expect(found('{}')).toEqual([])
  })

  test('the texts of dialects count as the input that they stand in', () => {
    expect(found('{"input":["a",{"text":"b","more" : ["c","d"]},"e"]}')).toEqual([
      ['input[0]', 'a'],
      ['input[1]', 'b'],
      ['input[1]#2', 'c'],
      ['input[1]#3', 'd'],
      ['input[2]', 'e'],
    ])
  })
})

describe('answers', () => {
  const request = embed.decodeRequest(wire('{"model":"m","input":["a","b"]}'))
  const usage = { prompt_tokens: 2, total_tokens: 2 }
  const body = {
    object: 'list',
    data: [
      { object: 'embedding', index: 0, embedding: [0.25, -1] },
      { object: 'embedding', index: 1, embedding: [0.5, 2] },
    ],
    model: 'm-1',
    usage,
  }

  test('come back as they were', () => {
    const decoded = embed.decodeResponse(response(body), request)
    expect(decoded).toEqual({
      protocol: 'openai-embeddings',
      model: 'm-1',
      vectors: [
        [0.25, -1],
        [0.5, 2],
      ],
      usage: { inputTokens: 2 },
    })
    expect(JSON.parse(embed.encodeResponse(decoded, request))).toEqual(body)
  })

  test('are ordered by index', () => {
    const { data } = body
    const decoded = embed.decodeResponse(response({ ...body, data: [data[1], data[0]] }), request)
    expect(decoded.vectors).toEqual([
      [0.25, -1],
      [0.5, 2],
    ])
  })

  test('base64 is 32-bit floats, little-endian, and survives both ways', () => {
    const vector = [0, 1, -0.5, 3.4028234663852886e38, 1.401298464324817e-45]
    expect(decodeVector(encodeVector(vector))).toEqual(vector)
    expect(encodeVector([1])).toBe('AACAPw==')
    const asked = { ...request, format: 'base64' as const }
    const encoded = JSON.parse(embed.encodeResponse(embed.decodeResponse(response(body), request), asked))
    expect(encoded.data[0].embedding).toBe(encodeVector([0.25, -1]))
    const back = embed.decodeResponse(response(encoded), asked)
    expect(back.vectors).toEqual([
      [0.25, -1],
      [0.5, 2],
    ])
  })

  test("a dialect's counters and members are kept", () => {
    const more = { ...body, id: 'emb_1', usage: { prompt_tokens: 2, total_tokens: 3, completion_tokens: 1 } }
    const decoded = embed.decodeResponse(response(more), request)
    expect(decoded.usage).toEqual({ inputTokens: 2, outputTokens: 1 })
    expect(JSON.parse(embed.encodeResponse(decoded, request))).toEqual(more)
  })

  test('no usage stays no usage', () => {
    const { usage: _usage, ...bare } = body
    const decoded = embed.decodeResponse(response(bare), request)
    expect(decoded.usage).toBeUndefined()
    expect(JSON.parse(embed.encodeResponse(decoded, request))).toEqual(bare)
  })

  test('metering reads the usage without the vectors', () => {
    const bytes = response(body).body
    expect(openaiEmbeddings.meterBody(bytes, 'embed')).toEqual({
      usage: { inputTokens: 2 },
      model: 'm-1',
      ended: 'complete',
      handles: [],
    })
    const failed = response({ error: { message: 'x', code: 429 } }).body
    expect(openaiEmbeddings.meterBody(failed, 'embed')).toMatchObject({
      ended: 'failed',
      error: { kind: 'rate_limit' },
    })
    expect(openaiEmbeddings.meterBody(bytes.subarray(0, 40), 'embed')).toEqual({ handles: [] })
  })

  test('an error object, or no list, is not an answer', () => {
    expect(() => embed.decodeResponse(response({ error: {} }), request)).toThrow('no list of embeddings')
    expect(() => embed.decodeResponse(response('<html>'), request)).toThrow('no JSON object')
  })
})

describe('facts', () => {
  const facts = (text: string, headers: Record<string, string> = {}) => {
    const request = { ...wire(text), headers: new Headers(headers) }
    const [endpoint] = openaiEmbeddings.endpoints
    if (endpoint === undefined) throw new Error('no endpoint')
    return openaiEmbeddings.facts({ ...request, endpoint, scan: scanJson(request.body, new Set(), 512) })
  }

  test('the model and its literal', () => {
    const text = '{"input":"a","model":"text-embedding-3-small"}'
    const { model, modelSpan, stream, session } = facts(text, { 'x-session-id': 's' })
    expect([model, stream, session]).toEqual(['text-embedding-3-small', false, 's'])
    expect(text.slice(modelSpan?.start, modelSpan?.end)).toBe('"text-embedding-3-small"')
  })

  test('a model that is no text is refused', () => {
    expect(() => facts('{"model":[]}')).toThrow("invalid type for 'model'")
    expect(() => facts('[]')).toThrow("invalid type for 'body'")
  })
})

describe('the official client', () => {
  const formats: string[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const decoded = embed.decodeRequest(wire(await request.text()))
      formats.push(decoded.format)
      const vectors = decoded.inputs.map((_, index) => [index, 0.5, -0.25])
      const text = embed.encodeResponse(
        { protocol: 'openai-embeddings', vectors, usage: { inputTokens: decoded.inputs.length } },
        decoded,
      )
      return new Response(text, { headers: { 'content-type': 'application/json' } })
    },
  })
  afterAll(() => server.stop(true))
  const client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${server.port}/v1`, maxRetries: 0 })

  test('asks for base64 by itself and decodes ours', async () => {
    const list = await client.embeddings.create({ model: 'm', input: ['a', 'b'] })
    expect(list.data.map((item) => item.embedding)).toEqual([
      [0, 0.5, -0.25],
      [1, 0.5, -0.25],
    ])
    expect(list.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 })
    const floats = await client.embeddings.create({ model: 'm', input: [1, 2], encoding_format: 'float' })
    expect(floats.data[0]?.embedding).toEqual([0, 0.5, -0.25])
    expect(formats).toEqual(['base64', 'float'])
  })
})
