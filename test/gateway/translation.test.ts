/** Every client protocol to every other provider protocol, through a real gateway to a scripted provider. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { collect, type FinishReason, type GenerateResponse, type Usage } from '../../src/ir/index.ts'
import { type GenerateCodec, protocols } from '../../src/protocols/index.ts'
import { sseDecoder } from '../../src/wire/index.ts'
import {
  type LedgerEntry,
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { type Seen, scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'
import { answered, type TranslationCase, translationCases } from './translation-cases.ts'

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      ...translationCases.map((one) => `  ${one.provider}: ${one.config(upstream.url)}`),
      'prices: [{ match: "m-up", input_per_mtok: 1, output_per_mtok: 2 }]',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const pairs = translationCases.flatMap((client) =>
  translationCases.filter((target) => target !== client).map((target) => ({ client, target })),
)
const named = pairs.map(
  ({ client, target }) => [`${client.protocol} to ${target.protocol}`, client, target] as const,
)

const codecOf = ({ protocol }: TranslationCase): GenerateCodec => {
  const codec = protocols[protocol].generate
  if (codec === undefined) throw new Error(`${protocol} generates nothing`)
  return codec
}

interface CallOptions {
  readonly stream?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
}

const call = (
  client: TranslationCase,
  target: TranslationCase,
  { stream = false, headers = {}, body = {}, signal }: CallOptions = {},
): Promise<Response> => {
  const model = `${target.provider}/m-up`
  return fetch(`${gateway.url}${client.path(model, stream)}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${testKey}`,
      'content-type': 'application/json',
      cookie: 'session=secret',
      'x-client-secret': 'stays-here',
      ...(client.protocol === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {}),
      ...headers,
    },
    body: JSON.stringify({ ...client.body(model, stream), ...body }),
    ...(signal === undefined ? {} : { signal }),
  })
}

const answer = (target: TranslationCase): ((seen: Seen) => Response) => {
  const sse = { headers: { 'content-type': 'text/event-stream', 'x-request-id': 'up-1' } }
  return (seen) =>
    wantsStream(seen) ? new Response(target.blocks.join(''), sse) : Response.json(target.whole)
}

const wantsStream = (seen: Seen): boolean =>
  seen.path.includes(':streamGenerateContent') ||
  JSON.parse(new TextDecoder().decode(seen.body)).stream === true

const lastSeen = (): Seen => {
  const seen = upstream.seen.at(-1)
  if (seen === undefined) throw new Error('the upstream was not asked')
  return seen
}

interface Said {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly input: string }[]
  readonly finish: FinishReason | undefined
  readonly usage: Usage | undefined
}

const said = (response: GenerateResponse): Said => {
  const parts = response.choices[0]?.parts ?? []
  return {
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call' ? [{ name: part.name, input: part.input }] : [],
    ),
    finish: response.choices[0]?.finish?.reason,
    usage: response.usage,
  }
}

const wholeSaid: Said = {
  text: answered.text,
  calls: [answered.call],
  finish: 'tool-calls',
  usage: expect.objectContaining(answered.usage),
}

/** A client's stream as the answer that it says, and what its grammar has against it. */
const readStream = (client: TranslationCase, text: string) => {
  const codec = codecOf(client)
  const decoder = codec.streamDecoder()
  const conform = codec.conform()
  const frames = sseDecoder()
  const read = [...frames.push(new TextEncoder().encode(text)), ...frames.end()]
  const events = [...read.flatMap((frame) => decoder.push(frame)), ...decoder.end()]
  return {
    ...collect(client.protocol, events),
    violations: [...read.flatMap((frame) => conform.push(frame)), ...conform.end()],
  }
}

const entryOf = (response: Response): Promise<LedgerEntry> => {
  const id = response.headers.get('x-tollgate-request-id')
  return waitFor(async () => (await ledgerEntries(gateway)).find((entry) => entry.exchange === id))
}

/** What the ledger says of each upstream call. */
const attemptsOf = async (response: Response): Promise<unknown> => {
  const { exchange } = await entryOf(response)
  const { attempts } = (await gateway.admin(`/entries/${exchange}`)) as { readonly attempts: unknown }
  return attempts
}

