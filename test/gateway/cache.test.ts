/** The cache of answers in a real gateway, between every pair of protocols. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { answerOf, textOf } from '../support/mirror-client.ts'
import { type SayingUpstream, startSaying } from '../support/saying-upstream.ts'
import { githubToken } from '../support/test-secrets.ts'
import { type TranslationCase, translationCases } from './translation-cases.ts'

setDefaultTimeout(60_000)

let upstream: SayingUpstream
let gateway: TestGateway

const token = githubToken('cache')

const config = (url: string): readonly string[] => [
  ...oneCall,
  'providers:',
  ...translationCases.map((one) => `  ${one.provider}: ${one.config(url)}`),
  'prices:',
  '  - { match: "m", input_per_mtok: "1", output_per_mtok: "2" }',
  'routes:',
  ...translationCases.map(
    ({ provider }) => `  - { match: "at-${provider}", targets: [{ provider: ${provider}, model: m }] }`,
  ),
  '  - { match: tools, cache: { tool_calls: true }, targets: [{ provider: chat, model: m }] }',
  '  - { match: short, cache: { ttl: 1s }, targets: [{ provider: chat, model: m }] }',
  '  - { match: screened, firewall: { output: redact }, targets: [{ provider: chat, model: m }] }',
  '  - { match: narrow, work_mode: passthrough, targets: [{ provider: chat, model: m }] }',
  '  - { match: own, cache: { scope: key }, targets: [{ provider: chat, model: m }] }',
  '  - { match: "off", cache: off, targets: [{ provider: chat, model: m }] }',
  'aliases: { nickname: at-chat }',
  'firewall: { input: redact, output: off, secrets: reversible }',
  'cache: { exact: on, largest_entry: 20 KB }',
]

beforeAll(async () => {
  upstream = startSaying()
  gateway = await startGateway({ config: config(upstream.url) })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

interface Question {
  readonly model?: string
  readonly text: string
  readonly stream?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly key?: string
  readonly more?: Readonly<Record<string, unknown>>
  readonly url?: string
  readonly signal?: AbortSignal
}

/** The same question as a client of each protocol asks it. */
const bodyOf = (client: TranslationCase, { model, text, stream, more }: Question): unknown => {
  const words = { system: 'be brief', text }
  switch (client.protocol) {
    case 'openai-chat':
      return {
        model,
        stream,
        ...(stream === true ? { stream_options: { include_usage: true } } : {}),
        max_tokens: 99,
        temperature: 0.5,
        messages: [
          { role: 'system', content: words.system },
          { role: 'user', content: words.text },
        ],
        ...more,
      }
    case 'openai-responses':
      return {
        model,
        stream,
        max_output_tokens: 99,
        temperature: 0.5,
        instructions: words.system,
        input: words.text,
        ...more,
      }
    case 'anthropic-messages':
      return {
        model,
        stream,
        max_tokens: 99,
        temperature: 0.5,
        system: words.system,
        messages: [{ role: 'user', content: words.text }],
        ...more,
      }
    default:
      return {
        systemInstruction: { parts: [{ text: words.system }] },
        contents: [{ role: 'user', parts: [{ text: words.text }] }],
        generationConfig: { maxOutputTokens: 99, temperature: 0.5 },
        ...more,
      }
  }
}

const ask = async (client: TranslationCase, question: Question) => {
  const { model = 'at-chat', stream = false, headers, key = testKey, url = gateway.url, signal } = question
  const response = await fetch(url + client.path(model, stream), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      ...headers,
    },
    body: JSON.stringify(bodyOf(client, { ...question, model, stream })),
    ...(signal === undefined ? {} : { signal }),
  })
  const bytes = await response.bytes()
  const said = response.ok ? answerOf(client, bytes, stream) : undefined
  return {
    response,
    cache: response.headers.get('x-tollgate-cache'),
    said,
    text: said === undefined ? '' : textOf(said),
    body: new TextDecoder().decode(bytes),
  }
}

