import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI, { APIError } from 'openai'
import {
  type CorpusRecord,
  corpus,
  corpusAvailable,
  runMachine,
  wireRequest,
} from '../../../test/support/corpus.ts'
import { bare, type GenerateResponse, replay, type StreamEvent } from '../../ir/index.ts'
import { encodeFrame, type SseFrame } from '../../wire/index.ts'
import { decodeRequest } from './decode-request.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { openaiResponses } from './index.ts'

/** An answer of another protocol: thoughts, cited text, a hosted search, a call without arguments and a custom one. */
const response: GenerateResponse = {
  protocol: 'anthropic-messages',
  id: 'msg_01',
  model: 'claude',
  choices: [
    {
      index: 0,
      parts: [
        {
          type: 'reasoning',
          pieces: [
            { kind: 'summary', text: 'Cite ' },
            { kind: 'summary', text: 'it.' },
          ],
        },
        { type: 'server-call', id: 'st_1', tool: 'web-search', name: 'web_search', input: '{"query":"q"}' },
        { type: 'server-result', callId: 'st_1', tool: 'web-search', name: 'web_search', output: '[]' },
        { type: 'text', text: 'Answer ' },
        { type: 'text', text: 'cited.', citations: [{ kind: 'web', url: 'https://a.example', title: 'A' }] },
        { type: 'tool-call', id: 'toolu_1', name: 'now', kind: 'function', input: '' },
        { type: 'tool-call', id: 'toolu_2', name: 'exec', kind: 'custom', input: 'x = 1.0' },
      ],
      finish: { reason: 'tool-calls' },
    },
  ],
  usage: { inputTokens: 1144, outputTokens: 64, cacheReadTokens: 1024, reasoningTokens: 40 },
}

const bytesOf = (frames: readonly SseFrame[]): Uint8Array<ArrayBuffer> =>
  Buffer.concat(frames.map(encodeFrame))

const json = { headers: { 'content-type': 'application/json' } }

