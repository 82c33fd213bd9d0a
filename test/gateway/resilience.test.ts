import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { ledgerEntries, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'

/** Two providers of one model, and what happens when one or both of them fail. */
let first: TestUpstream
let second: TestUpstream
let gateway: TestGateway
/** Closes its port with its first request, and answers that a while later. */
let closing: ReturnType<typeof Bun.serve>

const answer = (text: string) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const events = (...blocks: readonly string[]): Response =>
  new Response(blocks.join(''), { headers: { 'content-type': 'text/event-stream' } })

const streamOf = (text: string): Response =>
  events(
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: text }),
    chunk({}, 'stop'),
    'data: [DONE]\n\n',
  )

const ok = (text: string) => () => Response.json(answer(text))
const failing =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    Response.json(
      { error: { message: 'no', type: 'server_error', code: null, param: null } },
      { status, headers },
    )

const provider = (name: string, url: string, more = ''): string =>
  `  ${name}: { kind: openai-compatible, protocols: [openai-chat, openai-responses], base_url: "${url}/v1", ${more || 'api_key: k'}, models: ["nothing"] }`

beforeAll(async () => {
  first = startUpstream()
  second = startUpstream()
  closing = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch() {
      void closing.stop()
      await Bun.sleep(1000)
      return ok('after all')()
    },
  })
  gateway = await startGateway({
    config: [
      'timeouts: { first_byte: 2s, idle: 1s }',
      'retry: { backoff: 20ms, longest_wait: 2s, budget: 1 }',
      // Each test begins with healthy upstreams; circuits have a suite of their own.
      'circuits: { failures: 0 }',
      'providers:',
      provider('one', first.url),
      provider('two', second.url),
      provider('pool', first.url, 'api_keys: [key-a, key-b]'),
      provider('spare', first.url, 'api_keys: [key-a, key-b]'),
      ...['paced', 'slow', 'left', 'resetting'].map((name) => provider(name, first.url)),
      provider('gone', 'http://127.0.0.1:1'),
      provider('closing', `http://127.0.0.1:${closing.port}`, 'api_key: k, timeouts: { connect: 400ms }'),
      `  vertex: { kind: gemini-compatible, base_url: "${first.url}", api_keys: [key-a, key-b], models: [g] }`,
      `  broke: { kind: anthropic-compatible, base_url: "${first.url}", api_key: k, models: [c] }`,
      `  claude: { kind: anthropic-compatible, base_url: "${second.url}", api_key: k, models: ["nothing"] }`,
      ...['plain-one', 'plain-two'].map(
        (name, index) =>
          `  ${name}: { kind: openai-compatible, protocols: [openai-chat], base_url: "${[first, second][index]?.url}/v1", api_key: k, models: ["nothing"] }`,
      ),
      `  claude-one: { kind: anthropic-compatible, base_url: "${first.url}", api_key: k, models: ["nothing"] }`,
      'routes:',
      '  - { match: spoken, targets: [{ provider: plain-one, model: m }, { provider: plain-two, model: m }] }',
      '  - { match: searching, targets: [{ provider: claude-one, model: claude-sonnet-4-5 }] }',
      '  - { match: pair, targets: [{ provider: one, model: m }, { provider: two, model: m }] }',
      '  - { match: away, targets: [{ provider: gone, model: m }, { provider: two, model: m }] }',
      '  - { match: alone, targets: [{ provider: one, model: m }] }',
      ...['paced', 'slow', 'left', 'resetting'].map(
        (name) => `  - { match: ${name}, targets: [{ provider: ${name}, model: m }] }`,
      ),
      '  - { match: closing, targets: [{ provider: closing, model: m }] }',
      '  - { match: spare, targets: [{ provider: spare, model: m }] }',
      '  - { match: keys, targets: [{ provider: pool, model: m }] }',
      '  - { match: nowhere, targets: [{ provider: gone, model: m }] }',
      '  - { match: across, targets: [{ provider: one, model: m }, { provider: claude, model: claude-x }] }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await first.stop()
  await second.stop()
  await closing.stop(true)
})

beforeEach(() => {
  for (const upstream of [first, second]) {
    upstream.seen.length = 0
    upstream.aborted = 0
    upstream.answer = ok('unset')
  }
})

const ask = (model: string, more: object = {}, path = '/v1/chat/completions', init: RequestInit = {}) =>
  fetch(gateway.url + path, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...more }),
    ...init,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}`, ...init.headers },
  })

const told = (response: Response) => ({
  status: response.status,
  provider: response.headers.get('x-tollgate-provider'),
  attempts: response.headers.get('x-tollgate-attempts'),
})

const rowOf = (response: Response) =>
  waitFor(async () =>
    (await ledgerEntries(gateway)).find(
      (entry) => entry.exchange === response.headers.get('x-tollgate-request-id'),
    ),
  )

describe('a provider that fails', () => {
  for (const status of [408, 500, 502, 503, 529]) {
    test(`with ${status} is asked again, and the client sees only the answer`, async () => {
      let calls = 0
      first.answer = () => (++calls < 3 ? failing(status)() : ok('third time')())
      const response = await ask('pair')
      expect(await response.text()).toContain('third time')
      expect(told(response)).toEqual({ status: 200, provider: 'one', attempts: '3' })
      expect(second.seen.length).toBe(0)
    })
  }

  test('three times in a row is left for the next target', async () => {
    first.answer = failing(500)
    second.answer = ok('from two')
    const response = await ask('pair')
    expect(await response.text()).toContain('from two')
    expect(told(response)).toEqual({ status: 200, provider: 'two', attempts: '4' })
    expect(first.seen.length).toBe(3)
    expect(await rowOf(response)).toMatchObject({ outcome: 'success', attempts: 4, provider: 'two' })
  })

  test('and has no successor gives its own words to the client, with the attempts named', async () => {
    first.answer = failing(503)
    const response = await ask('alone')
    expect(await response.text()).toContain('"no"')
    expect(told(response)).toEqual({
      status: 503,
      provider: 'one',
      attempts: '3; one 503; one 503; one 503',
    })
    expect(await rowOf(response)).toMatchObject({ outcome: 'upstream_error', status: 503, attempts: 3 })
  })

  for (const status of [400, 404, 409, 413, 422]) {
    test(`is not asked again where the request is at fault (${status})`, async () => {
      first.answer = failing(status)
      const response = await ask('pair')
      await response.text()
      expect(told(response)).toEqual({ status, provider: 'one', attempts: '1' })
      expect(second.seen.length).toBe(0)
    })
  }

  test('is named beside the next one that is handed the fault of the request', async () => {
    first.answer = failing(500)
    second.answer = failing(400)
    const response = await ask('pair')
    await response.text()
    expect(told(response)).toEqual({
      status: 400,
      provider: 'two',
      attempts: '4; one 500; one 500; one 500; two 400',
    })
  })

  test('and says that it will again is not asked again, whatever it speaks', async () => {
    first.answer = failing(500, { 'x-should-retry': 'false' })
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      const response = await ask('alone', { max_tokens: 5 }, path)
      await response.text()
      expect(told(response).attempts).toBe('1; one 500')
      expect(response.headers.get('x-should-retry')).toBe('false')
    }
  })

  test('to be reached is passed over at once', async () => {
    second.answer = ok('from two')
    const response = await ask('away')
    await response.text()
    expect(told(response)).toEqual({ status: 200, provider: 'two', attempts: '2' })
  })

  test('to be reached, with nobody else there, is named', async () => {
    const response = await ask('nowhere')
    expect(response.status).toBe(502)
    expect(response.headers.get('x-tollgate-error')).toBe('gateway_upstream_unreachable')
    expect(response.headers.get('x-tollgate-attempts')).toStartWith('3; gone gateway_upstream_unreachable;')
  })

  test('by breaking off in the middle of a whole answer is asked again', async () => {
    let calls = 0
    first.answer = () => {
      if (++calls > 1) return ok('whole')()
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode('{"id":'))
            await Bun.sleep(10)
            controller.error(new Error('dies'))
          },
        }),
        { headers: { 'content-type': 'application/json' } },
      )
    }
    const response = await ask('pair')
    expect(await response.text()).toContain('whole')
    expect(told(response).attempts).toBe('2')
  })

  test('by saying nothing is left for the next target', async () => {
    first.answer = () => new Promise(() => {})
    second.answer = ok('from two')
    const response = await ask('pair')
    await response.text()
    expect(told(response)).toEqual({ status: 200, provider: 'two', attempts: '2' })
    expect(first.seen.length).toBe(1)
  })

  test('by never ending a whole answer is left for the next target, but not where something is kept', async () => {
    const never = () =>
      new Response(
        new ReadableStream({ start: (open) => open.enqueue(new TextEncoder().encode('{"id":')) }),
        {
          headers: { 'content-type': 'application/json' },
        },
      )
    first.answer = never
    second.answer = ok('from two')
    const response = await ask('pair')
    expect(await response.text()).toContain('from two')
    expect(told(response)).toEqual({ status: 200, provider: 'two', attempts: '2' })
    const kept = await ask('pair', { messages: undefined, input: 'hi' }, '/v1/responses')
    await kept.text()
    expect(told(kept)).toMatchObject({ status: 504, attempts: '1; one gateway_upstream_timeout' })
    expect(second.seen.length).toBe(1)
  })

  test('and closes its port while it thinks is heard out', async () => {
    const response = await ask('closing')
    expect(await response.text()).toContain('after all')
    expect(told(response)).toEqual({ status: 200, provider: 'closing', attempts: '1' })
  })

  test('is followed by one of another protocol without the client noticing', async () => {
    first.answer = failing(500)
    second.answer = () =>
      Response.json({
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-x',
        content: [{ type: 'text', text: 'from claude' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 3, output_tokens: 2 },
      })
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
    const completion = await client.chat.completions.create({
      model: 'across',
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(completion.choices[0]?.message.content).toBe('from claude')
    expect(second.seen[0]?.path).toBe('/v1/messages')
  })
})

describe('the rate of a key', () => {
  test('is not exceeded by its neighbour: a limited key leaves its calls to the next', async () => {
    first.answer = (seen) =>
      seen.headers['authorization'] === 'Bearer key-a'
        ? failing(429, { 'retry-after': '1' })()
        : ok('from b')()
    const texts: string[] = []
    for (let call = 0; call < 4; call++) texts.push(await (await ask('keys')).text())
    expect(texts.every((text) => text.includes('from b'))).toBe(true)
    expect(first.seen.filter((seen) => seen.headers['authorization'] === 'Bearer key-a').length).toBe(1)
  })

  test('that lasts a moment is waited for', async () => {
    let calls = 0
    first.answer = () => (++calls === 1 ? failing(429, { 'retry-after': '1' })() : ok('later')())
    const before = performance.now()
    const response = await ask('paced')
    expect(await response.text()).toContain('later')
    expect(performance.now() - before).toBeGreaterThan(900)
  })

  test('that lasts longer is told to the client at once', async () => {
    first.answer = failing(429, { 'retry-after': '30' })
    const response = await ask('slow')
    await response.text()
    expect(told(response)).toMatchObject({ status: 429, attempts: '1; slow 429' })
    expect(response.headers.get('retry-after')).toBe('30')
    // Nobody else is there to ask, so the provider itself is, and may have changed its mind.
    first.answer = ok('open again')
    expect((await ask('slow')).status).toBe(200)
  })

  test('is believed where only a header tells when it begins anew', async () => {
    first.answer = failing(429, {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-remaining-tokens': '1000',
      'x-ratelimit-reset-tokens': '20ms',
    })
    const response = await ask('resetting')
    await response.text()
    expect(told(response)).toMatchObject({ status: 429, attempts: '1; resetting 429' })
  })

  test('a refused key is out, also where the provider says so with a status of its own', async () => {
    const badKey = {
      code: 400,
      message: 'API key not valid. Please pass a valid API key.',
      status: 'INVALID_ARGUMENT',
      details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }],
    }
    const generate = () =>
      ask('g', { contents: [{ parts: [{ text: 'hi' }] }] }, '/v1beta/models/g:generateContent')
    first.answer = (seen) =>
      seen.headers['x-goog-api-key'] === 'key-a'
        ? Response.json({ error: badKey }, { status: 400 })
        : Response.json({
            candidates: [{ content: { role: 'model', parts: [{ text: 'from b' }] }, finishReason: 'STOP' }],
          })
    for (let call = 0; call < 3; call++) expect(await (await generate()).text()).toContain('from b')
    expect(first.seen.filter((seen) => seen.headers['x-goog-api-key'] === 'key-a').length).toBe(1)

    const message = 'Your credit balance is too low to access the Anthropic API.'
    first.answer = () =>
      Response.json({ type: 'error', error: { type: 'invalid_request_error', message } }, { status: 400 })
    const response = await ask('c', { max_tokens: 5 }, '/v1/messages')
    expect(await response.text()).toContain('your key is fine')
    expect(response.status).toBe(502)
    expect(response.headers.get('x-tollgate-error')).toBe('gateway_upstream_credentials_exhausted')
  })

  test('a refused key is out, and the others go on', async () => {
    first.answer = (seen) =>
      seen.headers['authorization'] === 'Bearer key-b' ? failing(401)() : ok('from a')()
    const attempts: (string | null)[] = []
    for (let call = 0; call < 4; call++) attempts.push(told(await ask('keys')).attempts)
    expect(attempts.filter((one) => one === '2').length).toBe(1)
    expect(attempts.filter((one) => one === '1').length).toBe(3)
  })
})

describe('a stream', () => {
  const failedStream = () =>
    events(
      chunk({ role: 'assistant', content: '' }),
      'data: {"error":{"message":"overloaded","type":"server_error","code":null,"param":null}}\n\n',
    )

  test('whose first event is an error is begun anew elsewhere', async () => {
    first.answer = failedStream
    second.answer = () => streamOf('from two')
    const response = await ask('pair', { stream: true })
    const text = await response.text()
    expect(text).toContain('from two')
    expect(text).not.toContain('overloaded')
    expect(told(response)).toEqual({ status: 200, provider: 'two', attempts: '4' })
    expect(await rowOf(response)).toMatchObject({ outcome: 'success', attempts: 4, provider: 'two' })
  })

  test('that dies before its content is begun anew', async () => {
    let calls = 0
    first.answer = () =>
      ++calls === 1 ? events(chunk({ role: 'assistant', content: '' })) : streamOf('second time')
    const response = await ask('pair', { stream: true })
    expect(await response.text()).toContain('second time')
    expect(told(response).attempts).toBe('2')
  })

  test('that dies before its content is begun anew, also for a client that is told so by a broken connection', async () => {
    const codex = { headers: { 'user-agent': 'codex_cli_rs/0.20' } }
    const dying = () => events(chunk({ role: 'assistant', content: '' }))
    first.answer = dying
    second.answer = () => streamOf('from two')
    const response = await ask('pair', { stream: true }, undefined, codex)
    expect(await response.text()).toContain('from two')
    expect(told(response)).toEqual({ status: 200, provider: 'two', attempts: '4' })
    second.answer = dying
    const session = { headers: { ...codex.headers, 'x-tollgate-session': 'broken' } }
    const broken = ask('pair', { stream: true }, undefined, session).then((answer) => answer.text())
    await expect(broken).rejects.toThrow()
    const row = await waitFor(async () =>
      (await ledgerEntries(gateway)).find((one) => one.session === 'broken'),
    )
    expect(row).toMatchObject({ outcome: 'upstream_died', attempts: 6 })
  })

  test('that dies after its first content is not: the client gets the error', async () => {
    first.answer = () => events(chunk({ content: 'half' }))
    const response = await ask('pair', { stream: true })
    const text = await response.text()
    expect(text).toContain('half')
    expect(text).toContain('data: {"error":{')
    expect(text).not.toContain('[DONE]')
    expect(second.seen.length + first.seen.length).toBe(1)
  })

  test('whose first event is an error is begun anew, however long it kept the connection alive before', async () => {
    let calls = 0
    first.answer = () =>
      ++calls === 1
        ? events(
            ...Array<string>(20).fill(': processing\n\n'),
            'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n',
          )
        : streamOf('second time')
    expect(await (await ask('pair', { stream: true })).text()).toContain('second time')
  })

  test('that fails everywhere comes as the last provider said it', async () => {
    first.answer = failedStream
    second.answer = failedStream
    const response = await ask('pair', { stream: true })
    expect(await response.text()).toContain('overloaded')
    expect(response.headers.get('x-tollgate-attempts')).toBe(
      '6; one 200; one 200; one 200; two 200; two 200; two 200',
    )
    const row = await rowOf(response)
    expect(row).toMatchObject({ outcome: 'upstream_error', attempts: 6, costUsd: '0.00' })
  })

  test('whose client leaves before it has begun is no death of the provider', async () => {
    for (const [path, session] of [
      ['/v1/chat/completions', 'left-native'],
      ['/v1/messages', 'left-translated'],
    ] as const) {
      const silent = scriptedStream()
      first.answer = () => {
        silent.write(chunk({ role: 'assistant', content: '' }))
        return silent.response()
      }
      const leaving = new AbortController()
      const seen = first.seen.length
      const init = { signal: leaving.signal, headers: { 'x-tollgate-session': session } }
      const asking = ask('alone', { stream: true, max_tokens: 5 }, path, init)
      await waitFor(() => (first.seen.length > seen ? true : undefined))
      await Bun.sleep(50)
      leaving.abort()
      await expect(asking).rejects.toThrow()
      const row = await waitFor(async () =>
        (await ledgerEntries(gateway)).find((one) => one.session === session),
      )
      const left = { status: 499, error: 'gateway_client_gone' }
      expect(row).toMatchObject({ outcome: 'client_aborted', attempts: 1, usageSource: 'estimated', ...left })
      expect(await gateway.admin(`/entries/${row.exchange}`)).toMatchObject({ attempts: [left] })
    }
    expect(second.seen.length).toBe(0)
  })

  test('a client that leaves during the wait ends everything', async () => {
    first.answer = failing(429, { 'retry-after': '2' })
    const leaving = new AbortController()
    const asking = ask('left', {}, undefined, { signal: leaving.signal })
    await waitFor(() => (first.seen.length > 0 ? true : undefined))
    leaving.abort()
    expect(asking).rejects.toThrow()
    await Bun.sleep(50)
    expect(first.seen.length).toBe(1)
  })
})

describe('a request that leaves something behind', () => {
  const responses = (more: object) =>
    ask('alone', { messages: undefined, input: 'hi', ...more }, '/v1/responses')

  test('is not sent twice: stored, in the background, or with tools of the provider', async () => {
    first.answer = failing(500)
    for (const more of [{}, { store: true }, { store: false, tools: [{ type: 'web_search' }] }]) {
      first.seen.length = 0
      const response = await responses(more)
      await response.text()
      expect(response.status).toBe(500)
      expect(first.seen.length).toBe(1)
    }
  })

  test('is not sent twice either where the answer that was begun fails at the rate of the key', async () => {
    const response = { id: 'resp_1', object: 'response', model: 'm', output: [] }
    const failed = {
      ...response,
      status: 'failed',
      error: { code: 'rate_limit_exceeded', message: 'too fast' },
    }
    const event = (type: string, value: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, response: value })}\n\n`
    first.answer = () =>
      events(
        event('response.created', { ...response, status: 'in_progress' }),
        event('response.failed', failed),
      )
    await (await responses({ model: 'spare', stream: true })).text()
    first.answer = () => Response.json(failed)
    await (await responses({ model: 'spare' })).text()
    expect(first.seen.length).toBe(2)
    // What was turned away at the door left nothing behind.
    first.answer = (seen) =>
      seen.headers['authorization'] === 'Bearer key-a'
        ? failing(429)()
        : Response.json({ ...response, status: 'completed' })
    for (let call = 0; call < 2; call++) expect((await responses({ model: 'spare' })).status).toBe(200)
  })

  test('is sent twice where its tools do not reach the provider, as what Codex offers does not reach Chat', async () => {
    first.answer = failing(500)
    second.answer = ok('from two')
    const response = await responses({ model: 'spoken', store: false, tools: [{ type: 'web_search' }] })
    expect(await response.text()).toContain('from two')
    expect(told(response)).toEqual({ status: 200, provider: 'plain-two', attempts: '4' })
    expect(new TextDecoder().decode(first.seen[0]?.body)).not.toContain('web_search')
    // The same tool at a provider that runs it.
    first.seen.length = 0
    const search = await responses({ model: 'searching', store: false, tools: [{ type: 'web_search' }] })
    await search.text()
    expect(new TextDecoder().decode(first.seen[0]?.body)).toContain('web_search')
    expect(told(search)).toMatchObject({ status: 500, attempts: '1; claude-one 500' })
  })

  test('is sent twice where nothing is kept', async () => {
    first.answer = failing(500)
    const response = await responses({ store: false })
    await response.text()
    expect(first.seen.length).toBe(3)
  })
})

test('what is asked again is the same, byte for byte', async () => {
  first.answer = failing(500)
  second.answer = ok('done')
  await (await ask('pair')).text()
  const bodies = [...first.seen, ...second.seen].map((seen) => new TextDecoder().decode(seen.body))
  expect(bodies.length).toBe(4)
  expect(new Set(bodies).size).toBe(1)
})