const clientOf = (provider: string): TranslationCase => {
  const found = translationCases.find((one) => one.provider === provider)
  if (found === undefined) throw new Error(`no ${provider}`)
  return found
}
const chat = clientOf('chat')
const responses = clientOf('responses')
const anthropic = clientOf('anthropic-like')

const rowOf = async (response: Response) => {
  const id = response.headers.get('x-tollgate-request-id')
  return waitFor(async () => (await ledgerEntries(gateway)).find(({ exchange }) => exchange === id))
}

describe('an answer that one client got', () => {
  for (const filler of translationCases) {
    for (const isFilledByStream of [false, true]) {
      test(`${filler.protocol}${isFilledByStream ? ', streamed' : ''}: is given again to clients of all protocols, whole and streamed`, async () => {
        // A provider of its own protocol, whose bytes pass through, and one that is translated.
        for (const provider of [filler.provider, filler.provider === 'chat' ? 'anthropic-like' : 'chat']) {
          const question = {
            model: `at-${provider}`,
            text: `to ${filler.protocol} ${isFilledByStream} ${provider}`,
          }
          const first = await ask(filler, { ...question, stream: isFilledByStream })
          expect(first.cache).toBe('miss')
          expect(first.response.status).toBe(200)
          const calls = upstream.seen.length
          for (const client of translationCases) {
            for (const stream of [false, true]) {
              const again = await ask(client, { ...question, stream })
              expect([client.protocol, stream, again.cache]).toEqual([client.protocol, stream, 'hit-exact'])
              expect(again.text).toBe(first.text)
              expect(again.said?.choices[0]?.finish?.reason).toBe('end')
              expect(again.said?.usage).toMatchObject({
                inputTokens: 11,
                outputTokens: 7,
                cacheReadTokens: 11,
              })
              expect(again.said?.id).not.toBe(first.said?.id)
              expect(again.response.headers.get('x-tollgate-provider')).toBe(provider)
              expect(again.response.headers.get('age')).toMatch(/^\d+$/)
            }
          }
          expect(upstream.seen.length).toBe(calls)
        }
      })
    }
  }

  test('costs nothing, and the ledger says what it saved', async () => {
    const first = await ask(chat, { text: 'what does it cost?' })
    const again = await ask(anthropic, { text: 'what does it cost?' })
    const [paid, free] = [await rowOf(first.response), await rowOf(again.response)]
    expect(paid).toMatchObject({ costUsd: '0.000025', attempts: 1, outcome: 'success' })
    expect(free).toMatchObject({
      costUsd: '0.00',
      attempts: 0,
      outcome: 'success',
      usage: null,
      provider: null,
      cacheSavedUsd: '0.000025',
    })
    expect(again.response.headers.get('x-tollgate-cost')).toBe('0.00')
    expect(JSON.parse(String(Reflect.get(paid, 'cache')))).toMatchObject({ result: 'miss' })
    expect(JSON.parse(String(Reflect.get(free, 'cache')))).toMatchObject({ result: 'hit-exact', age: 0 })
    const stats = await gateway.admin('/cache/stats')
    expect(stats).toMatchObject({ faults: 0, savedUsd: expect.stringMatching(/^0\.\d+$/) })
  })

  test('says its usage, though the client that asked first did not want to know it', async () => {
    const first = await ask(chat, {
      text: 'no usage',
      stream: true,
      more: { stream_options: { include_usage: false } },
    })
    expect(first.said?.usage).toBeUndefined()
    const again = await ask(chat, { text: 'no usage' })
    expect([again.cache, again.said?.usage?.outputTokens]).toEqual(['hit-exact', 7])
  })

  test('is a list of elements for clients of Gemini that want one', async () => {
    const gemini = clientOf('google-like')
    await ask(gemini, { text: 'a list', model: 'at-google-like' })
    const list = await fetch(`${gateway.url}/v1beta/models/at-google-like:streamGenerateContent`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(bodyOf(gemini, { text: 'a list' })),
    })
    expect(list.headers.get('x-tollgate-cache')).toBe('hit-exact')
    expect(JSON.stringify(await list.json())).toMatch(/^\[\{.*answer \d+/)
  })

  test('is not given to another question, and is given behind an alias', async () => {
    const first = await ask(chat, { text: 'one question' })
    expect((await ask(chat, { text: 'another question' })).cache).toBe('miss')
    expect((await ask(chat, { text: 'one question', more: { temperature: 0.6 } })).cache).toBe('miss')
    expect((await ask(chat, { text: 'one question', model: 'at-responses' })).cache).toBe('miss')
    const alias = await ask(chat, { text: 'one question', model: 'nickname' })
    expect([alias.cache, alias.text]).toEqual(['hit-exact', first.text])
    const other = { metadata: { a: 'b' }, user: 'somebody else', prompt_cache_key: 'k' }
    expect((await ask(chat, { text: 'one question', more: other })).cache).toBe('hit-exact')
  })

  test('says what was lost of the request on the way, each time', async () => {
    const question = { text: 'and a seed?', model: 'at-anthropic-like', more: { seed: 7 } }
    const first = await ask(chat, question)
    const again = await ask(chat, { ...question, stream: true })
    expect([first.cache, again.cache]).toEqual(['miss', 'hit-exact'])
    const [lost, lostAgain] = [first, again].map(({ response }) =>
      response.headers.get('x-tollgate-warnings'),
    )
    expect(lost).toContain('seed')
    expect(lostAgain).toBe(lost ?? '')
    const rows = await Promise.all([first, again].map(({ response }) => rowOf(response)))
    expect(rows[0]?.warnings).toBeTruthy()
    expect(rows[1]?.warnings).toEqual(rows[0]?.warnings)
  })

  test('is as old as its time to live at most', async () => {
    await ask(chat, { model: 'short', text: 'how long?' })
    expect((await ask(chat, { model: 'short', text: 'how long?' })).cache).toBe('hit-exact')
    await waitFor(
      async () =>
        (await ask(chat, { model: 'short', text: 'how long?' })).cache === 'miss' ? true : undefined,
      5_000,
    )
  })
})

describe('a client says of one request', () => {
  test('no-cache: it is asked anew, and others get the new answer', async () => {
    const first = await ask(chat, { text: 'refresh' })
    const fresh = await ask(chat, { text: 'refresh', headers: { 'cache-control': 'no-cache' } })
    expect(fresh.cache).toBe('miss')
    expect(fresh.text).not.toBe(first.text)
    expect((await ask(chat, { text: 'refresh' })).text).toBe(fresh.text)
  })

  test('no-store: nothing is looked up or kept', async () => {
    const headers = { 'cache-control': 'no-store' }
    expect((await ask(chat, { text: 'secret', headers })).cache).toBe('bypass')
    expect((await ask(chat, { text: 'secret' })).cache).toBe('miss')
    expect((await ask(chat, { text: 'secret', headers })).cache).toBe('bypass')
  })

  test('max-age: what is older is asked anew', async () => {
    await ask(chat, { text: 'age' })
    await Bun.sleep(5)
    expect((await ask(chat, { text: 'age', headers: { 'cache-control': 'max-age=60' } })).cache).toBe(
      'hit-exact',
    )
    expect((await ask(chat, { text: 'age', headers: { 'cache-control': 'max-age=0' } })).cache).toBe('miss')
  })
})

describe('what is never kept', () => {
  const twice = async (question: Question, client = chat) => {
    const one = await ask(client, question)
    const other = await ask(client, question)
    return [one.cache, other.cache]
  }
  const saying = async (said: Awaited<ReturnType<SayingUpstream['say']>>, work: () => Promise<void>) => {
    const before = upstream.say
    upstream.say = () => (said instanceof Response ? said.clone() : said)
    await work().finally(() => {
      upstream.say = before
    })
  }
  const text = { type: 'text', text: 'so far' } as const

  test('errors', () =>
    saying(Response.json({ error: { message: 'no' } }, { status: 500 }), async () => {
      const answers = await twice({ text: 'error' })
      expect(answers).not.toContain('hit-exact')
    }))
  for (const reason of ['length', 'refusal', 'filtered-output'] as const) {
    test(`an answer that ends with ${reason}, whole or streamed`, () =>
      saying({ parts: [text], finish: { reason } }, async () => {
        for (const client of translationCases) {
          for (const stream of [false, true])
            expect(
              await twice({ text: `ends with ${reason}`, stream, model: `at-${client.provider}` }, client),
            ).toEqual(['miss', 'miss'])
        }
      }))
  }
  test('an empty answer', () =>
    saying({ parts: [{ type: 'text', text: '' }] }, async () => {
      expect(await twice({ text: 'empty' })).toEqual(['miss', 'miss'])
    }))
  test('an answer that is larger than one may be', () =>
    saying({ parts: [{ type: 'text', text: 'x'.repeat(30_000) }] }, async () => {
      expect(await twice({ text: 'large' })).toEqual(['miss', 'miss'])
      expect(await twice({ text: 'large', stream: true })).toEqual(['miss', 'miss'])
    }))
  test('a tool call, but where the route allows it', () =>
    saying(
      {
        parts: [{ type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{"a":1}' }],
        finish: { reason: 'tool-calls' },
      },
      async () => {
        const more = {
          tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
        }
        expect(await twice({ text: 'call', more })).toEqual(['miss', 'miss'])
        expect(await twice({ text: 'call', more, model: 'tools' })).toEqual(['miss', 'hit-exact'])
        const streamed = await ask(chat, { text: 'call', more, model: 'tools', stream: true })
        expect(streamed.cache).toBe('hit-exact')
        expect(streamed.said?.choices[0]?.parts).toMatchObject([
          { type: 'tool-call', name: 'f', input: '{"a":1}' },
        ])
      },
    ))
  test('what the firewall made of an answer', () =>
    saying({ parts: [{ type: 'text', text: `my token is ${token}` }] }, async () => {
      for (const stream of [false, true]) {
        const question = { text: `secret ${stream}`, model: 'screened', stream }
        expect(await twice(question)).toEqual(['miss', 'miss'])
        expect((await ask(chat, question)).text).toMatch(/^my token is \[GITHUB_TOKEN_\w+\]$/)
        expect((await ledgerEntries(gateway))[0]?.cache).toContain('"unkept":"screened"')
      }
    }))
  test('an answer with sources that no other protocol has a word for, whole or streamed', async () => {
    const whole = {
      id: 'c',
      object: 'chat.completion',
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'see [1]' }, finish_reason: 'stop' }],
      citations: ['https://a.test/1'],
    }
    const chunk = { ...whole, object: 'chat.completion.chunk' }
    const frames = [
      {
        ...chunk,
        choices: [{ index: 0, delta: { role: 'assistant', content: 'see [1]' }, finish_reason: null }],
      },
      { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    ]
    await saying(Response.json(whole), async () => {
      expect(await twice({ text: 'sources' })).toEqual(['miss', 'miss'])
    })
    const body = [...frames.map((frame) => JSON.stringify(frame)), '[DONE]'].map(
      (data) => `data: ${data}\n\n`,
    )
    const headers = { 'content-type': 'text/event-stream' }
    await saying(new Response(body.join(''), { headers }), async () => {
      expect(await twice({ text: 'sources streamed', stream: true })).toEqual(['miss', 'miss'])
    })
  })
  test('for a client whose protocol may not be translated, what one of another protocol got', async () => {
    expect((await ask(chat, { text: 'narrow', model: 'narrow' })).cache).toBe('miss')
    expect((await ask(chat, { text: 'narrow', model: 'narrow' })).cache).toBe('hit-exact')
    expect(
      (await ask(anthropic, { text: 'narrow', model: 'narrow' })).response.status,
    ).toBeGreaterThanOrEqual(400)
  })
  test('what refers to state, wants more than one answer, or lets the provider search', async () => {
    for (const more of [
      { n: 2 },
      { logprobs: true },
      { web_search_options: {} },
      { store: true },
      { modalities: ['text', 'audio'], audio: { voice: 'a', format: 'wav' } },
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }] },
        ],
      },
    ])
      expect([more, (await ask(chat, { text: 'x', more })).cache]).toEqual([more, 'bypass'])
    expect(
      (await ask(responses, { text: 'x', model: 'at-responses', more: { tools: [{ type: 'web_search' }] } }))
        .cache,
    ).toBe('bypass')
  })
  test('anything where it is off', async () => {
    expect(await twice({ text: 'off', model: 'off' })).toEqual([null, null])
  })
})

