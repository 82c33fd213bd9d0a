import { describe, expect, test } from 'bun:test'
import { wireRequest } from '../../../test/support/corpus.ts'
import type { GenerateRequest } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'
import { anthropicMessages } from './index.ts'

const decode = (body: string | object, headers: Record<string, string> = {}): GenerateRequest =>
  decodeRequest(
    wireRequest(anthropicMessages, {
      path: '/v1/messages',
      headers: new Headers(headers),
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  )

const encode = (request: GenerateRequest) =>
  encodeRequest(request, { model: request.model, stream: request.stream })

const turnsOf = (...messages: readonly object[]) => decode({ model: 'm', messages }).turns

describe('what a request says', () => {
  test('limits, sampling, reasoning, format and user become canonical', () => {
    expect(
      decode({
        model: 'claude-x',
        max_tokens: 0,
        stream: true,
        temperature: 0.5,
        top_p: 0.9,
        top_k: 5,
        stop_sequences: ['END'],
        thinking: { type: 'enabled', budget_tokens: 2048, display: 'omitted' },
        output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
        metadata: { user_id: 'u' },
        service_tier: 'auto',
        cache_control: { type: 'ephemeral', ttl: '1h' },
        tool_choice: { type: 'any', disable_parallel_tool_use: true },
        thread: { type: 'continue', previous_message_id: 'msg_0' },
        messages: [],
      }),
    ).toMatchObject({
      model: 'claude-x',
      stream: true,
      maxOutputTokens: 0,
      sampling: { temperature: 0.5, topP: 0.9, topK: 5, stop: ['END'] },
      reasoning: { mode: 'enabled', budgetTokens: 2048, display: 'none', effort: 'high' },
      output: { type: 'json-schema', schema: '{"type":"object"}' },
      user: 'u',
      serviceTier: 'auto',
      cache: { ttl: '1h' },
      toolChoice: { type: 'required' },
      parallelToolCalls: false,
      previousResponseId: 'msg_0',
    })
  })

  test('system text: the field is the preamble, a message stands where it stands', () => {
    const request = decode({
      model: 'm',
      system: 'S',
      messages: [
        { role: 'user', content: 'U' },
        { role: 'system', content: 'M', output_config: { effort: 'low' }, clear_at: 'never' },
      ],
    })
    expect(request.turns.map(({ role, placement, form }) => [role, placement, form])).toEqual([
      ['system', 'preamble', 'string'],
      ['user', undefined, 'string'],
      ['system', 'inline', 'string'],
    ])
    expect(request.turns[2]?.reasoning).toEqual({ effort: 'low' })
  })

  test('tools: a function of the client, whatever its name, and the tools of the provider by their type', () => {
    const { tools } = decode({
      model: 'm',
      messages: [],
      tools: [
        { name: 'web_search', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } },
        { type: 'web_search_20260318', name: 'web_search', max_uses: 2 },
        { type: 'mcp_toolset', mcp_server_name: 'acme' },
        { type: 'future_20270101', name: 'x' },
      ],
    })
    expect(tools.map((tool) => [tool.type, tool.type === 'server' ? tool.tool : tool.name])).toEqual([
      ['function', 'web_search'],
      ['server', 'web-search'],
      ['server', 'mcp'],
      ['server', 'other'],
    ])
    expect(tools[0]).toMatchObject({ cache: {}, parameters: '{"type":"object"}' })
  })

  test('a definition that is added later is known to its turn', () => {
    const [turn] = turnsOf({
      role: 'system',
      content: [
        {
          type: 'tool_addition',
          tool: { type: 'tool_definition', definition: { name: 'later', input_schema: {} } },
        },
        { type: 'tool_addition', tool: { type: 'tool_reference', name: 'other' } },
      ],
    })
    expect(turn?.tools).toMatchObject([{ type: 'function', name: 'later' }])
    expect(turn?.parts.map(({ type }) => type)).toEqual(['opaque', 'opaque'])
  })

  test('blocks', () => {
    const [turn] = turnsOf({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: '', signature: 'S' },
        { type: 'redacted_thinking', data: 'D' },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
        { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'ping', server_name: 'acme', input: {} },
        { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: true, content: 'no' },
        {
          type: 'bash_code_execution_tool_result',
          tool_use_id: 's',
          content: { type: 'bash_code_execution_tool_result_error', error_code: 'unavailable' },
        },
        { type: 'future_block', x: 1 },
      ],
    })
    expect(turn?.parts).toMatchObject([
      { type: 'reasoning', pieces: [], state: { kind: 'signature', value: 'S' } },
      { type: 'reasoning', pieces: [], state: { kind: 'redacted', value: 'D' } },
      { type: 'server-call', tool: 'web-search', name: 'web_search', input: '{"query":"q"}' },
      { type: 'server-result', tool: 'web-search', output: '[]' },
      { type: 'server-call', tool: 'mcp', server: 'acme', name: 'ping' },
      { type: 'server-result', tool: 'mcp', isError: true, output: '"no"' },
      { type: 'server-result', tool: 'shell', isError: true },
      { type: 'opaque', name: 'future_block', raw: { json: '{"type":"future_block","x":1}' } },
    ])
  })

  test('results of tools keep their form', () => {
    const [turn] = turnsOf({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'text', is_error: false },
        { type: 'tool_result', tool_use_id: 'b' },
        {
          type: 'tool_result',
          tool_use_id: 'c',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBOR' } },
            { type: 'tool_reference', tool_name: 'mcp__x' },
            { type: 'search_result', source: 'kb://1', title: 'T', content: [{ type: 'text', text: 'B' }] },
          ],
        },
      ],
    })
    expect(turn?.parts).toMatchObject([
      { callId: 'a', form: 'string', content: [{ type: 'text', text: 'text' }], isError: false },
      { callId: 'b', content: [] },
      {
        callId: 'c',
        content: [
          { type: 'image', source: { type: 'base64', mediaType: 'image/png' } },
          { type: 'json', json: '{"type":"tool_reference","tool_name":"mcp__x"}' },
          { type: 'document', title: 'T', source: { type: 'parts', parts: [{ type: 'text', text: 'B' }] } },
        ],
      },
    ])
  })

  test('versions and betas come back as headers, not in the body', () => {
    const request = decode(
      { model: 'm', messages: [] },
      { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'b,a' },
    )
    const encoded = encode(request)
    expect(encoded.headers).toMatchObject({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'b,a',
    })
    expect(JSON.parse(encoded.body)).toEqual({ model: 'm', messages: [] })
  })
})

