import { afterAll, describe, expect, test } from 'bun:test'
import OpenAI, { APIError } from 'openai'
import { type GenerateResponse, replay, type StreamEvent } from '../../ir/index.ts'
import { encodeFrame } from '../../wire/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { errors } from './errors.ts'
import { meterStream } from './meter.ts'
import { models } from './models.ts'

const answer: GenerateResponse = {
  protocol: 'anthropic-messages',
  id: 'msg_1',
  model: 'served',
  choices: [
    {
      index: 0,
      parts: [
        { type: 'reasoning', pieces: [{ kind: 'text', text: 'Thinking.' }] },
        { type: 'text', text: 'Hello ', citations: [{ kind: 'web', url: 'https://x', title: 'X' }] },
        { type: 'text', text: 'wörld \u{1f600}' },
        {
          type: 'tool-call',
          id: 'toolu_1',
          name: 'weather',
          kind: 'function',
          input: '{"city":"Ulm","n":1.0}',
        },
        { type: 'tool-call', name: 'now', kind: 'function', input: '' },
      ],
      finish: { reason: 'tool-calls' },
    },
  ],
  usage: { inputTokens: 7, outputTokens: 5, cacheReadTokens: 2 },
}

/** Answers as the gateway would: decodes what the client sent, encodes the answer above. */
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const url = new URL(request.url)
    if (url.pathname === '/v1/models') {
      const list = models.encodeList([{ id: 'm', provider: 'p', operations: ['generate'] }], url.searchParams)
      return new Response(list, { headers: { 'content-type': 'application/json' } })
    }
    const decoded = decodeRequest({
      method: 'POST',
      path: url.pathname,
      parameters: {},
      query: url.searchParams,
      headers: request.headers,
      body: await request.bytes(),
    })
    const reply = { request: decoded, headers: request.headers, id: 'exchange1', now: 1_700_000_000 }
    if (decoded.model === 'broken') {
      const failure = errors.encode(
        { kind: 'payment', message: 'budget used up', code: 'x' },
        { requestId: 'r' },
      )
      return new Response(failure.body, { status: failure.status, headers: failure.headers })
    }
    if (!decoded.stream)
      return new Response(encodeResponse(answer, reply).body, {
        headers: { 'content-type': 'application/json' },
      })
    const encoder = streamEncoder(reply)
    const events: readonly StreamEvent[] = replay(answer)
    const cut = decoded.model === 'dying'
    const frames = (cut ? events.slice(0, 6) : events)
      .flatMap((event) => encoder.push(event))
      .map(encodeFrame)
    const meter = meterStream({ framing: 'sse', hideUsage: false, conform: false })
    for (const frame of frames) meter.push(frame)
    const tail = cut ? meter.fail({ kind: 'upstream', message: 'the provider broke off' }) : []
    return new Response(Buffer.concat([...frames, ...tail]), {
      headers: { 'content-type': 'text/event-stream' },
    })
  },
})
afterAll(() => server.stop(true))

const client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${server.port}/v1`, maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'hi' }]

describe('the official client', () => {
  test('reads a whole answer', async () => {
    const completion = await client.chat.completions.create({ model: 'm', messages })
    const [choice] = completion.choices
    expect(completion).toMatchObject({
      id: 'chatcmpl-msg_1',
      object: 'chat.completion',
      model: 'served',
      usage: {
        prompt_tokens: 7,
        completion_tokens: 5,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 2 },
      },
    })
    expect(choice?.finish_reason).toBe('tool_calls')
    expect(choice?.message.content).toBe('Hello wörld \u{1f600}')
    expect(choice?.message.annotations?.[0]?.url_citation).toEqual({
      url: 'https://x',
      title: 'X',
      start_index: 0,
      end_index: 6,
    })
    expect(choice?.message.tool_calls?.[0]).toEqual({
      id: 'toolu_1',
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Ulm","n":1.0}' },
    })
  })

  test('collects a stream to the same answer', async () => {
    const stream = client.chat.completions.stream({
      model: 'm',
      messages,
      stream_options: { include_usage: true },
    })
    const seen: string[] = []
    stream.on('content', (delta) => seen.push(delta))
    const completion = await stream.finalChatCompletion()
    const [choice] = completion.choices
    expect(seen.join('')).toBe('Hello wörld \u{1f600}')
    expect(choice?.message.content).toBe('Hello wörld \u{1f600}')
    expect(
      choice?.message.tool_calls?.map((call) => ('function' in call ? call.function : undefined)),
    ).toMatchObject([
      { name: 'weather', arguments: '{"city":"Ulm","n":1.0}' },
      { name: 'now', arguments: '{}' },
    ])
    expect(choice?.finish_reason).toBe('tool_calls')
    expect(completion.usage?.total_tokens).toBe(12)
  })

  test('gets no usage chunk that it did not ask for', async () => {
    const stream = await client.chat.completions.create({ model: 'm', messages, stream: true })
    const usages: unknown[] = []
    for await (const chunk of stream) {
      expect(chunk.choices).toHaveLength(1)
      usages.push(chunk.usage)
    }
    expect(usages.every((usage) => usage === undefined)).toBe(true)
  })

  test('raises when a stream dies', async () => {
    const stream = await client.chat.completions.create({ model: 'dying', messages, stream: true })
    const read = async () => {
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      return text
    }
    await expect(read()).rejects.toThrow('the provider broke off')
  })

  test('raises our errors with their code, and does not retry a spent budget', async () => {
    const eager = new OpenAI({ apiKey: 'k', baseURL: client.baseURL, maxRetries: 3 })
    const failure = await eager.chat.completions
      .create({ model: 'broken', messages })
      .catch((error: unknown) => error)
    if (!(failure instanceof APIError)) throw new Error('no API error')
    expect(failure.status).toBe(402)
    expect(failure.code).toBe('insufficient_quota')
  })

  test('lists models', async () => {
    const list = await client.models.list()
    expect(list.data).toEqual([{ id: 'm', object: 'model', created: 0, owned_by: 'p' }])
  })
})
