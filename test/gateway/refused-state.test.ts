/** A provider that refuses the reasoning state which the history holds is asked once more without it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { ledgerEntries, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { type Seen, startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
let gateway: TestGateway

const state = 'c3RhdGUtb2YtYW5vdGhlci1hY2NvdW50'

interface Case {
  readonly path: string
  readonly body: object
  /** What the provider says of state that it cannot read. */
  readonly refusal: object
  readonly answer: object
  /** What shows that the visible history went along. */
  readonly kept: readonly string[]
  /** What must not be sent the second time. */
  readonly gone: readonly string[]
}

const openaiError = (code: string | null, message: string) => ({
  error: { message, type: 'invalid_request_error', param: null, code },
})

const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'r',
  output: [
    {
      type: 'message',
      id: 'msg_2',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'go on', annotations: [] }],
    },
  ],
  usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
}

const responsesBody = {
  model: 'r',
  store: false,
  input: [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'count the files' }] },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'List them.' }],
      encrypted_content: state,
    },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'ls', arguments: '{"all": true}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'three files' },
  ],
  tools: [{ type: 'function', name: 'ls', parameters: { type: 'object' }, strict: false }],
}

const claudeAnswer = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'c',
  content: [{ type: 'text', text: 'go on' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
}

const cases: Readonly<Record<'responses' | 'anthropic' | 'gemini', Case>> = {
  responses: {
    path: '/v1/responses',
    body: responsesBody,
    refusal: openaiError(
      'invalid_encrypted_content',
      'The encrypted content c3Rh...nQ= could not be verified.',
    ),
    answer: response,
    kept: ['count the files', 'call_1', '"{\\"all\\": true}"', 'three files'],
    gone: [state, 'rs_1', 'fc_1'],
  },
  anthropic: {
    path: '/v1/messages',
    body: {
      model: 'c',
      max_tokens: 4000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
      messages: [
        { role: 'user', content: 'count the files' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'List them.', signature: state },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_1', name: 'ls', input: { all: true } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'three files' }] },
      ],
      tools: [{ name: 'ls', input_schema: { type: 'object' } }],
    },
    refusal: {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'messages.1.content.0: Invalid `signature` in `thinking` block',
      },
    },
    answer: claudeAnswer,
    kept: ['count the files', 'I look.', 'toolu_1', 'three files'],
    gone: [state, '"thinking":"List them."'],
  },
  gemini: {
    path: '/v1beta/models/g:generateContent',
    body: {
      contents: [
        { role: 'user', parts: [{ text: 'count the files' }] },
        {
          role: 'model',
          parts: [{ functionCall: { name: 'ls', args: { all: true } }, thoughtSignature: state }],
        },
        { role: 'user', parts: [{ functionResponse: { name: 'ls', response: { output: 'three files' } } }] },
      ],
    },
    refusal: { error: { code: 400, message: 'Corrupted thought signature.', status: 'INVALID_ARGUMENT' } },
    answer: {
      candidates: [
        { content: { role: 'model', parts: [{ text: 'go on' }] }, finishReason: 'STOP', index: 0 },
      ],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    },
    kept: ['count the files', '"functionCall"', 'three files'],
    gone: [state],
  },
}

