/** Claude pauses an answer while it runs tools of its own; clients of other protocols get it in one piece. */

import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { allEntries, oneCall, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

type Block = Readonly<Record<string, unknown>>

/** One call's answer. */
interface Said {
  readonly content: readonly Block[]
  readonly stop: string
  readonly container?: string
}

const thinking = { type: 'thinking', thinking: 'I search twice.', signature: 'c2ln' }
const search = (number: number): readonly Block[] => [
  { type: 'server_tool_use', id: `srvtoolu_${number}`, name: 'web_search', input: { query: `q${number}` } },
  {
    type: 'web_search_tool_result',
    tool_use_id: `srvtoolu_${number}`,
    content: [
      {
        type: 'web_search_result',
        url: `https://example.com/${number}`,
        title: `Page ${number}`,
        encrypted_content: 'ZW5j',
        page_age: null,
      },
    ],
  },
]
const text = (words: string): Block => ({ type: 'text', text: words })
const cited: Block = {
  type: 'text',
  text: 'It is warm.',
  citations: [
    {
      type: 'web_search_result_location',
      url: 'https://example.com/1',
      title: 'Page 1',
      cited_text: 'warm',
      encrypted_index: 'aW5k',
    },
  ],
}

const first: Said = { content: [thinking, text('One moment. '), ...search(1)], stop: 'pause_turn' }
const second: Said = { content: [cited, ...search(2)], stop: 'pause_turn', container: 'container_1' }
const third: Said = { content: [text(' It stays so.')], stop: 'end_turn' }
const words = 'One moment. It is warm. It stays so.'

const usage = { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 20 }

const whole = ({ content, stop, container }: Said): Response =>
  Response.json({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage,
    ...(container === undefined ? {} : { container: { id: container, expires_at: '2027-01-01T00:00:00Z' } }),
  })

const deltasOf = (block: Block): readonly Block[] => {
  switch (block['type']) {
    case 'text':
      return [
        ...((block['citations'] as Block[] | undefined) ?? []).map((citation) => ({
          type: 'citations_delta',
          citation,
        })),
        ...String(block['text'])
          .split(/(?<= )/)
          .map((text) => ({ type: 'text_delta', text })),
      ]
    case 'thinking':
      return [
        { type: 'thinking_delta', thinking: block['thinking'] },
        { type: 'signature_delta', signature: block['signature'] },
      ]
    case 'server_tool_use':
      return [{ type: 'input_json_delta', partial_json: JSON.stringify(block['input']) }]
    default:
      return []
  }
}

const opened = (block: Block): Block => {
  switch (block['type']) {
    case 'text':
      return { type: 'text', text: '', ...(block['citations'] === undefined ? {} : { citations: [] }) }
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'server_tool_use':
      return { ...block, input: {} }
    default:
      return block
  }
}

const eventsOf = ({ content, stop, container }: Said): readonly Block[] => [
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...usage, output_tokens: 1 },
    },
  },
  ...content.flatMap((block, index) => [
    { type: 'content_block_start', index, content_block: opened(block) },
    ...deltasOf(block).map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]),
  {
    type: 'message_delta',
    delta: {
      stop_reason: stop,
      stop_sequence: null,
      ...(container === undefined
        ? {}
        : { container: { id: container, expires_at: '2027-01-01T00:00:00Z' } }),
    },
    usage: { output_tokens: 10 },
  },
  { type: 'message_stop' },
]

const framed = (events: readonly Block[]): string =>
  events.map((event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join('')

const streamed = (said: Said): Response =>
  new Response(framed(eventsOf(said)), { headers: { 'content-type': 'text/event-stream' } })

let upstream: TestUpstream
let gateway: TestGateway
let client: OpenAI
let google: GoogleGenAI

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      'providers:',
      `  claude: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: k, models: [claude-sonnet-4-5] }`,
      'prices:',
      '  - { match: "claude-*", provider: claude, input_per_mtok: "3", output_per_mtok: "15", cache_read_per_mtok: "0.3" }',
      ...oneCall,
    ],
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
  google = new GoogleGenAI({ apiKey: testKey, httpOptions: { baseUrl: gateway.url } })
})