describe('a whole answer', () => {
  test.each(named)('%s', async (_name, client, target) => {
    upstream.answer = answer(target)
    const response = await call(client, target)
    expect(response.status).toBe(200)
    const body = new Uint8Array(await response.arrayBuffer())
    const decoded = codecOf(client).decodeResponse({ status: 200, headers: response.headers, body })
    expect(said(decoded)).toEqual(wholeSaid)
    expect(response.headers.get('x-tollgate-cost')).toBe('0.000025')
    expect(await entryOf(response)).toMatchObject({
      outcome: 'success',
      status: 200,
      clientProtocol: client.protocol,
      upstreamProtocol: target.protocol,
      provider: target.provider,
      modelAnswered: 'm-up',
      usage: answered.usage,
      usageSource: 'reported',
      costUsd: '0.000025',
      attempts: 1,
    })
  })
})

describe('a streamed answer', () => {
  test.each(named)('%s', async (_name, client, target) => {
    upstream.answer = answer(target)
    const response = await call(client, target, { stream: true })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    const { response: decoded, complete, error, violations } = readStream(client, await response.text())
    expect({ ...said(decoded), complete, error, violations }).toEqual({
      ...wholeSaid,
      complete: true,
      error: undefined,
      violations: [],
    })
    expect(await entryOf(response)).toMatchObject({
      outcome: 'success',
      streamed: true,
      usage: answered.usage,
      costUsd: '0.000025',
    })
  })

  test('of Gemini without `alt=sse` is a JSON array', async () => {
    const [, , target, client] = translationCases
    if (client === undefined || target === undefined) throw new Error('the cases are gone')
    upstream.answer = answer(target)
    const url = `${gateway.url}/v1beta/models/${target.provider}/m-up:streamGenerateContent`
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-goog-api-key': testKey },
      body: JSON.stringify(client.body('', true)),
    })
    expect(response.headers.get('content-type')).toStartWith('application/json')
    const elements = (await response.json()) as readonly {
      candidates: readonly { content: { parts: readonly { text?: string }[] } }[]
    }[]
    expect(elements.length).toBeGreaterThan(1)
    expect(elements[0]?.candidates[0]?.content.parts[0]?.text).toBe('Hello')
  })

  test.each(named)(
    'that the provider gives whole, or whole where a stream came: %s',
    async (_name, client, target) => {
      upstream.answer = (seen) =>
        wantsStream(seen)
          ? Response.json(target.whole)
          : new Response(target.blocks.join(''), { headers: { 'content-type': 'text/event-stream' } })
      const streamed = await call(client, target, { stream: true })
      expect(streamed.headers.get('content-type')).toBe('text/event-stream')
      const read = readStream(client, await streamed.text())
      expect({ ...said(read.response), complete: read.complete }).toEqual({ ...wholeSaid, complete: true })
      const whole = await call(client, target)
      const body = new Uint8Array(await whole.arrayBuffer())
      expect(said(codecOf(client).decodeResponse({ status: 200, headers: whole.headers, body }))).toEqual(
        wholeSaid,
      )
    },
  )
})