describe('answers that the gateway keeps', () => {
  test('have an id of their own each time, which the client may go on from', async () => {
    const question = { text: 'remember me', model: 'at-responses' }
    await ask(responses, question)
    for (const stream of [false, true]) {
      const again = await ask(responses, { ...question, stream })
      expect(again.cache).toBe('hit-exact')
      const id = again.said?.id ?? ''
      const got = await fetch(`${gateway.url}/v1/responses/${id}`, {
        headers: { authorization: `Bearer ${testKey}` },
      })
      expect(got.status).toBe(200)
      expect(JSON.stringify(await got.json())).toContain(again.text)
      const next = await ask(responses, {
        text: 'go on',
        model: 'at-responses',
        more: { previous_response_id: id },
      })
      expect(next.response.status).toBe(200)
      expect(next.cache).toBe('bypass')
      const body = new TextDecoder().decode(upstream.seen.at(-1)?.body)
      expect(body).toContain('remember me')
      expect(body).toContain(again.text)
    }
  })

  test('thoughts go back only to clients of the protocol that they were said in', async () => {
    upstream.say = () => ({
      parts: [
        {
          type: 'reasoning',
          pieces: [{ kind: 'summary', text: 'I think' }],
          state: { protocol: 'anthropic-messages', kind: 'signature', value: 'c2ln' },
        },
        { type: 'text', text: 'therefore' },
      ],
    })
    try {
      const question = { text: 'think', model: 'at-anthropic-like' }
      await ask(anthropic, question)
      for (const stream of [false, true]) {
        const again = await ask(anthropic, { ...question, stream })
        expect(again.cache).toBe('hit-exact')
        expect(again.said?.choices[0]?.parts).toMatchObject([
          { type: 'reasoning', state: { value: 'c2ln' } },
          { type: 'text', text: 'therefore' },
        ])
      }
      expect((await ask(chat, question)).cache).toBe('miss')
    } finally {
      upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
    }
  })
})

