import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import {
  type CorpusRecord,
  corpus,
  corpusAvailable,
  runMachine,
  wireRequest,
  wireResponse,
} from '../../../test/support/corpus.ts'
import { bare, type GenerateResponse, isJsonObject, replay, type StreamEvent } from '../../ir/index.ts'
import { formatFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { encodeResponse } from './encode-response.ts'
import { encodeStream } from './encode-stream.ts'
import { errors } from './errors.ts'
import { anthropicMessages } from './index.ts'
import { meterStream } from './meter.ts'
import { models } from './models.ts'

/** What the next request is answered with. */
let answer: (request: Request) => Response | Promise<Response>
let server: ReturnType<typeof Bun.serve>
let client: Anthropic

beforeAll(() => {
  server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: (incoming) => answer(incoming) })
  client = new Anthropic({ apiKey: 'k', baseURL: `http://127.0.0.1:${server.port}`, maxRetries: 0 })
})

afterAll(() => server.stop(true))

const eventStream = (body: string): Response =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } })

const memberOf = (record: CorpusRecord, key: string): unknown =>
  isJsonObject(record.response?.value) ? record.response.value[key] : undefined
const contentOf = (record: CorpusRecord): unknown => memberOf(record, 'content')
const reasonOf = (record: CorpusRecord): unknown => memberOf(record, 'stop_reason')

/** As the gateway would reply: the client's own headers shape the answer. */
const replyTo = async (incoming: Request): Promise<ReplyContext> => ({
  request: decodeRequest(
    wireRequest(anthropicMessages, { path: '/v1/messages', body: await incoming.text() }),
  ),
  headers: incoming.headers,
  id: 'exchange1',
  now: 1_795_000_000,
})

const streamed = (events: readonly StreamEvent[]) => async (incoming: Request) =>
  eventStream(
    runMachine(encodeStream(await replyTo(incoming)), events)
      .map(formatFrame)
      .join(''),
  )

const params = { model: 'claude-x', max_tokens: 64, messages: [{ role: 'user' as const, content: 'hi' }] }

const foreign: GenerateResponse = {
  protocol: 'openai-responses',
  id: 'resp_1',
  model: 'gpt',
  choices: [
    {
      index: 0,
      parts: [
        { type: 'reasoning', pieces: [{ kind: 'summary', text: 'hm' }] },
        { type: 'text', text: 'Grüße 🙂', citations: [{ kind: 'web', url: 'https://a', title: 'A' }] },
        { type: 'tool-call', id: 'call_1', name: 'f', kind: 'function', input: '{"a":[1,2]}' },
        { type: 'tool-call', id: 'call_2', name: 'now', kind: 'function', input: '' },
      ],
      finish: { reason: 'end' },
    },
  ],
  usage: { inputTokens: 12, cacheReadTokens: 2, outputTokens: 7, reasoningTokens: 3 },
}

describe('the official SDK', () => {
  test('understands a stream that we encode, and it says what the whole answer says', async () => {
    answer = streamed(replay(foreign))
    const texts: string[] = []
    const stream = client.messages.stream(params).on('text', (delta) => texts.push(delta))
    const message = await stream.finalMessage()
    expect(texts.join('')).toBe('Grüße 🙂')
    answer = async (incoming) =>
      Response.json(JSON.parse(encodeResponse(foreign, await replyTo(incoming)).body))
    const whole = await client.messages.create(params)
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use'])
    expect(JSON.parse(JSON.stringify(message))).toMatchObject({
      ...JSON.parse(JSON.stringify(whole)),
      content: JSON.parse(JSON.stringify(whole.content)),
    })
    expect(message.usage).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 2,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 3 },
    })
  })

  test('raises the error of a stream that we break off', async () => {
    answer = async (incoming) => {
      const frames = runMachine(encodeStream(await replyTo(incoming)), replay(foreign)).slice(0, 4)
      const meter = meterStream({ framing: 'sse', hideUsage: false, conform: false })
      const broken = meter.fail({ kind: 'overloaded', message: 'the provider broke the connection' })
      return eventStream(frames.map(formatFrame).join('') + Buffer.concat(broken).toString('utf8'))
    }
    const failure = await client.messages
      .stream(params)
      .finalMessage()
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Anthropic.APIError)
    expect(String(failure)).toContain('the provider broke the connection')
  })

  test('raises errors that we encode, and does not retry a budget refusal', async () => {
    let requests = 0
    answer = () => {
      requests++
      const encoded = errors.encode(
        { kind: 'payment', message: 'budget used up', code: 'gateway_budget_exhausted' },
        { requestId: 'req_1' },
      )
      return new Response(encoded.body, { status: encoded.status, headers: { ...encoded.headers } })
    }
    const eager = client.withOptions({ maxRetries: 2 })
    const failure = await eager.messages.create(params).catch((error: unknown) => error)
    expect(failure).toMatchObject({ status: 402 })
    expect(requests).toBe(1)
  })

  test('pages through models', async () => {
    const listed = ['a', 'b', 'c'].map((id) => ({ id, provider: 'p', operations: ['generate'] as const }))
    answer = (incoming) =>
      new Response(models.encodeList(listed, new URL(incoming.url).searchParams), {
        headers: { 'content-type': 'application/json' },
      })
    const ids: string[] = []
    for await (const model of client.models.list({ limit: 2 })) ids.push(model.id)
    expect(ids).toEqual(['a', 'b', 'c'])
  })
})

describe.skipIf(!corpusAvailable('recorded answers through the SDK'))('recorded answers', () => {
  test('replayed as streams, bare and not, the SDK folds them into the same content', async () => {
    const records = corpus('anthropic').filter(
      ({ stream, status, response }) => !stream && status === 200 && response !== undefined,
    )
    expect(records.length).toBeGreaterThan(50)
    for (const record of records) {
      const response = decodeResponse(wireResponse(record))
      answer = streamed(replay(response))
      const message = await client.beta.messages.stream(params).finalMessage()
      const said = JSON.parse(JSON.stringify(message))
      expect({ name: record.name, content: said.content, reason: said.stop_reason }).toEqual({
        name: record.name,
        content: contentOf(record),
        reason: reasonOf(record),
      })
      answer = streamed(replay(bare(response)))
      const again = await client.beta.messages.stream(params).finalMessage()
      expect(again.stop_reason).toBe(message.stop_reason)
    }
  })
})
