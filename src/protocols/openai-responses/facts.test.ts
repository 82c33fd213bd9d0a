import { describe, expect, test } from 'bun:test'
import { clientRecordings, corpusAvailable, matchEndpoint } from '../../../test/support/corpus.ts'
import { GatewayError } from '../../errors.ts'
import { JsonSyntaxError, scanJson } from '../../wire/index.ts'
import type { RequestFacts } from '../protocol.ts'
import { openaiResponses } from './index.ts'

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: Record<string, string>
}

const factsOf = (body: unknown, asked: Asked = {}): RequestFacts => {
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  const method = asked.method ?? 'POST'
  const path = asked.path ?? '/v1/responses'
  const matched = matchEndpoint(openaiResponses, method, path)
  if (matched === undefined) throw new Error(`no endpoint for ${method} ${path}`)
  return openaiResponses.facts({
    method,
    path,
    parameters: matched.parameters,
    query: new URLSearchParams(asked.query),
    headers: new Headers(asked.headers),
    body: bytes,
    endpoint: matched.endpoint,
    scan: scanJson(bytes, openaiResponses.watchedKeys, 512),
  })
}

const idsOf = (body: unknown, asked?: Asked): readonly string[] =>
  factsOf(body, asked).handles.map(({ kind, id }) => `${kind} ${id}`)

describe('facts of a request', () => {
  test('name model, stream and limit', () => {
    const body = '{"input":"x", "m\\u006fdel" : "gpt-\\u0035", "stream":true,"max_output_tokens":64}'
    const facts = factsOf(body)
    expect(facts).toMatchObject({ model: 'gpt-5', stream: true, maxOutputTokens: 64 })
    expect(body.slice(facts.modelSpan?.start, facts.modelSpan?.end)).toBe('"gpt-\\u0035"')
    expect(factsOf({ model: null, stream: null, max_output_tokens: null })).toEqual({
      stream: false,
      handles: [],
    })
  })

  test.each([
    ['model', { model: 5 }, 'a string, but got a number'],
    ['stream', { stream: 'yes' }, 'a boolean, but got a string'],
    ['max_output_tokens', { max_output_tokens: {} }, 'an integer, but got an object'],
    ['max_output_tokens', { max_output_tokens: -1 }, 'an integer'],
    ['max_output_tokens', { max_output_tokens: 1.5 }, 'an integer'],
  ])('refuse a %s of a wrong type, as the vendor words it', (param, body, words) => {
    try {
      factsOf(body)
      throw new Error('was accepted')
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError)
      expect(error).toMatchObject({ code: 'gateway_request_invalid', param })
      expect(String(error)).toContain(words)
    }
  })

  test('stream by the query when a stored response is read again, and never where nothing streams', () => {
    const retrieve = { method: 'GET', path: '/v1/responses/resp_1' }
    expect(factsOf('{}', { ...retrieve, query: 'stream=true&starting_after=3' }).stream).toBe(true)
    expect(factsOf('{}', retrieve).stream).toBe(false)
    expect(factsOf({ model: 'm', stream: true }, { path: '/v1/responses/compact' }).stream).toBe(false)
  })

  test('find the session where each client puts it', () => {
    expect(factsOf({}, { headers: { 'session-id': 's1' } }).session).toBe('s1')
    expect(factsOf({}, { headers: { session_id: 's2', conversation_id: 's2' } }).session).toBe('s2')
    expect(factsOf({}, { headers: { 'x-session-id': 's3' } }).session).toBe('s3')
    expect(factsOf({ client_metadata: { a: [1, '}'], session_id: 's4' } }).session).toBe('s4')
    expect(factsOf({ prompt_cache_key: 'shared' }).session).toBeUndefined()
  })

  test.skipIf(!corpusAvailable('sessions of recorded clients'))(
    'find the session of recorded clients',
    () => {
      const found = clientRecordings(({ method, path }) => method === 'POST' && path === '/v1/responses').map(
        (recording) => ({
          client: recording.name.replace(/-.*/, ''),
          session: factsOf(recording.text, { headers: Object.fromEntries(recording.headers) }).session,
        }),
      )
      expect(
        found.filter(({ client }) => client === 'codex' || client === 'opencode').length,
      ).toBeGreaterThan(60)
      for (const { client, session } of found) {
        expect(session !== undefined).toBe(client === 'codex' || client === 'opencode')
      }
    },
  )
})