describe('the provider hears', () => {
  test.each(named)('nothing of the client but its request: %s', async (_name, client, target) => {
    upstream.answer = answer(target)
    await (await call(client, target)).text()
    const { headers, path } = lastSeen()
    expect(path).toStartWith(`/${target.provider}/`)
    expect(headers['user-agent']).toStartWith('tollgate/')
    expect(Object.keys(headers)).not.toContainAnyValues(['cookie', 'x-client-secret'])
    expect(JSON.stringify(headers)).not.toContain(testKey)
    expect(JSON.stringify(headers)).toContain('sk-up')
  })

  test('the same bytes for the same request, and more only behind them for a longer history', async () => {
    const [client, , target] = translationCases
    if (client === undefined || target === undefined) throw new Error('the cases are gone')
    upstream.answer = answer(target)
    const bodies: string[] = []
    for (const more of [
      [],
      [],
      [
        { role: 'assistant', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    ]) {
      const messages = [{ role: 'user', content: 'weather?' }, ...more]
      await (await call(client, target, { body: { messages } })).text()
      bodies.push(new TextDecoder().decode(lastSeen().body))
    }
    const [first, second, longer] = bodies
    expect(second).toBe(first ?? '')
    const turns = (body: string | undefined): string => JSON.stringify(JSON.parse(body ?? '').messages)
    expect(turns(longer)).toStartWith(turns(first).slice(0, -1))
  })
})

const statuses = { limited: 429, broken: 500, tooLong: 400 } as const

const expectedTypes: Readonly<Record<string, Readonly<Record<keyof typeof statuses, string>>>> = {
  'openai-chat': {
    limited: 'rate_limit_exceeded',
    broken: 'server_error',
    tooLong: 'context_length_exceeded',
  },
  'openai-responses': {
    limited: 'rate_limit_exceeded',
    broken: 'server_error',
    tooLong: 'context_length_exceeded',
  },
  'anthropic-messages': {
    limited: 'rate_limit_error',
    broken: 'api_error',
    tooLong: 'invalid_request_error',
  },
  gemini: { limited: 'RESOURCE_EXHAUSTED', broken: 'INTERNAL', tooLong: 'INVALID_ARGUMENT' },
}

const contextWords: Readonly<Record<string, RegExp>> = {
  'openai-chat': /maximum context length is 200000 tokens/,
  'openai-responses': /maximum context length is 200000 tokens/,
  'anthropic-messages': /^prompt is too long: 210000 tokens > 200000 maximum/,
  gemini: /input token count \(210000\) exceeds the maximum number of tokens allowed \(200000\)/,
}

describe('an error of the provider comes in the words of the client', () => {
  const failing =
    (error: { status: number; headers?: Readonly<Record<string, string>>; body: unknown }) => () =>
      Response.json(error.body, { status: error.status, headers: error.headers ?? {} })

  describe.each(named)('%s', (_name, client, target) => {
    for (const kind of ['limited', 'broken', 'tooLong'] as const) {
      test(kind, async () => {
        upstream.answer = failing(target.errors[kind])
        for (const stream of [false, true]) {
          const response = await call(client, target, { stream })
          expect(response.status).toBe(statuses[kind])
          const body = (await response.json()) as never
          expect(client.errorType(body)).toBe(expectedTypes[client.protocol]?.[kind])
          if (kind === 'limited') expect(response.headers.get('retry-after')).toBe('7')
          const { error } = body as { error: { message: string } }
          if (kind === 'tooLong') expect(error.message).toMatch(contextWords[client.protocol] ?? /$^/)
          expect(await entryOf(response)).toMatchObject({ outcome: 'upstream_error', status: statuses[kind] })
        }
      })
    }

    test('overloaded', async () => {
      upstream.answer = failing(target.errors.overloaded)
      const response = await call(client, target)
      expect(response.status).toBe(client.protocol === 'anthropic-messages' ? 529 : 503)
      expect(await entryOf(response)).toMatchObject({ status: response.status })
      expect(await attemptsOf(response)).toMatchObject([{ status: target.errors.overloaded.status }])
    })

    test('an answer that is no JSON', async () => {
      for (const status of [200, 502]) {
        upstream.answer = () =>
          new Response('<html><title>Bad gateway</title></html>', {
            status,
            headers: { 'content-type': 'text/html' },
          })
        const response = await call(client, target)
        expect(response.status).toBe(client.protocol === 'gemini' ? 500 : 502)
        expect(client.errorType((await response.json()) as never)).toBeString()
        // A page names no code: only what is told as a success says what was wrong with it.
        expect(await attemptsOf(response)).toMatchObject([
          { status, error: status === 200 ? expect.any(String) : null },
        ])
      }
    })

    test('an error in the place of a stream still has its status', async () => {
      upstream.answer = () =>
        new Response([...target.blocks.slice(0, target.headBlocks), target.errorBlock].join(''), {
          headers: { 'content-type': 'text/event-stream' },
        })
      const response = await call(client, target, { stream: true })
      expect(response.status).toBeGreaterThanOrEqual(500)
      expect(response.headers.get('content-type')).toStartWith('application/json')
      expect(await entryOf(response)).toMatchObject({ outcome: 'upstream_error', status: response.status })
      expect(await attemptsOf(response)).toMatchObject([{ status: 200, error: expect.any(String) }])
    })
  })

  test('limits are told in the headers of the client', async () => {
    const [chat, , anthropic] = translationCases
    if (chat === undefined || anthropic === undefined) throw new Error('the cases are gone')
    upstream.answer = failing(anthropic.errors.limited)
    const openai = (await call(chat, anthropic)).headers
    expect(openai.get('x-ratelimit-limit-requests')).toBe('10')
    expect(openai.get('x-ratelimit-reset-requests')).toMatch(/^\d+h\d+m\d+s$/)
    expect(openai.get('anthropic-ratelimit-requests-limit')).toBeNull()
    upstream.answer = failing(chat.errors.limited)
    const theirs = (await call(anthropic, chat)).headers
    expect(theirs.get('anthropic-ratelimit-requests-limit')).toBe('10')
    const reset = Date.parse(theirs.get('anthropic-ratelimit-requests-reset') ?? '') - Date.now()
    expect(reset / 1000).toBeWithin(355, 362)
  })
})

/** Up to the text, and no further. */
const blocksWithText = ({ blocks }: TranslationCase): readonly string[] =>
  blocks.slice(0, blocks.findIndex((block) => block.includes(answered.text)) + 1)

describe('a stream that breaks off', () => {
  test.each(named)(
    'ends in the error form of the client, without a success terminator: %s',
    async (_name, client, target) => {
      const stream = scriptedStream()
      upstream.answer = () => stream.response()
      const pending = call(client, target, { stream: true })
      stream.write(blocksWithText(target).join(''))
      const response = await pending
      const reader = response.body?.getReader()
      let text = ''
      const first = await reader?.read()
      text += new TextDecoder().decode(first?.value)
      stream.die()
      for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
        text += new TextDecoder().decode(piece.value)
      }
      const { complete, error } = readStream(client, text)
      expect([complete, error === undefined]).toEqual([false, false])
      expect(text).toContain('Hello')
      expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed|finishReason/)
      expect(await entryOf(response)).toMatchObject({
        outcome: 'upstream_died',
        error: 'gateway_upstream_died',
        usageSource: 'estimated',
      })
    },
  )

  test.each(named)('before it has begun is an error with a status: %s', async (_name, client, target) => {
    upstream.answer = () =>
      new Response(target.blocks.slice(0, target.headBlocks).join(''), {
        headers: { 'content-type': 'text/event-stream' },
      })
    const response = await call(client, target, { stream: true })
    expect(response.status).toBe(client.protocol === 'gemini' ? 500 : 502)
    expect(await entryOf(response)).toMatchObject({ outcome: 'upstream_died' })
  })
})