beforeEach(() => {
  upstream.seen.length = 0
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

/** The same that used so many input tokens. */
const using =
  (said: Said, input: number, output = 10) =>
  async (): Promise<Response> => {
    const streams = asks().at(-1)?.['stream'] === true
    const text = await (streams ? streamed(said) : whole(said)).text()
    const told = text
      .replaceAll('"input_tokens":100', `"input_tokens":${input}`)
      .replaceAll('"output_tokens":10', `"output_tokens":${output}`)
    return new Response(told, {
      headers: { 'content-type': streams ? 'text/event-stream' : 'application/json' },
    })
  }

const asks = (): readonly Record<string, unknown>[] =>
  upstream.seen.map(({ body }) => JSON.parse(new TextDecoder().decode(body)))

/** Answers in the order of the calls; the last one again and again. */
const answers = (...said: readonly (Said | (() => Response | Promise<Response>))[]): void => {
  upstream.answer = () => {
    const next = said[Math.min(upstream.seen.length, said.length) - 1]
    if (typeof next === 'function') return next()
    if (next === undefined) throw new Error('no answer')
    return asks().at(-1)?.['stream'] === true ? streamed(next) : whole(next)
  }
}

const chat = {
  model: 'claude-sonnet-4-5',
  messages: [{ role: 'user', content: 'How warm is it?' }],
  web_search_options: {},
} satisfies OpenAI.ChatCompletionCreateParamsNonStreaming

const chatStream = async (): Promise<OpenAI.ChatCompletion> =>
  client.chat.completions
    .stream({ ...chat, stream: true, stream_options: { include_usage: true } })
    .finalChatCompletion()

const lastEntry = async (of = gateway) =>
  (await allEntries(of)).toSorted((a, b) => b.openedAt - a.openedAt)[0]

describe.each([
  ['whole', () => client.chat.completions.create(chat)],
  ['streamed', chatStream],
] as const)('a paused answer, %s', (_, ask) => {
  test('goes on until it has ended, as one answer whose usage is the sum', async () => {
    answers(first, second, third)
    const answer = await ask()
    expect(answer.choices[0]?.message.content).toBe(words)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.choices[0]?.message.annotations).toMatchObject([
      { url_citation: { url: 'https://example.com/1' } },
    ])
    expect(answer.usage).toMatchObject({
      prompt_tokens: 360,
      completion_tokens: 30,
      prompt_tokens_details: { cached_tokens: 60 },
    })
    const entry = await lastEntry()
    expect(entry).toMatchObject({
      outcome: 'success',
      attempts: 1,
      usageSource: 'reported',
      usage: { inputTokens: 360, outputTokens: 30, cacheReadTokens: 60 },
      // 300 at 3 $, 60 at 0.30 $, 30 at 15 $, for a million each.
      costUsd: '0.001368',
      warnings: null,
    })
  })

  test('is asked for with its own words unchanged, the same request and its container', async () => {
    answers(first, second, third)
    await ask()
    const [asked, again, onceMore] = asks()
    const { messages, ...settings } = asked ?? {}
    expect(again).toEqual({
      ...settings,
      messages: [...(messages as Block[]), { role: 'assistant', content: [...first.content] }],
    })
    expect(onceMore).toEqual({
      ...settings,
      container: 'container_1',
      messages: [
        ...(messages as Block[]),
        { role: 'assistant', content: [...first.content, ...second.content] },
      ],
    })
    // What is cached of the prompt is read again.
    const [one, two] = upstream.seen.map(({ body }) => new TextDecoder().decode(body))
    const beginning = one?.slice(one.indexOf('"messages":'), one.indexOf('"role":"user"') + 40) ?? '-'
    expect(two).toContain(beginning)
  })

  test('ends as a plain stop with a warning when it pauses too often', async () => {
    answers(first)
    const answer = await ask()
    expect(upstream.seen).toHaveLength(11)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.choices[0]?.message.content).toBe('One moment. '.repeat(11))
    expect(await lastEntry()).toMatchObject({
      usage: { outputTokens: 110 },
      warnings: expect.stringContaining('pause'),
    })
  })

  test('that cannot go on is an error, and what it has cost is booked', async () => {
    for (const broken of [
      () =>
        Response.json(
          { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
          { status: 529 },
        ),
      () => new Response('', { status: 401 }),
    ]) {
      upstream.seen.length = 0
      answers(first, broken)
      expect(await ask().catch((error: unknown) => error)).toBeInstanceOf(OpenAI.APIError)
      expect(upstream.seen).toHaveLength(2)
      expect(await lastEntry()).toMatchObject({
        outcome: 'upstream_error',
        usage: { inputTokens: 120, outputTokens: 10 },
      })
    }
  })

  test('whose further call answers nonsense is an error, and that call is estimated', async () => {
    answers(first, () => new Response('<html>', { headers: { 'content-type': 'text/html' } }))
    expect(await ask().catch((error: unknown) => error)).toBeInstanceOf(OpenAI.APIError)
    const entry = await lastEntry()
    expect(entry).toMatchObject({ outcome: 'upstream_error', usageSource: 'estimated' })
    expect(entry?.usage?.['inputTokens']).toBeGreaterThan(150)
  })

  test('is not looked for where the provider runs no tools', async () => {
    answers(first)
    const plain = { model: chat.model, messages: chat.messages }
    const answer = await client.chat.completions.create(plain)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(upstream.seen).toHaveLength(1)
  })
})

test('a stream says what there is before it asks for more', async () => {
  let goOn = (): void => {}
  const waits = new Promise<void>((resolve) => {
    goOn = resolve
  })
  answers(first, async () => {
    await waits
    return streamed(third)
  })
  let said = ''
  for await (const chunk of await client.chat.completions.create({ ...chat, stream: true })) {
    said += chunk.choices[0]?.delta.content ?? ''
    if (said === 'One moment. ') goOn()
  }
  expect(said).toBe('One moment.  It stays so.')
})

test('a client that leaves while the next call is awaited ends that call', async () => {
  answers(first, () => new Promise<Response>(() => {}))
  const { aborted } = upstream
  const stream = await client.chat.completions.create({ ...chat, stream: true })
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== undefined) break
  stream.controller.abort()
  await waitFor(() => (upstream.aborted > aborted ? true : undefined))
  const entry = await waitFor(async () => {
    const last = await lastEntry()
    return last?.outcome === 'client_aborted' ? last : undefined
  })
  expect(entry).toMatchObject({ usageSource: 'estimated' })
})

