/** A provider that dies in the middle of a stream is an error in every SDK, never a short answer. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { ApiError as GeminiError, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { wireCases } from '../gateway/wire-cases.ts'
import { oneCall, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      `  up-openai: { kind: openai-compatible, protocols: [openai-chat, openai-responses], base_url: "${upstream.url}/v1", api_key: upstream-secret-key, models: ["test-model"] }`,
      `  up-anthropic: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: upstream-secret-key, models: ["test-claude"] }`,
      `  up-gemini: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: upstream-secret-key, models: ["test-gemini"] }`,
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const messages = [{ role: 'user' as const, content: 'hi' }]

/** Each reads a stream to its end, as a user of the SDK would. */
const readers: Readonly<Record<string, () => Promise<unknown>>> = {
  'openai-chat': async () => {
    const client = new OpenAI({ apiKey: testKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const stream = await client.chat.completions.create({ model: 'test-model', messages, stream: true })
    return Array.fromAsync(stream)
  },
  'openai-responses': async () => {
    const client = new OpenAI({ apiKey: testKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const stream = await client.responses.create({
      model: 'test-model',
      input: 'hi',
      store: false,
      stream: true,
    })
    return Array.fromAsync(stream)
  },
  'anthropic-messages': async () => {
    const client = new Anthropic({ apiKey: testKey, baseURL: gateway.url, maxRetries: 0 })
    return client.messages.stream({ model: 'test-claude', max_tokens: 9, messages }).finalMessage()
  },
  gemini: async () => {
    const client = new GoogleGenAI({ apiKey: testKey, httpOptions: { baseUrl: gateway.url } })
    return Array.fromAsync(
      await client.models.generateContentStream({ model: 'test-gemini', contents: 'hi' }),
    )
  },
}

const errors: Readonly<Record<string, new (...input: never[]) => Error>> = {
  'openai-chat': OpenAI.APIError,
  'openai-responses': OpenAI.APIError,
  'anthropic-messages': Anthropic.AnthropicError,
  gemini: GeminiError,
}

const outcome = async (read: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await read()
  } catch (error) {
    return error
  }
}

describe('a stream through the gateway', () => {
  for (const one of wireCases) {
    const read = readers[one.protocol]
    const kind = errors[one.protocol]
    if (one.stream === undefined || read === undefined || kind === undefined) continue
    const { blocks } = one.stream
    const serve = (count: number) => () =>
      new Response(blocks.slice(0, count).join(''), { headers: { 'content-type': 'text/event-stream' } })

    test(`that is whole is an answer of ${one.protocol}`, async () => {
      upstream.answer = serve(blocks.length)
      expect(await outcome(read)).not.toBeInstanceOf(Error)
    })

    for (let count = 0; count < blocks.length - 2; count++) {
      test(`that ends after ${count} of ${blocks.length} events of ${one.protocol} is an error`, async () => {
        upstream.answer = serve(count)
        expect(await outcome(read)).toBeInstanceOf(kind)
      })
    }
  }
})