describe('a client that leaves', () => {
  test.each(named)('takes the provider along at once: %s', async (_name, client, target) => {
    const stream = scriptedStream()
    upstream.answer = () => stream.response()
    const before = upstream.aborted
    const leave = new AbortController()
    const pending = call(client, target, { stream: true, signal: leave.signal })
    stream.write(blocksWithText(target).join(''))
    const response = await pending
    await response.body?.getReader().read()
    const left = Date.now()
    leave.abort()
    await waitFor(() => (upstream.aborted > before ? true : undefined))
    expect(Date.now() - left).toBeLessThan(5000)
    expect(await entryOf(response)).toMatchObject({ outcome: 'client_aborted', usageSource: 'estimated' })
  })
})

describe('what has no counterpart', () => {
  const [client, , target] = translationCases
  const body = { logit_bias: { '1': 5 }, prediction: { type: 'content', content: 'x' } }
  const lossy = (headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
    if (client === undefined || target === undefined) throw new Error('the cases are gone')
    upstream.answer = answer(target)
    return call(client, target, { body, headers })
  }

  test('is told in a header, in the ledger and in a metric', async () => {
    const response = await lossy()
    expect(response.status).toBe(200)
    const header = response.headers.get('x-tollgate-warnings') ?? ''
    expect(header).toContain('dropped; feature=')
    expect(header).toContain('path="logit_bias"')
    const { warnings } = await entryOf(response)
    expect(JSON.parse(warnings ?? '[]')).toContainEqual(expect.objectContaining({ path: 'logit_bias' }))
    const metrics = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    })
    expect(await metrics.text()).toMatch(
      /tollgate_translation_warnings_total\{source="openai-chat",target="anthropic-messages",feature="[^"]+"\} \d/,
    )
  })

  test('is refused in strict mode, with its place in the request, and nothing is sent', async () => {
    const before = upstream.seen.length
    const response = await lossy({ 'x-tollgate-strict': 'true' })
    expect(response.status).toBe(400)
    expect(response.headers.get('x-tollgate-error')).toBe('gateway_translation_unsupported')
    const { error } = (await response.json()) as { error: { param: string } }
    expect(['logit_bias', 'prediction']).toContain(error.param)
    expect(upstream.seen.length).toBe(before)
    expect(await entryOf(response)).toMatchObject({
      outcome: 'refused',
      stage: 'translate',
      attempts: 0,
      costUsd: '0.00',
    })
  })
})