test('an upstream that dies in the middle of a further call is never a success, and its words are counted', async () => {
  const pieces = Array.from({ length: 50 }, () => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: 'word ' },
  }))
  answers(using(first, 100, 1_000), () => {
    const body = framed([...eventsOf(third).slice(0, 3), ...pieces])
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  const error = await chatStream().catch((problem: unknown) => problem)
  expect(error).toBeInstanceOf(Error)
  const entry = await lastEntry()
  expect(entry).toMatchObject({ outcome: 'upstream_died', usageSource: 'estimated' })
  expect(entry?.usage?.['outputTokens']).toBeWithin(1_050, 1_060)
})

test('a further call that is refused in its stream costs nothing', async () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  answers(first, () => new Response(framed([error]), { headers: { 'content-type': 'text/event-stream' } }))
  expect(await chatStream().catch((problem: unknown) => problem)).toBeInstanceOf(Error)
  expect(await lastEntry()).toMatchObject({
    outcome: 'upstream_error',
    usage: { inputTokens: 120, outputTokens: 10 },
  })
})

test('a pause whose last frame lacks its blank line is an end like any other', async () => {
  answers(() => {
    const body = framed(eventsOf(first)).trimEnd()
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  expect((await chatStream()).choices[0]).toMatchObject({ finish_reason: 'stop' })
  expect(await lastEntry()).toMatchObject({ outcome: 'success' })
})

test('Responses clients get one answer with both searches, whole and streamed', async () => {
  const request = {
    model: 'claude-sonnet-4-5',
    input: 'How warm is it?',
    store: false,
    tools: [{ type: 'web_search' }],
  } satisfies OpenAI.Responses.ResponseCreateParamsNonStreaming
  answers(first, second, third)
  const answer = await client.responses.create(request)
  upstream.seen.length = 0
  const stream = client.responses.stream({ ...request, stream: true })
  const final = await stream.finalResponse()
  for (const { status, output, output_text, usage } of [answer, final]) {
    expect(status).toBe('completed')
    expect(output_text).toBe(words)
    expect(output.filter(({ type }) => type === 'web_search_call')).toHaveLength(2)
    expect(usage).toMatchObject({ input_tokens: 360, output_tokens: 30 })
  }
})

test('Gemini clients get one answer, whole and streamed', async () => {
  const request = {
    model: 'claude-sonnet-4-5',
    contents: 'How warm is it?',
    config: { tools: [{ googleSearch: {} }] },
  }
  answers(first, second, third)
  const answer = await google.models.generateContent(request)
  expect(answer.text).toBe(words)
  upstream.seen.length = 0
  let said = ''
  let reason: string | undefined
  for await (const chunk of await google.models.generateContentStream(request)) {
    said += chunk.text ?? ''
    reason = chunk.candidates?.[0]?.finishReason ?? reason
  }
  expect(said).toBe(words)
  expect(reason).toBe('STOP')
})

test('what is read of the prompt cache is held against the call that was looked at, not against the sum', async () => {
  const told = (said: Said, tokens: Readonly<Record<string, number>>) => async () =>
    Response.json({
      ...((await whole(said).json()) as object),
      usage: { input_tokens: 10, output_tokens: 10, ...tokens },
    })
  const system = 'You know all of the weather. '.repeat(800)
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: system },
    { role: 'user', content: 'How warm is it?' },
  ]
  const ask = () =>
    client.chat.completions.create(
      { ...chat, messages },
      { headers: { 'x-tollgate-session': 'reads its cache' } },
    )
  answers(
    told(first, { cache_creation_input_tokens: 5_000 }),
    told(third, { cache_read_input_tokens: 5_000, cache_creation_input_tokens: 1_000 }),
    told(third, { cache_read_input_tokens: 5_000, cache_creation_input_tokens: 700 }),
  )
  const { choices } = await ask()
  messages.push(
    { role: 'assistant', content: choices[0]?.message.content ?? '' },
    { role: 'user', content: 'And now?' },
  )
  await ask()
  const { breaks } = (await gateway.admin('/savings?by=session&session=reads+its+cache')) as {
    breaks: readonly unknown[]
  }
  expect(upstream.seen).toHaveLength(3)
  expect(breaks).toEqual([])
})