describe('handles of a request', () => {
  test('are found wherever the service takes one', () => {
    expect(
      idsOf({
        model: 'm',
        previous_response_id: 'resp_1',
        prompt_cache_options: { comparison_response_id: 'resp_2' },
        conversation: { id: 'conv_1' },
        input: [
          { role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] },
          {
            type: 'function_call_output',
            call_id: 'c',
            output: [{ type: 'input_image', file_id: 'file-2' }],
          },
          { type: 'code_interpreter_call', id: 'ci_1', code: '', container_id: 'cntr_1', outputs: null },
          { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
        ],
        tools: [
          { type: 'code_interpreter', container: 'cntr_2' },
          { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-3', 'file-4'] } },
          { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_3' } },
          { type: 'file_search', vector_store_ids: ['vs_1'] },
        ],
        prompt: { id: 'pmpt_1', variables: { schema: { type: 'input_file', file_id: 'file-5' } } },
      }),
    ).toEqual([
      'response resp_1',
      'response resp_2',
      'conversation conv_1',
      'file file-1',
      'file file-2',
      'container cntr_1',
      'item mcpr_1',
      'container cntr_2',
      'file file-3',
      'file file-4',
      'container cntr_3',
      'vector-store vs_1',
      'file file-5',
    ])
  })

  test('hide neither behind escapes nor behind repeated keys', () => {
    expect(idsOf('{"previous\\u005fresponse_id":"resp_\\u0031"}')).toEqual(['response resp_1'])
    expect(idsOf('{"previous_response_id":"resp_1","previous_response_id":"resp_2"}')).toEqual([
      'response resp_1',
      'response resp_2',
    ])
    expect(idsOf('{"input":[{"t\\u0079pe":"item_re\\u0066erence","\\u0069d":"msg_1"}]}')).toEqual([
      'item msg_1',
    ])
    expect(
      idsOf('{"input":[{"type":"message","type":"item_reference","id":"msg_1","role":"user"}]}'),
    ).toEqual(['item msg_1'])
  })

  test('are items that the service would have to look up, and no items that say what they mean', () => {
    const items = [
      { type: 'item_reference', id: 'msg_1' },
      { id: 'msg_2' },
      { type: null, id: 'msg_3' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'x' }] },
      { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: null },
      { type: 'image_generation_call', id: 'ig_1' },
      { type: 'reasoning', id: 'rs_3', summary: [], encrypted_content: 'gAAA' },
      { type: 'reasoning', id: 'rs_4', summary: [], content: [{ type: 'reasoning_text', text: 'x' }] },
      { type: 'image_generation_call', id: 'ig_2', result: 'aGk=' },
      { type: 'message', id: 'msg_4', role: 'assistant', content: 'x' },
      { role: 'assistant', id: 'msg_5', content: 'item_reference' },
      { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{"id":"msg_9"}' },
    ]
    const expected = ['msg_1', 'msg_2', 'msg_3', 'rs_1', 'rs_2', 'ig_1'].map((id) => `item ${id}`)
    expect(idsOf({ input: items })).toEqual(expected)
    expect(factsOf({ input: items }).handles[1]).toEqual({ kind: 'item', id: 'msg_2', path: 'input[1].id' })
    expect(idsOf({ items }, { path: '/v1/conversations/conv_1/items' })).toEqual([
      'conversation conv_1',
      ...expected,
    ])
  })

  test('are not looked for in what is the user’s own, or an echo of an earlier answer', () => {
    expect(
      idsOf({
        metadata: { conversation: 'mine', file_id: 'mine' },
        client_metadata: { container_id: 'mine' },
        text: { format: { type: 'json_schema', schema: { default: { file_id: 'mine' } } } },
        tools: [
          { type: 'function', parameters: { properties: { file_id: { type: 'string' } }, file_id: 'x' } },
        ],
        input: [
          {
            role: 'assistant',
            content: [
              {
                type: 'output_text',
                text: 'x',
                annotations: [
                  { type: 'container_file_citation', file_id: 'cfile_1', container_id: 'cntr_1' },
                ],
              },
            ],
          },
          { type: 'file_search_call', id: 'fs_1', results: [{ file_id: 'file-9' }] },
          { type: 'tool_search_call', arguments: { file_id: 'x' } },
        ],
        previous_response_id: null,
        conversation: 7,
      }),
    ).toEqual([])
  })

  test('stand in the path', () => {
    expect(idsOf('{}', { method: 'DELETE', path: '/v1/responses/resp_1' })).toEqual(['response resp_1'])
    expect(idsOf('{}', { path: '/v1/responses/resp%5F1/cancel' })).toEqual(['response resp_1'])
    expect(idsOf('{}', { method: 'GET', path: '/v1/conversations/conv_1/items/msg_1' })).toEqual([
      'conversation conv_1',
      'item msg_1',
    ])
  })

  test('an input that is nested 20,000 deep is refused by the scan', () => {
    const deep = `{"input":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    expect(() => factsOf(deep)).toThrow(JsonSyntaxError)
    const bounded = `{"model":"m","input":[{"id":"x","a":${'['.repeat(500)}${']'.repeat(500)}}]}`
    expect(idsOf(bounded)).toEqual(['item x'])
  })
})