describe('the official SDK', () => {
  let server: Bun.Server<undefined>
  let client: OpenAI
  let mode: 'answer' | 'die' | 'refuse' = 'answer'
  const recorded = new Map<string, Uint8Array<ArrayBuffer>>()

  beforeAll(() => {
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(incoming) {
        const { pathname } = new URL(incoming.url)
        const body = await incoming.text()
        if (pathname === '/v1/responses/input_tokens') {
          return new Response(openaiResponses.countTokens?.encodeResponse({ inputTokens: 7 }), json)
        }
        const request = decodeRequest(wireRequest(openaiResponses, { path: pathname, body }))
        const reply = { request, headers: incoming.headers, id: 'x1', now: 1_795_000_000 }
        if (mode === 'refuse') {
          const error = { kind: 'payment', message: 'no budget left' } as const
          const encoded = openaiResponses.errors.encode(error, { requestId: 'r1' })
          return new Response(encoded.body, { status: encoded.status, headers: encoded.headers })
        }
        if (!request.stream) {
          const encoded = encodeResponse(response, reply)
          return new Response(encoded.body, { headers: encoded.headers })
        }
        const stream =
          recorded.get(request.model) ?? bytesOf(runMachine(streamEncoder(reply), replay(response)))
        return new Response(mode === 'die' ? dying(reply) : stream, {
          headers: { 'content-type': 'text/event-stream' },
        })
      },
    })
    client = new OpenAI({ apiKey: 'x', baseURL: `http://127.0.0.1:${server.port}/v1`, maxRetries: 2 })
  })
  afterAll(() => server.stop(true))

  /** A stream that was cut after the text and got its end from the meter. */
  const dying = (reply: Parameters<typeof streamEncoder>[0]): Uint8Array<ArrayBuffer> => {
    const frames = runMachine(streamEncoder(reply), replay(response).slice(0, 9))
    const meter = openaiResponses.meterStream({ framing: 'sse', hideUsage: false, conform: false })
    const blocks = frames.map(encodeFrame)
    for (const block of blocks) meter.push(block)
    return Buffer.concat([...blocks, ...meter.fail({ kind: 'overloaded', message: 'gone' })])
  }

  test('reads a whole answer', async () => {
    const answer = await client.responses.create({ model: 'gpt-5', input: 'hi', store: false })
    expect(answer.output_text).toBe('Answer cited.')
    expect(answer.output.map((item) => item.type)).toEqual([
      'reasoning',
      'web_search_call',
      'message',
      'function_call',
      'custom_tool_call',
    ])
    expect(answer.usage).toEqual({
      input_tokens: 1144,
      input_tokens_details: { cached_tokens: 1024, cache_write_tokens: 0 },
      output_tokens: 64,
      output_tokens_details: { reasoning_tokens: 40 },
      total_tokens: 1208,
    })
    expect(answer).toMatchObject({ store: false })
  })

  test('reads a stream with its accumulator, which checks identities, indexes and lifecycles', async () => {
    const stream = client.responses.stream({ model: 'gpt-5', input: 'hi' })
    let text = ''
    stream.on('response.output_text.delta', (event) => {
      text += event.delta
    })
    const final = await stream.finalResponse()
    expect(text).toBe('Answer cited.')
    expect(final.status).toBe('completed')
    expect(final.output).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'Cite ' }, { text: 'it.' }] },
      { type: 'web_search_call', status: 'completed' },
      {
        type: 'message',
        content: [{ annotations: [{ url: 'https://a.example', start_index: 7, end_index: 13 }] }],
      },
      { type: 'function_call', call_id: 'toolu_1', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'toolu_2', input: 'x = 1.0' },
    ])
  })

  test('raises where a stream died', async () => {
    mode = 'die'
    const stream = await client.responses.create({ model: 'gpt-5', input: 'hi', stream: true })
    const read = async () => {
      const types: string[] = []
      for await (const event of stream) types.push(event.type)
      return types
    }
    expect(read()).rejects.toThrow('gone')
    const accumulated = client.responses.stream({ model: 'gpt-5', input: 'hi' }).finalResponse()
    expect(await accumulated.catch((error: unknown) => error instanceof APIError)).toBe(true)
    mode = 'answer'
  })

  test('does not retry when the budget is used up', async () => {
    mode = 'refuse'
    const failure = await client.responses
      .create({ model: 'gpt-5', input: 'hi' })
      .catch((error: unknown) => error)
    mode = 'answer'
    expect(failure).toBeInstanceOf(APIError)
    expect(failure).toMatchObject({ status: 402, code: 'insufficient_quota' })
  })

  test('counts tokens', async () => {
    expect(await client.responses.inputTokens.count({ model: 'gpt-5', input: 'hi' })).toEqual({
      object: 'response.input_tokens',
      input_tokens: 7,
    })
  })

  test.skipIf(!corpusAvailable('recorded streams, written again'))(
    'accepts every recorded answer as our encoder writes it by itself',
    async () => {
      const records = corpus('responses').filter(isWholeStream)
      for (const record of records) {
        const events: readonly StreamEvent[] = bare(runMachine(streamDecoder(), record.frames))
        const request = decodeRequest(
          wireRequest(openaiResponses, { path: '/v1/responses', body: '{"model":"m","stream":true}' }),
        )
        const reply = { request, headers: new Headers(), id: 'x1', now: 1_795_000_000 }
        recorded.set(record.name, bytesOf(runMachine(streamEncoder(reply), events)))
      }
      for (const record of records) {
        const final = await client.responses.stream({ model: record.name, input: 'hi' }).finalResponse()
        expect(['completed', 'incomplete']).toContain(final.status ?? '')
      }
      expect(records.length).toBeGreaterThan(40)
    },
  )
})

const isWholeStream = (record: CorpusRecord): boolean =>
  record.frames.some(({ event }) => event === 'response.completed' || event === 'response.incomplete')
