/** Work modes of gateway, port, rule and key, on every endpoint that asks a model, through a real gateway. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { RouteExplanation } from '../../src/admin/index.ts'
import { freePort, oneCall, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { runTgw } from '../support/run-tgw.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

type Mode = 'auto' | 'passthrough' | 'translation'

let upstream: TestUpstream
let gateway: TestGateway
const keys = new Map<Mode, string>()

/** Providers by the one protocol that each speaks; counts and embeddings go with the protocols that have them. */
const providers = ['chat', 'responses', 'messages', 'google'] as const
type ProviderName = (typeof providers)[number]

interface Endpoint {
  readonly name: string
  readonly path: (model: string) => string
  readonly body: (model: string) => object
  /** Who is asked as the client asked. */
  readonly native: ProviderName
  /** Who can be asked only in another protocol, or not at all: then the gateway answers itself. */
  readonly foreign: readonly ProviderName[]
}

const messages = [{ role: 'user', content: 'hi' }]
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }]

const endpoints: readonly Endpoint[] = [
  {
    name: 'chat completions',
    path: () => '/v1/chat/completions',
    body: (model) => ({ model, messages }),
    native: 'chat',
    foreign: ['responses', 'messages', 'google'],
  },
  {
    name: 'responses',
    path: () => '/v1/responses',
    body: (model) => ({ model, input: 'hi', store: false }),
    native: 'responses',
    foreign: ['chat', 'messages', 'google'],
  },
  {
    name: 'messages',
    path: () => '/v1/messages',
    body: (model) => ({ model, max_tokens: 9, messages }),
    native: 'messages',
    foreign: ['chat', 'responses', 'google'],
  },
  {
    name: 'generateContent',
    path: (model) => `/v1beta/models/${model}:generateContent`,
    body: () => ({ contents }),
    native: 'google',
    foreign: ['chat', 'responses', 'messages'],
  },
  {
    name: 'count tokens of messages',
    path: () => '/v1/messages/count_tokens',
    body: (model) => ({ model, messages }),
    native: 'messages',
    foreign: ['chat', 'responses', 'google'],
  },
  {
    name: 'input tokens of responses',
    path: () => '/v1/responses/input_tokens',
    body: (model) => ({ model, input: 'hi' }),
    native: 'responses',
    foreign: ['chat', 'messages', 'google'],
  },
  {
    name: 'countTokens of Gemini',
    path: (model) => `/v1beta/models/${model}:countTokens`,
    body: () => ({ contents }),
    native: 'google',
    foreign: ['chat', 'responses', 'messages'],
  },
  {
    name: 'embeddings',
    path: () => '/v1/embeddings',
    body: (model) => ({ model, input: 'hi' }),
    native: 'responses',
    foreign: ['google'],
  },
  {
    name: 'embedContent of Gemini',
    path: (model) => `/v1beta/models/${model}:embedContent`,
    body: () => ({ content: { parts: [{ text: 'hi' }] } }),
    native: 'google',
    foreign: ['responses'],
  },
]

const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }

const answers: readonly (readonly [RegExp, object])[] = [
  [/input_tokens$/, { object: 'response.input_tokens', input_tokens: 3 }],
  [/count_tokens$/, { input_tokens: 3 }],
  [/:countTokens$/, { totalTokens: 3 }],
  [/:batchEmbedContents$/, { embeddings: [{ values: [1, 2] }] }],
  [/:embedContent$/, { embedding: { values: [1, 2] } }],
  [
    /embeddings$/,
    {
      object: 'list',
      model: 'm',
      data: [{ object: 'embedding', index: 0, embedding: [1, 2] }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    },
  ],
  [
    /chat\/completions$/,
    {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    },
  ],
  [
    /responses$/,
    {
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      status: 'completed',
      model: 'm',
      output: [
        {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'ok', annotations: [] }],
        },
      ],
      usage,
    },
  ],
  [
    /messages$/,
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'ok' }],
      stop_reason: 'end_turn',
      usage,
    },
  ],
  [
    /:generateContent$/,
    {
      candidates: [{ content: { role: 'model', parts: [{ text: 'ok' }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    },
  ],
]

/** `rule-{mode}-{provider}` names a rule that says this mode; `free-{provider}` one that says none. */
const rules = providers.flatMap((provider) => [
  ...(['auto', 'passthrough', 'translation'] as const).map(
    (mode) =>
      `  - { match: rule-${mode}-${provider}, work_mode: ${mode}, targets: [{ provider: ${provider}, model: m }] }`,
  ),
  `  - { match: free-${provider}, targets: [{ provider: ${provider}, model: m }] }`,
])

/** The port that leaves the mode to the gateway, and those that say one. */
const portOf: Readonly<Record<Mode | 'silent', string>> = {
  silent: 'facade',
  auto: 'gemini',
  passthrough: 'openai',
  translation: 'anthropic',
}

beforeAll(async () => {
  upstream = startUpstream()
  upstream.answer = ({ path }) => {
    const found = answers.find(([pattern]) => pattern.test(path))
    return found === undefined ? new Response('not scripted', { status: 500 }) : Response.json(found[1])
  }
  const everything = '[openai_core, openai_responses, anthropic, gemini_native, health]'
  const ports = ['facade', 'admin', 'openai', 'anthropic', 'gemini'].map((name) => `${name}: ${freePort()}`)
  const served = Object.values(portOf).map((name) => `${name}: ${everything}`)
  gateway = await startGateway({
    listen: `{ mode: multi, ports: { ${ports.join(', ')} }, endpoints: { ${served.join(', ')} }, work_modes: { gemini: auto, openai: passthrough, anthropic: translation } }`,
    config: [
      ...oneCall,
      'work_mode: passthrough',
      'providers:',
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/v1", api_key: k }`,
      `  responses: { kind: openai-compatible, protocols: [openai-responses, openai-embeddings], base_url: "${upstream.url}/v1", api_key: k }`,
      `  messages: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: k }`,
      `  google: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: k }`,
      'routes:',
      ...rules,
      '  - { match: copied, targets: [{ provider: chat, model: m }], shadow: { provider: messages, model: m, share: 1 } }',
    ],
  })
  for (const workMode of ['auto', 'passthrough', 'translation'] as const) {
    const made = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: workMode, options: { workMode } }),
    })) as { readonly secret: string }
    keys.set(workMode, made.secret)
  }
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

interface Said {
  readonly key?: Mode
  readonly rule?: Mode
  readonly port?: Mode
}

const ask = async ({ path, body }: Endpoint, provider: ProviderName, { key, rule, port }: Said) => {
  const model = rule === undefined ? `free-${provider}` : `rule-${rule}-${provider}`
  const before = upstream.seen.length
  const secret = key === undefined ? testKey : keys.get(key)
  const response = await fetch(`http://127.0.0.1:${gateway.ports[portOf[port ?? 'silent']]}${path(model)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body(model)),
  })
  return { status: response.status, text: await response.text(), calls: upstream.seen.length - before }
}

/** What comes of it under a mode; a refusal is 400, says which mode refused, and costs no call. */
const expectMode = async (mode: Mode, endpoint: Endpoint, said: Said): Promise<void> => {
  for (const provider of [endpoint.native, ...endpoint.foreign]) {
    const isNative = provider === endpoint.native
    const { status, text, calls } = await ask(endpoint, provider, said)
    const at = `${endpoint.name} at ${provider}`
    if (mode === 'auto' || isNative === (mode === 'passthrough'))
      expect([at, status, text]).toEqual([at, 200, text])
    else {
      expect([at, status, calls]).toEqual([at, 400, 0])
      expect(text).toContain(`work mode \`${mode}\` refuses`)
    }
  }
}

describe.each(endpoints)('$name', (endpoint) => {
  for (const mode of ['auto', 'passthrough', 'translation'] as const) {
    test(`obeys \`${mode}\`, whether a port, a rule or a key says it`, async () => {
      await expectMode(mode, endpoint, { port: mode })
      await expectMode(mode, endpoint, { rule: mode })
      await expectMode(mode, endpoint, { key: mode })
    })
  }

  test('obeys the key before the rule, the rule before the port, and the port before the gateway', async () => {
    await expectMode('passthrough', endpoint, {
      key: 'passthrough',
      rule: 'translation',
      port: 'translation',
    })
    await expectMode('auto', endpoint, { key: 'auto', rule: 'passthrough', port: 'translation' })
    await expectMode('translation', endpoint, { rule: 'translation', port: 'passthrough' })
    await expectMode('auto', endpoint, { rule: 'auto', port: 'translation' })
    await expectMode('passthrough', endpoint, {})
  })
})

