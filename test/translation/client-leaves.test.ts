/** A client that leaves takes its request at the provider with it, whatever the two speak, before and in an answer. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { formatFrame } from '../../src/wire/index.ts'
import { oneCall, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'
import { type Client, clients, frameOf } from './cases.ts'

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  const compatible = (protocol: Client, kind: string, path: string) =>
    `  up-${protocol}: { kind: ${kind}, base_url: "${upstream.url}${path}", api_key: k, models: ["for-${protocol}"] }`
  gateway = await startGateway({
    config: [
      'providers:',
      compatible('openai-chat', 'openai-compatible, protocols: [openai-chat]', '/v1'),
      compatible('openai-responses', 'openai-compatible, protocols: [openai-responses]', '/v1'),
      compatible('anthropic-messages', 'anthropic-compatible', ''),
      compatible('gemini', 'gemini-compatible', ''),
      ...oneCall,
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

/** A streaming request to the model of one provider. */
const request = (client: Client, model: string): { readonly path: string; readonly body: object } => {
  const messages = [{ role: 'user', content: 'Hi' }]
  switch (client) {
    case 'openai-chat':
      return { path: '/v1/chat/completions', body: { model, messages, stream: true } }
    case 'openai-responses':
      return { path: '/v1/responses', body: { model, input: 'Hi', stream: true } }
    case 'anthropic-messages':
      return { path: '/v1/messages', body: { model, messages, max_tokens: 10, stream: true } }
    case 'gemini':
      return {
        path: `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
        body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
      }
  }
}

const message = { id: 'msg_1', type: 'message', role: 'assistant' }

/** The first words of an answer. */
const firstWords: Readonly<Record<Client, readonly object[]>> = {
  'openai-chat': [
    {
      ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' },
      choices: [{ index: 0, delta: { role: 'assistant', content: 'words' }, finish_reason: null }],
    },
  ],
  'openai-responses': [
    {
      type: 'response.created',
      response: {
        id: 'resp_1',
        object: 'response',
        created_at: 1,
        model: 'm',
        status: 'in_progress',
        output: [],
      },
    },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...message, status: 'in_progress', content: [] },
    },
    {
      ...{ type: 'response.content_part.added', item_id: 'msg_1', output_index: 0, content_index: 0 },
      part: { type: 'output_text', text: '', annotations: [] },
    },
    {
      ...{ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0 },
      delta: 'words',
    },
  ],
  'anthropic-messages': [
    {
      type: 'message_start',
      message: { ...message, model: 'm', content: [], usage: { input_tokens: 1, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'words' } },
  ],
  gemini: [
    {
      candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'words' }] } }],
      ...{ modelVersion: 'm', responseId: 'r' },
    },
  ],
}

const ask = (client: Client, provider: Client, signal: AbortSignal): Promise<Response> => {
  const { path, body } = request(client, `for-${provider}`)
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
    body: JSON.stringify(body),
    signal,
  })
}

/** Has the provider been left within a second? */
const isLeft = (before: number): Promise<boolean> =>
  waitFor(() => (upstream.aborted > before ? true : undefined), 1000).catch(() => false)

describe('a client that leaves', () => {
  for (const provider of clients) {
    for (const client of clients) {
      test(`of ${client}, in the middle of an answer of ${provider}`, async () => {
        const script = scriptedStream()
        upstream.answer = () => script.response()
        script.write(firstWords[provider].map((event) => formatFrame(frameOf(provider, event))).join(''))
        const leaving = new AbortController()
        const answer = await ask(client, provider, leaving.signal)
        expect(answer.status).toBe(200)
        const reader = answer.body?.getReader()
        let seen = ''
        while (!seen.includes('words')) {
          const { value, done } = (await reader?.read()) ?? { done: true }
          if (done) break
          seen += new TextDecoder().decode(value)
        }
        expect(seen).toContain('words')
        const before = upstream.aborted
        leaving.abort()
        expect(await isLeft(before)).toBe(true)
      })

      test(`of ${client}, before ${provider} has answered`, async () => {
        const asked = upstream.seen.length
        const before = upstream.aborted
        const never = Promise.withResolvers<Response>()
        upstream.answer = () => never.promise
        const leaving = new AbortController()
        const answer = ask(client, provider, leaving.signal).catch((error: Error) => error.name)
        await waitFor(() => (upstream.seen.length > asked ? true : undefined))
        leaving.abort()
        expect(await answer).toBe('AbortError')
        expect(await isLeft(before)).toBe(true)
        never.resolve(new Response('', { status: 500 }))
      })
    }
  }
})