beforeAll(async () => {
  upstream = startUpstream()
  const url = upstream.url
  gateway = await startGateway({
    config: [
      'retry: { backoff: 20ms, budget: 1 }',
      'circuits: { failures: 0 }',
      'providers:',
      `  open: { kind: openai-compatible, protocols: [openai-responses], base_url: "${url}/v1", api_key: k, models: [r] }`,
      `  claude: { kind: anthropic-compatible, base_url: "${url}", api_key: k, models: [c] }`,
      `  google: { kind: gemini-compatible, base_url: "${url}", api_key: k, models: [g] }`,
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

beforeEach(() => {
  upstream.seen.length = 0
})

const textOf = (seen: Seen | undefined): string => new TextDecoder().decode(seen?.body)

const ask = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${testKey}`,
      'anthropic-version': '2023-06-01',
      ...headers,
    },
  })

/** Refuses whatever holds the state. */
const refusing = ({ refusal, answer }: Pick<Case, 'refusal' | 'answer'>, held = state) => {
  upstream.answer = (seen) =>
    textOf(seen).includes(held) ? Response.json(refusal, { status: 400 }) : Response.json(answer)
}

describe('a provider that refuses the state in the history', () => {
  for (const [name, one] of Object.entries(cases)) {
    test(`is asked once more without it, and the visible history stays: ${name}`, async () => {
      refusing(one)
      const answered = await ask(one.path, one.body)
      expect(await answered.text()).toContain('go on')
      expect(answered.status).toBe(200)
      expect(answered.headers.get('x-tollgate-attempts')).toBe('2')
      expect(answered.headers.get('x-tollgate-warnings')).toMatch(/dropped; feature="reasoning".*refuse/)
      expect(upstream.seen.length).toBe(2)
      const [first, second] = upstream.seen.map(textOf)
      expect(first).toBe(JSON.stringify(one.body))
      for (const text of one.kept) expect(second).toContain(text)
      for (const text of one.gone) expect(second).not.toContain(text)
    })

    test(`for another reason is not: ${name}`, async () => {
      const { refusal } = one
      upstream.answer = () =>
        new Response(
          JSON.stringify(refusal).replace(/invalid_enc\w+|The enc[^"]*|messages\.1[^"]*|Corr[^"]*/g, 'no'),
          {
            status: 400,
          },
        )
      const answered = await ask(one.path, one.body)
      await answered.text()
      expect(answered.status).toBe(400)
      expect(upstream.seen.length).toBe(1)
    })
  }

  test('a second time is believed', async () => {
    for (const one of Object.values(cases)) {
      upstream.seen.length = 0
      upstream.answer = () => Response.json(one.refusal, { status: 400 })
      const answered = await ask(one.path, one.body)
      expect(await answered.json()).toEqual(one.refusal)
      expect(answered.status).toBe(400)
      expect(upstream.seen.length).toBe(2)
    }
  })

  test('at the begin of a stream is asked again as well', async () => {
    const failed = {
      ...response,
      status: 'failed',
      output: [],
      error: { code: 'invalid_encrypted_content', message: 'The encrypted content could not be verified.' },
    }
    const events = (...list: readonly [string, object][]): Response =>
      new Response(
        list
          .map(([type, value], index) => {
            const data = JSON.stringify({ type, sequence_number: index, response: value })
            return `event: ${type}\ndata: ${data}\n\n`
          })
          .join(''),
        { headers: { 'content-type': 'text/event-stream' } },
      )
    upstream.answer = (seen) =>
      textOf(seen).includes(state)
        ? events(['response.failed', failed])
        : events(
            ['response.created', { ...response, status: 'in_progress', output: [] }],
            ['response.completed', response],
          )
    const answered = await ask('/v1/responses', { ...responsesBody, stream: true })
    expect(await answered.text()).toContain('response.completed')
    expect(upstream.seen.length).toBe(2)
  })

  test('is not asked again where something may be kept of it', async () => {
    refusing(cases.responses)
    for (const more of [{ store: true }, { store: undefined }, { background: true }]) {
      upstream.seen.length = 0
      const answered = await ask('/v1/responses', { ...responsesBody, ...more })
      expect(await answered.json()).toEqual(cases.responses.refusal)
      expect(upstream.seen.length).toBe(1)
    }
  })

  test('is asked again beside tools of its own: none of them ran', async () => {
    refusing(cases.responses)
    const tools = [...responsesBody.tools, { type: 'web_search' }]
    const answered = await ask('/v1/responses', { ...responsesBody, tools })
    expect(answered.status).toBe(200)
  })

  test('is not asked again where a strict request forbids the loss, or the state is the history itself', async () => {
    refusing(cases.responses)
    const compacted = {
      ...responsesBody,
      input: [{ type: 'compaction', id: 'cmp_1', encrypted_content: state }],
    }
    for (const [body, headers] of [
      [responsesBody, { 'x-tollgate-strict': 'true' }],
      [compacted, {}],
    ] as const) {
      upstream.seen.length = 0
      const answered = await ask('/v1/responses', body, headers)
      expect(await answered.json()).toEqual(cases.responses.refusal)
      expect(answered.status).toBe(400)
      expect(upstream.seen.length).toBe(1)
    }
  })

  test('which came to a client of another protocol in an envelope is asked again as well', async () => {
    const reasoning = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'List them.' }],
      encrypted_content: state,
    }
    upstream.answer = () => Response.json({ ...response, output: [reasoning, ...response.output] })
    const asked = { model: 'r', max_tokens: 400, messages: [{ role: 'user', content: 'hi' }] }
    const first = await ask('/v1/messages', asked)
    const { content } = (await first.json()) as { readonly content: readonly object[] }
    refusing(cases.responses)
    upstream.seen.length = 0
    const answered = await ask('/v1/messages', {
      ...asked,
      messages: [...asked.messages, { role: 'assistant', content }, { role: 'user', content: 'and now?' }],
    })
    expect(await answered.text()).toContain('go on')
    expect(upstream.seen.map((seen) => textOf(seen).includes(state))).toEqual([true, false])
    expect(textOf(upstream.seen[1])).toContain('and now?')
    expect(answered.headers.get('x-tollgate-warnings')).toContain('feature="reasoning"')
  })

  test('is in the ledger with both calls', async () => {
    refusing(cases.anthropic)
    const answered = await ask(cases.anthropic.path, cases.anthropic.body)
    await answered.text()
    const id = answered.headers.get('x-tollgate-request-id')
    const row = await waitFor(async () =>
      (await ledgerEntries(gateway)).find((entry) => entry.exchange === id),
    )
    expect(row).toMatchObject({ outcome: 'success', status: 200, attempts: 2 })
    expect(await gateway.admin(`/entries/${id}`)).toMatchObject({
      attempts: [{ status: 400 }, { status: 200 }],
    })
  })
})