describe('what a request may not break', () => {
  const odd =
    '{"b":1.0,"a":1e400,"k":1152921504606846976,"k":2,"u":"\\u00e9","-0":-0,"1":[ ],"x": {"y" :  1}}'

  test('arguments, schemas and results of server tools keep their source to the byte', () => {
    const body =
      `{"model":"m","messages":[{"role":"assistant","content":[` +
      `{"type":"tool_use","id":"t","name":"n","input":${odd}},` +
      `{"type":"server_tool_use","id":"s","name":"web_search","input":${odd}},` +
      `{"type":"web_search_tool_result","tool_use_id":"s","content":${odd}}]}],` +
      `"tools":[{"name":"n","input_schema":${odd}},${odd.replace('{', '{"type":"x_1",')}],` +
      `"output_config":{"format":{"type":"json_schema","schema":${odd}}}}`
    const encoded = encode(decode(body)).body
    expect(encoded.split(odd).length - 1).toBe(5)
    expect(encoded.includes(odd.replace('{', '{"type":"x_1",'))).toBe(true)
  })

  test('a broken input is wrapped, and unwrapped on the way back', () => {
    const call = { type: 'tool_use', id: 't', name: 'n', input: { INVALID_JSON: '{"a":' } }
    const [turn] = turnsOf({ role: 'assistant', content: [call] })
    expect(turn?.parts[0]).toMatchObject({ input: '{"a":' })
    const both = decode({ model: 'm', messages: [{ role: 'assistant', content: [call] }] })
    expect(JSON.parse(encode(both).body).messages[0].content[0].input).toEqual(call.input)
  })

  test('members called __proto__ or constructor are members', () => {
    const body =
      '{"model":"m","__proto__":{"polluted":1},"messages":[{"role":"user","__proto__":{"content":"x"},' +
      '"content":[{"type":"constructor","__proto__":5},{"type":"text","text":"a","__proto__":{"b":1}}]}]}'
    const encoded = encode(decode(body)).body
    expect(encoded).toContain('"__proto__":{"polluted":1}')
    expect(encoded).toContain('{"type":"constructor","__proto__":5}')
    expect(encoded).toContain('"__proto__":{"b":1}')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('nesting of 512, and of 20,000, overflows nothing', () => {
    // The scanner refuses more than 512 levels before anything is decoded; the decoder bears more all the same.
    for (const depth of [512, 20_000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth)
      const unknown = depth > 512 ? '' : `,"x":${deep}`
      const body =
        `{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n",` +
        `"input":{"a":${deep}}}]}]${unknown}}`
      const encoded = encode(decode(body)).body
      expect(encoded.includes(`{"a":${deep}}`)).toBe(true)
    }
    const nested = (depth: number): string =>
      depth === 0
        ? '{"type":"text","text":"x"}'
        : `{"type":"tool_result","tool_use_id":"t","content":[${nested(depth - 1)}]}`
    const body = `{"model":"m","messages":[{"role":"user","content":[${nested(160)}]}]}`
    expect(encode(decode(body)).body.length).toBeGreaterThan(160 * 20)
  })

  test('a body that is no request is refused with its place', () => {
    expect(() => decode('[]')).toThrow(expect.objectContaining({ code: 'gateway_request_invalid' }))
    expect(() => decode('{')).toThrow(expect.objectContaining({ code: 'gateway_json_invalid' }))
    expect(() => decode({ model: 'm' })).toThrow(expect.objectContaining({ param: 'messages' }))
    expect(() => decode({ model: 'm', messages: [{}, 5] })).toThrow(
      expect.objectContaining({ param: 'messages[1]' }),
    )
  })
})
