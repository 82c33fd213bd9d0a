/** Counting and embedding across protocols, through a real gateway to a scripted provider. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { ledgerEntries, oneCall, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      `  responses: { kind: openai-compatible, protocols: [openai-responses, openai-embeddings], base_url: "${upstream.url}/v1", api_key: sk-up }`,
      `  messages: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: sk-up }`,
      `  google-like: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: sk-up }`,
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/v1", api_key: sk-up }`,
      `  google: { base_url: "${upstream.url}", api_key: sk-up }`,
      'prices: [{ match: "m-up", input_per_mtok: 1, output_per_mtok: 2 }]',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const post = async (
  path: string,
  body: unknown,
): Promise<{ status: number; body: unknown; id: string | null }> => {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    status: response.status,
    body: await response.json(),
    id: response.headers.get('x-tollgate-request-id'),
  }
}

const lastSeen = (): { readonly path: string; readonly body: unknown } => {
  const seen = upstream.seen.at(-1)
  if (seen === undefined) throw new Error('the upstream was not asked')
  return { path: seen.path, body: JSON.parse(new TextDecoder().decode(seen.body)) }
}

interface Counter {
  readonly provider: string
  readonly path: (model: string) => string
  readonly request: (model: string) => unknown
  readonly asked: { readonly path: string; readonly body: unknown }
  readonly answer: unknown
}

const counters: readonly Counter[] = [
  {
    provider: 'messages',
    path: () => '/v1/messages/count_tokens',
    request: (model) => ({ model, system: 'Be brief', messages: [{ role: 'user', content: 'weather?' }] }),
    asked: { path: '/v1/messages/count_tokens', body: { model: 'm-up', messages: expect.any(Array) } },
    answer: { input_tokens: 42 },
  },
  {
    provider: 'responses',
    path: () => '/v1/responses/input_tokens',
    request: (model) => ({ model, instructions: 'Be brief', input: 'weather?' }),
    asked: { path: '/v1/responses/input_tokens', body: { model: 'm-up', input: expect.any(Array) } },
    answer: { object: 'response.input_tokens', input_tokens: 42 },
  },
  {
    provider: 'google-like',
    path: (model) => `/v1beta/models/${model}:countTokens`,
    request: () => ({
      generateContentRequest: {
        systemInstruction: { parts: [{ text: 'Be brief' }] },
        contents: [{ role: 'user', parts: [{ text: 'weather?' }] }],
      },
    }),
    asked: {
      path: '/v1beta/models/m-up:countTokens',
      body: { generateContentRequest: { model: 'models/m-up', contents: expect.any(Array) } },
    },
    answer: expect.objectContaining({ totalTokens: 42 }),
  },
]

const countPairs = counters.flatMap((client) =>
  counters
    .filter((target) => target !== client)
    .map((target) => [`${client.provider} to ${target.provider}`, client, target] as const),
)

test.each(countPairs)('tokens are counted by the provider: %s', async (_name, client, target) => {
  upstream.answer = () =>
    Response.json(target.provider === 'google-like' ? { totalTokens: 42 } : target.answer)
  const model = `${target.provider}/m-up`
  const counted = await post(client.path(model), client.request(model))
  expect([counted.status, counted.body]).toEqual([200, client.answer])
  const asked = lastSeen()
  const text = JSON.stringify(asked.body)
  expect(text).toContain('Be brief')
  expect(text).not.toMatch(/max_(?:output_)?tokens|"stream"|"store"/)
  expect(asked).toMatchObject(target.asked)
  const entry = (await ledgerEntries(gateway)).find((one) => one.exchange === counted.id)
  expect(entry).toMatchObject({ operation: 'count-tokens', outcome: 'success', costUsd: '0.00' })
})

test.each(counters.map((client) => [client.provider, client] as const))(
  'tokens are counted here where no provider does: %s',
  async (_name, client) => {
    const before = upstream.seen.length
    const counted = await post(client.path('chat/m-up'), client.request('chat/m-up'))
    expect(counted.status).toBe(200)
    const numbers = JSON.stringify(counted.body).match(/okens":(\d+)/)
    expect(Number(numbers?.[1])).toBeWithin(4, 40)
    expect(upstream.seen.length).toBe(before)
    const entry = (await ledgerEntries(gateway)).find((one) => one.exchange === counted.id)
    expect(entry).toMatchObject({ outcome: 'success', attempts: 0, provider: 'chat', costUsd: '0.00' })
    expect(entry?.warnings).toContain('token count')
  },
)

test('a picture that the provider does not fetch is not fetched from a private address either', async () => {
  const before = upstream.seen.length
  const source = { type: 'url', url: `${upstream.url}/secret.png` }
  const answer = await post('/v1/messages', {
    model: 'google/gemini-2.0-flash',
    max_tokens: 10,
    messages: [{ role: 'user', content: [{ type: 'image', source }] }],
  })
  expect(answer).toMatchObject({ status: 400, body: { error: { type: 'invalid_request_error' } } })
  expect(upstream.seen.length).toBe(before)
})

test('texts are embedded by Gemini for an OpenAI client', async () => {
  upstream.answer = () =>
    Response.json({
      embeddings: [{ values: [1, 2] }, { values: [3, 4] }],
      usageMetadata: { promptTokenCount: 5 },
    })
  const embedded = await post('/v1/embeddings', {
    model: 'google-like/m-up',
    input: ['a', 'b'],
    dimensions: 2,
    encoding_format: 'base64',
  })
  expect(lastSeen()).toMatchObject({
    path: '/v1beta/models/m-up:batchEmbedContents',
    body: { requests: [{ content: { parts: [{ text: 'a' }] }, outputDimensionality: 2 }, {}] },
  })
  const base64 = (values: readonly number[]): string =>
    Buffer.from(new Float32Array(values).buffer).toString('base64')
  expect(embedded.body).toMatchObject({
    object: 'list',
    data: [
      { index: 0, embedding: base64([1, 2]) },
      { index: 1, embedding: base64([3, 4]) },
    ],
    usage: { prompt_tokens: 5 },
  })
  const entry = (await ledgerEntries(gateway)).find((one) => one.exchange === embedded.id)
  expect(entry).toMatchObject({ operation: 'embed', usage: { inputTokens: 5 }, costUsd: '0.000005' })
})

test('texts are embedded by OpenAI for a Gemini client', async () => {
  upstream.answer = () =>
    Response.json({
      object: 'list',
      model: 'm-up',
      data: [{ object: 'embedding', index: 0, embedding: [1, 2] }],
      usage: { prompt_tokens: 5, total_tokens: 5 },
    })
  const embedded = await post('/v1beta/models/responses/m-up:embedContent', {
    content: { parts: [{ text: 'a' }] },
  })
  expect(lastSeen()).toMatchObject({ path: '/v1/embeddings', body: { model: 'm-up', input: 'a' } })
  expect(embedded.body).toMatchObject({ embedding: { values: [1, 2] } })
})

test('what would make other vectors is refused before anything is sent', async () => {
  const before = upstream.seen.length
  const tokens = await post('/v1/embeddings', { model: 'google-like/m-up', input: [[1, 2, 3]] })
  expect(tokens.status).toBe(400)
  const picture = await post('/v1beta/models/responses/m-up:embedContent', {
    content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
  })
  expect(picture.status).toBe(400)
  expect(upstream.seen.length).toBe(before)
})