describe('what was redacted', () => {
  test('is not in what is kept, and comes back to whoever said it', async () => {
    upstream.say = (request) => {
      const said = JSON.stringify(request.turns)
      const [placeholder = ''] = /\[GITHUB_TOKEN_[0-9A-Z]{6,}\]/.exec(said) ?? []
      return { parts: [{ type: 'text', text: `I heard ${placeholder} and ${said.includes(token)}.` }] }
    }
    try {
      const text = `my token is ${token}`
      const expected = `I heard ${token} and false.`
      expect(await ask(chat, { text })).toMatchObject({ cache: 'miss', text: expected })
      for (const client of translationCases) {
        for (const stream of [false, true])
          expect(await ask(client, { text, stream })).toMatchObject({ cache: 'hit-exact', text: expected })
      }
      const other = `my token is ${githubToken('another')}`
      expect((await ask(chat, { text: other })).cache).toBe('miss')
    } finally {
      upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
    }
  })
})

describe('keys', () => {
  const makeKey = async (name: string, options: object = {}, organisation?: string): Promise<string> => {
    const made = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name, options, ...(organisation === undefined ? {} : { organisation }) }),
    })) as { secret: string }
    expect(made.secret).toStartWith('tgw-')
    return made.secret
  }

  test('of two organisations share nothing, those of one do, unless the scope is narrower', async () => {
    const { id } = (await gateway.admin('/organisations', {
      method: 'POST',
      body: JSON.stringify({ name: 'Acme' }),
    })) as { id: string }
    const [mine, theirs] = [await makeKey('mine'), await makeKey('theirs', {}, id)]
    await ask(chat, { text: 'whose?' })
    expect((await ask(chat, { text: 'whose?', key: mine })).cache).toBe('hit-exact')
    expect((await ask(chat, { text: 'whose?', key: theirs })).cache).toBe('miss')
    await ask(chat, { text: 'whose?', model: 'own' })
    expect((await ask(chat, { text: 'whose?', model: 'own', key: mine })).cache).toBe('miss')
    expect((await ask(chat, { text: 'whose?', model: 'own', key: mine })).cache).toBe('hit-exact')
  })

  test('say otherwise than route and gateway', async () => {
    const off = await makeKey('uncached', { cache: { exact: 'off' } })
    expect((await ask(chat, { text: 'by key', key: off })).cache).toBeNull()
    const on = await makeKey('cached', { cache: { exact: 'on', scope: 'key' } })
    expect((await ask(chat, { text: 'by key', key: on, model: 'off' })).cache).toBe('miss')
    expect((await ask(chat, { text: 'by key', key: on, model: 'off' })).cache).toBe('hit-exact')
    // What another key let in is no answer for one that wants no calls, or nothing so old.
    upstream.say = () => ({
      parts: [{ type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{}' }],
      finish: { reason: 'tool-calls' },
    })
    const more = { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] }
    const calling = { text: 'call by key', model: 'tools', more }
    const careful = await makeKey('careful', { cache: { toolCalls: false } })
    await ask(chat, calling)
    expect((await ask(chat, calling)).cache).toBe('hit-exact')
    expect((await ask(chat, { ...calling, key: careful })).cache).toBe('miss')
    upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
    const fresh = await makeKey('fresh', { cache: { ttlSeconds: 1 } })
    await ask(chat, { text: 'how old?' })
    await waitFor(
      async () => ((await ask(chat, { text: 'how old?', key: fresh })).cache === 'miss' ? true : undefined),
      5_000,
    )
    expect((await ask(chat, { text: 'how old?' })).cache).toBe('hit-exact')
  })
})

