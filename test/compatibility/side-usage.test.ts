/** Anthropic bills what other models spent for an answer (advisors, compaction) beside the answer's own tokens. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ledgerEntries, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      'providers:',
      `  up-anthropic: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: upstream-secret-key, models: ["test-claude"] }`,
      'prices:',
      '  - { match: "test-claude", input_per_mtok: "1", output_per_mtok: "2" }',
      '  - { match: "test-advisor", input_per_mtok: "10", output_per_mtok: "20" }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const usageWith = (advisor: string) => ({
  input_tokens: 2000,
  output_tokens: 3000,
  iterations: [
    { type: 'message', input_tokens: 900, output_tokens: 100 },
    { type: 'advisor_message', model: advisor, input_tokens: 700, output_tokens: 80 },
    { type: 'message', input_tokens: 1100, output_tokens: 2900 },
  ],
})

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'test-claude',
  content: [{ type: 'text', text: 'hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
}

const event = (data: { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

const streamOf = (usage: object): string =>
  [
    {
      type: 'message_start',
      message: { ...message, content: [], stop_reason: null, usage: { input_tokens: 900, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
    .map(event)
    .join('')

const ask = async (stream: boolean): Promise<void> => {
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': testKey },
    body: JSON.stringify({
      model: 'test-claude',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'hi' }],
      stream,
    }),
  })
  await response.text()
}

const answers = (usage: object) => (stream: boolean) =>
  stream
    ? new Response(streamOf(usage), { headers: { 'content-type': 'text/event-stream' } })
    : Response.json({ ...message, usage })

describe('usage beside the answer', () => {
  for (const stream of [false, true]) {
    const kind = stream ? 'streamed' : 'whole'
    test(`an advisor is billed at its own price, ${kind}`, async () => {
      upstream.answer = () => answers(usageWith('test-advisor'))(stream)
      await ask(stream)
      const [entry] = await ledgerEntries(gateway)
      expect(entry?.usage).toMatchObject({ inputTokens: 2000, outputTokens: 3000 })
      // 2000 x 1 + 3000 x 2 + 700 x 10 + 80 x 20 millionths of a dollar
      expect(entry?.costUsd).toBe('0.0166')
    })

    test(`an advisor without a price leaves the cost unknown, ${kind}`, async () => {
      upstream.answer = () => answers(usageWith('nobody-knows-this-model'))(stream)
      await ask(stream)
      const [entry] = await ledgerEntries(gateway)
      expect(entry).toMatchObject({ outcome: 'success', costUsd: null })
    })
  }
})