test('a streamed request is refused before anything of a stream is sent', async () => {
  const streamed = endpoints.slice(0, 4).map((endpoint) => ({
    ...endpoint,
    path: (model: string) =>
      endpoint.path(model).replace(':generateContent', ':streamGenerateContent?alt=sse'),
    body: (model: string) => ({
      ...endpoint.body(model),
      ...(endpoint.native === 'google' ? {} : { stream: true }),
    }),
  }))
  for (const endpoint of streamed) {
    const refused = [
      await ask(endpoint, endpoint.native, { key: 'translation' }),
      await ask(endpoint, endpoint.native, { rule: 'translation' }),
      ...(await Promise.all(
        endpoint.foreign.map((provider) => ask(endpoint, provider, { port: 'passthrough' })),
      )),
    ]
    for (const { status, text, calls } of refused) {
      expect([endpoint.name, status, calls]).toEqual([endpoint.name, 400, 0])
      expect(text).toContain('refuses what would')
    }
  }
})

test('a response in the background is refused at once, or keeps the mode of its port and key to its end', async () => {
  const create = (port: Mode | 'silent', key: string | undefined) =>
    fetch(`http://127.0.0.1:${gateway.ports[portOf[port]]}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'free-messages', input: 'hi', background: true }),
    })
  expect((await create('silent', testKey)).status).toBe(400)
  expect((await create('auto', keys.get('passthrough'))).status).toBe(400)
  for (const [port, key] of [
    ['auto', testKey],
    ['silent', keys.get('translation')],
  ] as const) {
    const { id } = (await (await create(port, key)).json()) as { readonly id: string }
    const ended = await waitFor(async () => {
      const headers = { authorization: `Bearer ${key}` }
      const now = await fetch(`${gateway.url}/v1/responses/${id}`, { headers })
      const { status, error } = (await now.json()) as { status: string; error: unknown }
      return status === 'queued' || status === 'in_progress' ? undefined : { status, error }
    })
    expect(ended).toEqual({ status: 'completed', error: null })
  }
})

test("a shadow copy obeys the key, or else the gateway: the port's word is about what comes in there", async () => {
  const results = async (ended: number) =>
    waitFor(async () => {
      const { pairs } = (await gateway.admin('/shadow/report?route=copied')) as {
        readonly pairs: readonly { readonly copies: Readonly<Record<'compared' | 'failed', number>> }[]
      }
      const { compared = 0, failed = 0 } = pairs[0]?.copies ?? {}
      return compared + failed === ended ? { compared, failed } : undefined
    })
  const send = async (port: Mode, key: string | undefined) => {
    const response = await fetch(`http://127.0.0.1:${gateway.ports[portOf[port]]}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'copied', messages }),
    })
    expect(response.status).toBe(200)
    await response.bytes()
  }
  await send('passthrough', keys.get('auto'))
  expect(await results(1)).toEqual({ compared: 1, failed: 0 })
  await send('auto', testKey)
  expect(await results(2)).toEqual({ compared: 1, failed: 1 })
})

test('an explanation knows key and port', async () => {
  const explain = async (query: Record<string, string>) =>
    (await gateway.admin(`/routes/explain?${new URLSearchParams(query)}`)) as RouteExplanation
  const modeOf = async (query: Record<string, string>) => {
    const { workMode, targets } = await explain({ model: 'free-messages', ...query })
    return [workMode, targets[0]?.served]
  }
  expect(await modeOf({})).toEqual(['passthrough', 'refused'])
  expect(await modeOf({ port: 'gemini' })).toEqual(['auto', 'translated'])
  expect(await modeOf({ port: 'openai' })).toEqual(['passthrough', 'refused'])
  expect(await modeOf({ port: 'openai', key: 'translation' })).toEqual(['translation', 'translated'])
  expect(await modeOf({ port: 'openai', model: 'rule-auto-messages' })).toEqual(['auto', 'translated'])
  expect(await explain({ model: 'free-messages', port: 'opneai' })).toMatchObject({
    error: { code: 'gateway_request_invalid', message: expect.stringContaining('did you mean `openai`') },
  })
})

test('a key gets its mode on the command line and shows it', async () => {
  const place = ['--url', `http://127.0.0.1:${gateway.ports['admin']}`]
  const run = (...words: readonly string[]) => runTgw(gateway, ...words, ...place)
  const created = await run('keys', 'create', '--name', 'careful', '--work-mode', 'passthrough')
  expect(created).toMatchObject({ code: 0, error: '' })
  expect(created.out).toMatch(/^mode +passthrough$/m)
  const list = (await run('keys', 'list')).out
  expect(list).toMatch(/^key_\w+ +careful .* passthrough +never/m)
  expect(list).toMatch(/TGW_BOOTSTRAP_KEY .* - +never/)
  const wrong = await run('keys', 'create', '--name', 'x', '--work-mode', 'sideways')
  expect(wrong.code).not.toBe(0)
  expect(wrong.error).toContain('passthrough')
})