describe('equal requests at once', () => {
  test('make one call, whole and streamed', async () => {
    const before = upstream.seen.length
    const gate = Promise.withResolvers<void>()
    upstream.say = async () => {
      await gate.promise
      return { parts: [{ type: 'text', text: 'for all of you' }] }
    }
    const asked = Array.from({ length: 1000 }, (_, at) =>
      ask(translationCases[at % 4] ?? chat, { text: 'all at once', stream: at % 3 === 0 }),
    )
    await waitFor(() => (upstream.seen.length > before ? true : undefined))
    gate.resolve()
    const answers = await Promise.all(asked)
    upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
    expect(upstream.seen.length).toBe(before + 1)
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['for all of you']))
    expect(answers.filter(({ cache }) => cache === 'miss')).toHaveLength(1)
  })

  test('go on by themselves where the first fails', async () => {
    const before = upstream.seen.length
    const gate = Promise.withResolvers<void>()
    upstream.say = async (_request, calls) => {
      if (calls > before + 1) return { parts: [{ type: 'text', text: 'well' }] }
      await gate.promise
      return Response.json({ error: { message: 'broken' } }, { status: 500 })
    }
    const first = ask(chat, { text: 'the first fails' })
    await waitFor(() => (upstream.seen.length > before ? true : undefined))
    const others = Array.from({ length: 5 }, () => ask(chat, { text: 'the first fails' }))
    await Bun.sleep(200)
    expect(upstream.seen.length).toBe(before + 1)
    gate.resolve()
    expect((await first).response.status).toBe(500)
    for (const other of await Promise.all(others)) expect(other.text).toBe('well')
    upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
  })

  test('survive that the first, or one that waits, leaves', async () => {
    const before = upstream.seen.length
    const gate = Promise.withResolvers<void>()
    upstream.hold = () => gate.promise
    const leaving = new AbortController()
    const first = ask(chat, { text: 'the first leaves', stream: true, signal: leaving.signal }).catch(
      () => 'left',
    )
    await waitFor(() => (upstream.seen.length > before ? true : undefined))
    const impatient = new AbortController()
    const follower = ask(chat, { text: 'the first leaves', signal: impatient.signal }).catch(() => 'left')
    const others = Array.from({ length: 5 }, () => ask(chat, { text: 'the first leaves', stream: true }))
    await Bun.sleep(200)
    impatient.abort()
    expect(await follower).toBe('left')
    leaving.abort()
    expect(await first).toBe('left')
    await waitFor(() => (upstream.seen.length > before + 1 ? true : undefined))
    gate.resolve()
    const answers = await Promise.all(others)
    upstream.hold = undefined
    // One of those who waited asked for all of them.
    expect(upstream.seen.length).toBe(before + 2)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(answers.map(({ response }) => response.status)).toEqual([200, 200, 200, 200, 200])
  })
})