test('while a further call is awaited, the ledger knows the most that all of them can cost', async () => {
  answers(first, () => new Promise<Response>(() => {}))
  const stream = await client.chat.completions.create({ ...chat, max_tokens: 700, stream: true })
  await waitFor(() => (upstream.seen.length === 2 ? true : undefined))
  const database = new Database(join(gateway.dataDir, 'tollgate.db'), { readonly: true })
  const bytes = upstream.seen[1]?.body.byteLength ?? 0
  // Of the first call what it was, of the second one a token for each byte.
  const most = { input: 120 + bytes, output: 10 + 700 }
  await waitFor(() => {
    const rows = database
      .query<typeof most, []>(
        `select reserved_input_tokens as input, reserved_output_tokens as output from exchange_opened
         where exchange not in (select exchange from exchange_closed)`,
      )
      .all()
    return rows.some((row) => Bun.deepEquals(row, most)) ? true : undefined
  })
  stream.controller.abort()
  database.close()
})

describe('a gateway with other settings', () => {
  const asked = async (
    config: readonly string[],
    run: (own: TestGateway, sdk: OpenAI) => Promise<void>,
    provider = '',
  ) => {
    const own = await startGateway({
      config: [
        'providers:',
        `  claude: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: k, models: [claude-sonnet-4-5]${provider} }`,
        'prices:',
        '  - { match: "claude-*", provider: claude, input_per_mtok: "100", output_per_mtok: "100", cache_read_per_mtok: "100" }',
        ...(config.some((line) => line.startsWith('retry')) ? [] : oneCall),
        ...config,
      ],
    })
    try {
      await run(own, new OpenAI({ baseURL: `${own.url}/v1`, apiKey: testKey, maxRetries: 0 }))
    } finally {
      await own.stop()
    }
  }
  const short = { ...chat, max_tokens: 20 }
  const both = [
    async (sdk: OpenAI) => (await sdk.chat.completions.create(short)).choices[0],
    async (sdk: OpenAI) =>
      (await sdk.chat.completions.stream({ ...short, stream: true }).finalChatCompletion()).choices[0],
  ]

  test('leaves a pause as it is with `continue_paused: 0`, and takes another number at once', () =>
    asked(['continue_paused: 0'], async (own, sdk) => {
      answers(first)
      for (const ask of both) {
        upstream.seen.length = 0
        expect(await ask(sdk)).toMatchObject({ finish_reason: 'stop', message: { content: 'One moment. ' } })
        expect(upstream.seen).toHaveLength(1)
      }
      const changed = readFileSync(own.configFile, 'utf8').replace('continue_paused: 0', 'continue_paused: 2')
      writeFileSync(own.configFile, changed)
      own.supervisor.kill('SIGHUP')
      await waitFor(async () => {
        upstream.seen.length = 0
        await sdk.chat.completions.create(short)
        return upstream.seen.length === 3 ? true : undefined
      })
    }))

  test('goes on only as far as a budget has room for one more call', () =>
    asked(
      ['budgets: [{ level: global, limit_usd: "0.1", period: day, mode: metered }]'],
      async (own, sdk) => {
        answers(first)
        for (const ask of both) {
          upstream.seen.length = 0
          expect(await ask(sdk)).toMatchObject({ finish_reason: 'stop' })
          // A call holds some 0.03 $ and costs 0.013.
          expect(upstream.seen.length).toBeWithin(1, 6)
          const { spent } = await waitFor(async () => {
            const standing = await standingOf(own)
            return standing.reserved === '0.00' ? standing : undefined
          })
          expect(Number(spent)).toBeGreaterThan(0.013)
          expect(Number(spent)).toBeLessThanOrEqual(0.1)
        }
      },
    ))

  test('what a call has used beyond what was held for it counts before the next one', () =>
    asked(['budgets: [{ level: global, limit_usd: "3", period: day, mode: metered }]'], async (own, sdk) => {
      for (const [ask, used] of [
        [both[0], 6.002],
        [both[1], 6.002],
      ] as const) {
        upstream.seen.length = 0
        // 6 $, where 0.03 were held: nobody can know before.
        answers(using(first, 59_980))
        const answer = await ask?.(sdk).catch((error: unknown) => error)
        if (upstream.seen.length === 0) {
          expect(answer).toMatchObject({ status: 402 })
          continue
        }
        expect(upstream.seen).toHaveLength(1)
        expect(answer).toMatchObject({ finish_reason: 'stop' })
        await waitFor(async () => ((await standingOf(own)).reserved === '0.00' ? true : undefined))
        expect(Number((await standingOf(own)).spent)).toBeCloseTo(used, 1)
      }
    }))

  test('a further call that is refused does not begin the whole exchange again', () =>
    asked(['retry: { tries: 3, backoff: 1ms }'], async (own, sdk) => {
      const limited = () =>
        Response.json(
          { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } },
          { status: 429 },
        )
      answers(first, limited, first, limited)
      for (const ask of both) {
        upstream.seen.length = 0
        expect(await ask(sdk).catch((error: unknown) => error)).toBeInstanceOf(OpenAI.APIError)
        expect(upstream.seen).toHaveLength(2)
        expect(await lastEntry(own)).toMatchObject({ outcome: 'upstream_error', attempts: 1 })
      }
    }))

  test('silence is measured within a call: the next one has the bounds of any call', () =>
    asked(
      [],
      async (own, sdk) => {
        answers(first, async () => {
          await Bun.sleep(900)
          return streamed(third)
        })
        expect(await both[1]?.(sdk)).toMatchObject({ finish_reason: 'stop' })
        upstream.seen.length = 0
        answers(first, () => new Promise<Response>(() => {}))
        expect(await both[1]?.(sdk).catch((error: unknown) => error)).toBeInstanceOf(Error)
        expect(await lastEntry(own)).toMatchObject({
          outcome: 'upstream_died',
          error: 'gateway_upstream_timeout',
          usageSource: 'estimated',
        })
      },
      ', timeouts: { idle: 500ms, first_byte: 2s }',
    ))
})

const standingOf = async (of: TestGateway): Promise<{ spent: string; reserved: string }> => {
  const { keys } = (await of.admin('/keys')) as { keys: readonly { readonly id: string }[] }
  const { standings } = (await of.admin(`/budgets/standing?key=${keys[0]?.id}`)) as {
    standings: readonly { spent: string; reserved: string }[]
  }
  const [only] = standings
  if (only === undefined) throw new Error('no budget')
  return only
}