describe('what the gateway does in place of a provider', () => {
  const [chat, responses, anthropic] = translationCases
  if (chat === undefined || responses === undefined || anthropic === undefined) throw new Error('no cases')

  test('a stream is cut at a stop string that the provider does not know, and the provider is told to stop', async () => {
    const stream = scriptedStream()
    upstream.answer = () => stream.response()
    const before = upstream.aborted
    const pending = call(anthropic, responses, { stream: true, body: { stop_sequences: ['ell'] } })
    stream.write(blocksWithText(responses).join(''))
    const response = await pending
    const text = await response.text()
    const read = readStream(anthropic, text)
    expect(read.response.choices[0]).toMatchObject({
      parts: [{ type: 'text', text: 'H' }],
      finish: { reason: 'stop-sequence', stopSequence: 'ell' },
    })
    expect([read.complete, read.violations]).toEqual([true, []])
    await waitFor(() => (upstream.aborted > before ? true : undefined), 1000)
    expect(await entryOf(response)).toMatchObject({ outcome: 'success', usageSource: 'estimated' })
  })

  test('a whole answer is cut as well', async () => {
    upstream.answer = answer(responses)
    const response = await call(anthropic, responses, { body: { stop_sequences: ['lo'] } })
    expect(await response.json()).toMatchObject({
      content: [{ type: 'text', text: 'Hel' }],
      stop_reason: 'stop_sequence',
      stop_sequence: 'lo',
    })
    expect(await entryOf(response)).toMatchObject({ usage: answered.usage, usageSource: 'reported' })
  })

  test('a request that only warms a cache is answered where there is no such thing', async () => {
    for (const stream of [false, true]) {
      const before = upstream.seen.length
      const response = await call(anthropic, chat, { stream, body: { max_tokens: 0 } })
      const text = await response.text()
      expect(text).toContain('"stop_reason":"max_tokens"')
      if (stream) expect(readStream(anthropic, text)).toMatchObject({ complete: true, violations: [] })
      expect(upstream.seen.length).toBe(before)
      expect(await entryOf(response)).toMatchObject({ outcome: 'success', attempts: 0, costUsd: '0.00' })
    }
  })
})

describe('the state of a model that thinks', () => {
  const [chat, responses, anthropic] = translationCases
  if (chat === undefined || responses === undefined || anthropic === undefined) throw new Error('no cases')
  const reasoning = {
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 'Think.' }],
    encrypted_content: 'c2VjcmV0LXN0YXRl',
  }
  const thinking = (): Response => {
    const { output, ...rest } = responses.whole as { output: readonly unknown[] }
    return Response.json({ ...rest, output: [reasoning, ...output] })
  }
  const next = (content: readonly unknown[]) => ({
    messages: [
      { role: 'user', content: 'weather?' },
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'sunny' }] },
    ],
  })
  const sentTo = async (target: TranslationCase, content: readonly unknown[]): Promise<string> => {
    upstream.answer = answer(target)
    expect((await call(anthropic, target, { body: next(content) })).status).toBe(200)
    return new TextDecoder().decode(lastSeen().body)
  }

  test('comes back to its provider as it was, and to no other', async () => {
    upstream.answer = thinking
    const response = await call(anthropic, responses)
    const { content } = (await response.json()) as {
      content: readonly { type: string; thinking?: string; signature?: string }[]
    }
    const envelope = content[0]?.signature ?? ''
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: 'Think.' })
    expect(envelope).not.toBe(reasoning.encrypted_content)
    expect(envelope.length).toBeGreaterThan(50)

    const back = await sentTo(responses, content)
    expect(back).toContain(reasoning.encrypted_content)
    expect(back).not.toContain(envelope)

    for (const other of [chat, anthropic]) {
      const elsewhere = await sentTo(other, content)
      expect(elsewhere).not.toContain(envelope)
      expect(elsewhere).not.toContain(reasoning.encrypted_content)
      expect(elsewhere).toContain('sunny')
    }
  })

  test('that somebody else made up is dropped', async () => {
    upstream.answer = thinking
    const response = await call(anthropic, responses)
    const { content } = (await response.json()) as { content: readonly { signature?: string }[] }
    const forged = content.map((block) =>
      block.signature === undefined
        ? block
        : { ...block, signature: `${block.signature.slice(0, 60)}AAAA${block.signature.slice(64)}` },
    )
    expect(await sentTo(responses, forged)).not.toContain('rs_1')
  })
})

// Last, as a refused credential is left alone for a while.
describe('a refused credential is the fault of the gateway', () => {
  test.each(named.filter(([, client], index) => named.findIndex(([, one]) => one === client) === index))(
    '%s',
    async (_name, client, target) => {
      upstream.answer = () => Response.json({ error: { message: 'bad key sk-up' } }, { status: 401 })
      const response = await call(client, target)
      expect([response.status, response.headers.get('x-tollgate-error')]).toEqual([
        client.protocol === 'gemini' ? 500 : 502,
        'gateway_upstream_credentials_exhausted',
      ])
      expect(await response.text()).not.toContain('sk-up')
    },
  )
})
