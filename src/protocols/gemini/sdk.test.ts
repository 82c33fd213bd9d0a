import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { GoogleGenAI } from '@google/genai'
import { wireRequest } from '../../../test/support/corpus.ts'
import { type GenerateResponse, replay } from '../../ir/index.ts'
import { encodeFrame } from '../../wire/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { gemini } from './index.ts'

/** The official client reads what the encoders write. The answer comes from another protocol: thoughts, text, a call. */
const response: GenerateResponse = {
  protocol: 'anthropic-messages',
  choices: [
    {
      index: 0,
      parts: [
        { type: 'reasoning', pieces: [{ kind: 'text', text: 'Let me think.' }] },
        { type: 'text', text: 'I will look – ☂.' },
        {
          type: 'tool-call',
          kind: 'function',
          id: 'call_1',
          name: 'weather',
          input: '{"city":"Ulm","n":1.0}',
        },
      ],
      finish: { reason: 'tool-calls' },
    },
  ],
  usage: { inputTokens: 10, outputTokens: 9, reasoningTokens: 4 },
}

describe('the official SDK', () => {
  let server: Bun.Server<undefined>
  let client: GoogleGenAI
  let failing = false

  beforeAll(() => {
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(incoming) {
        const url = new URL(incoming.url)
        const wire = wireRequest(gemini, { path: url.pathname, body: await incoming.text() })
        const reply = { request: decodeRequest(wire), headers: incoming.headers, id: 'exchange1', now: 0 }
        if (!wire.path.endsWith(':streamGenerateContent')) {
          const { body, headers } = encodeResponse(response, reply)
          return new Response(body, { headers })
        }
        const encoder = streamEncoder(reply)
        const frames = replay(response).flatMap((event) => [...encoder.push(event)])
        const blocks: Uint8Array[] = frames.map(encodeFrame)
        if (failing) {
          const meter = gemini.meterStream({ framing: 'sse', hideUsage: false, conform: false })
          blocks.splice(1, blocks.length, ...meter.fail({ kind: 'overloaded', message: 'gone' }))
        }
        return new Response(Buffer.concat(blocks), { headers: { 'content-type': 'text/event-stream' } })
      },
    })
    const baseUrl = `http://127.0.0.1:${server.port}`
    client = new GoogleGenAI({ apiKey: 'x', httpOptions: { baseUrl } })
  })
  afterAll(() => server.stop(true))

  test('reads a whole answer', async () => {
    const answer = await client.models.generateContent({ model: 'gemini-3.8-flash', contents: 'hi' })
    expect(answer.text).toBe('I will look – ☂.')
    expect(answer.functionCalls).toEqual([{ id: 'call_1', name: 'weather', args: { city: 'Ulm', n: 1 } }])
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 10,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 4,
    })
    expect(answer.responseId).toBe('exchange1')
  })

  test('reads a stream and keeps it in the history of a chat', async () => {
    const config = { thinkingConfig: { includeThoughts: true } }
    const chat = client.chats.create({ model: 'gemini-3.8-flash', config })
    const chunks = []
    for await (const chunk of await chat.sendMessageStream({ message: 'hi' })) chunks.push(chunk)
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
    expect(parts.map(({ text }) => text)).toEqual(['Let me think.', 'I will look – ☂.', undefined, ''])
    expect(parts[0]?.thought).toBe(true)
    expect(parts[2]?.functionCall).toEqual({ id: 'call_1', name: 'weather', args: { city: 'Ulm', n: 1 } })
    expect(String(chunks.at(-1)?.candidates?.[0]?.finishReason)).toBe('STOP')
    expect(chunks.at(-1)?.usageMetadata?.totalTokenCount).toBe(19)
    expect(chat.getHistory(true).some(({ role }) => role === 'model')).toBe(true)
  })

  test('raises on the error with which a dying stream ends', async () => {
    failing = true
    const read = async () => {
      const stream = await client.models.generateContentStream({ model: 'gemini-3.8-flash', contents: 'hi' })
      for await (const _ of stream);
    }
    await expect(read()).rejects.toThrow('gone')
  })
})