describe('operators', () => {
  test('remove answers also where they are being asked for', async () => {
    const before = upstream.seen.length
    const gate = Promise.withResolvers<void>()
    upstream.say = async (_request, calls) => {
      await gate.promise
      return { parts: [{ type: 'text', text: `answer ${calls}` }] }
    }
    const first = ask(chat, { text: 'purge me' })
    await waitFor(() => (upstream.seen.length > before ? true : undefined))
    await gateway.admin('/cache/purge', { method: 'POST' })
    // Whoever asks from now on does not get what was asked before.
    const second = ask(chat, { text: 'purge me' })
    await waitFor(() => (upstream.seen.length > before + 1 ? true : undefined))
    gate.resolve()
    const answers = await Promise.all([first, second])
    upstream.say = (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] })
    expect(answers.map(({ cache }) => cache)).toEqual(['miss', 'miss'])
    const rows = await Promise.all(answers.map(({ response }) => rowOf(response)))
    expect(rows.map(({ cache }) => JSON.parse(cache ?? '{}').unkept)).toEqual(['purged', undefined])
    const third = await ask(chat, { text: 'purge me' })
    expect([third.cache, third.text]).toEqual(['hit-exact', answers[1]?.text ?? ''])
  })

  test('see why, and remove answers', async () => {
    const one = await ask(chat, { text: 'explain' })
    const other = await ask(chat, { text: 'explain', more: { temperature: 0.9 } })
    const skipped = await ask(chat, { text: 'explain', more: { n: 2 } })
    const id = ({ response }: typeof one) => response.headers.get('x-tollgate-request-id')
    await rowOf(skipped.response)
    expect(await gateway.admin(`/cache/explain?exchange=${id(one)}&with=${id(other)}`)).toMatchObject({
      result: 'miss',
      kept: { provider: 'chat', model: 'm' },
      differs: ['parameters'],
    })
    expect(await gateway.admin(`/cache/explain?exchange=${id(skipped)}`)).toMatchObject({
      result: 'bypass',
      reason: 'several-answers',
      kept: null,
    })
    expect(await gateway.admin('/cache/purge', { method: 'POST' })).toMatchObject({
      purged: expect.any(Number),
    })
    expect((await ask(chat, { text: 'explain' })).cache).toBe('miss')
    expect(
      await gateway.admin('/cache/purge', { method: 'POST', body: '{"organisation":"nobody"}' }),
    ).toEqual({ purged: 0 })
    expect((await ask(chat, { text: 'explain' })).cache).toBe('hit-exact')
  })
})
