import { describe, expect, test } from 'bun:test'
import type Anthropic from '@anthropic-ai/sdk'
import type { GenerateRequest, GenerateResponse, Part } from '../../ir/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { decodeResponse } from './decode-response.ts'
import { encodeResponse } from './encode-response.ts'

const request: GenerateRequest = {
  protocol: 'anthropic-messages',
  model: 'asked-model',
  stream: false,
  turns: [],
  tools: [],
  sampling: {},
}

const replyFor = (version?: string): ReplyContext => ({
  request,
  headers: new Headers(version === undefined ? {} : { 'anthropic-version': version }),
  id: 'exchange1',
  now: 1_795_000_000,
})

const foreign = (members: Partial<GenerateResponse>, ...parts: readonly Part[]): GenerateResponse => ({
  protocol: 'openai-responses',
  choices: [{ index: 0, parts, finish: { reason: 'end' } }],
  ...members,
})

const encode = (response: GenerateResponse, version?: string) => {
  const encoded = encodeResponse(response, replyFor(version))
  return { body: JSON.parse(encoded.body), warnings: encoded.warnings.map(({ feature }) => feature) }
}

const call: Part = { type: 'tool-call', id: 'call_1', name: 'f', kind: 'function', input: '{"a":1.0}' }

describe('an answer of another provider', () => {
  test('was served in a tier that this protocol has a word for, or in none', () => {
    const tierOf = (serviceTier: string) =>
      encode(foreign({ serviceTier, usage: { inputTokens: 1, outputTokens: 1 } })).body.usage.service_tier
    expect(['default', 'standard', 'priority'].map(tierOf)).toEqual(['standard', 'standard', 'priority'])
    expect(tierOf('flex')).toBeUndefined()
  })

  test('for a client of 2026-10-21 every nullable member is there', () => {
    const { body } = encode(
      foreign(
        { id: 'resp_1', model: 'gpt', usage: { inputTokens: 12, cacheReadTokens: 2, outputTokens: 3 } },
        { type: 'text', text: 'hi' },
        call,
      ),
      '2026-10-21',
    )
    const expected: Anthropic.Message = {
      id: body.id,
      type: 'message',
      role: 'assistant',
      model: 'gpt',
      content: [
        { type: 'text', text: 'hi', citations: null },
        { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: {
        input_tokens: 10,
        output_tokens: 3,
        cache_read_input_tokens: 2,
        cache_creation_input_tokens: null,
        cache_creation: null,
        output_tokens_details: null,
        server_tool_use: null,
        service_tier: null,
        inference_geo: null,
        speed: null,
      },
    }
    expect(body).toEqual(expected)
    expect(body.id).toMatch(/^msg_[A-Za-z0-9]{24}$/)
  })

  test('for older clients, and those that name no version, null members are left out', () => {
    for (const version of ['2023-06-01', undefined]) {
      const { body } = encode(foreign({ usage: { outputTokens: 3 } }, { type: 'text', text: 'hi' }), version)
      expect(body).toEqual({
        id: body.id,
        type: 'message',
        role: 'assistant',
        model: 'asked-model',
        content: [{ type: 'text', text: 'hi' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 0, output_tokens: 3 },
      })
    }
  })

  test('ids are kept when they are ours, else the same each time', () => {
    expect(encode(foreign({ id: 'msg_x' })).body.id).toBe('msg_x')
    expect(encode(foreign({ id: 'resp_1' })).body.id).toBe(encode(foreign({ id: 'resp_1' })).body.id)
    expect(encode(foreign({})).body.id).toMatch(/^msg_/)
  })

  test('arguments keep their source', () => {
    const encoded = encodeResponse(foreign({}, { ...call, input: '{"b":1.0,"a":1e400}' }), replyFor())
    expect(encoded.body).toContain('"input":{"b":1.0,"a":1e400}')
  })

  test('reasons', () => {
    const reasonOf = (
      reason: NonNullable<GenerateResponse['choices'][0]['finish']>['reason'],
      ...parts: Part[]
    ) =>
      encode({
        protocol: 'openai-chat',
        choices: [{ index: 0, parts, finish: { reason } }],
      }).body.stop_reason
    expect(reasonOf('end')).toBe('end_turn')
    expect(reasonOf('end', call)).toBe('tool_use')
    expect(reasonOf('tool-calls', call)).toBe('tool_use')
    expect(reasonOf('tool-calls', { type: 'text', text: 'a' })).toBe('end_turn')
    expect(reasonOf('length', call)).toBe('max_tokens')
    expect(reasonOf('tool-calls', call, { ...call, input: '{"a":' })).toBe('max_tokens')
    expect(reasonOf('compacted')).toBe('end_turn')
    expect(reasonOf('end', { type: 'refusal', text: 'no' })).toBe('refusal')
    expect(reasonOf('context')).toBe('model_context_window_exceeded')
    expect(reasonOf('pause')).toBe('pause_turn')
    expect(reasonOf('filtered-input')).toBe('refusal')
    expect(reasonOf('steered')).toBe('end_turn')
    expect(() => reasonOf('failed')).toThrow(expect.objectContaining({ code: 'gateway_upstream_invalid' }))
    expect(() => reasonOf('malformed-call')).toThrow()
  })

  test('a stop string is named, a refusal explained', () => {
    const stopped = foreign({
      choices: [{ index: 0, parts: [], finish: { reason: 'stop-sequence', stopSequence: 'END' } }],
    })
    expect(encode(stopped).body).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' })
    const refused = foreign({
      choices: [{ index: 0, parts: [], finish: { reason: 'refusal', message: 'policy' } }],
    })
    expect(encode(refused).body.stop_details).toEqual({
      type: 'refusal',
      category: null,
      explanation: 'policy',
    })
  })

  test('what cannot be said is left out and named', () => {
    const image: Part = { type: 'image', source: { type: 'base64', data: 'x' } }
    const search: Part = {
      type: 'server-call',
      id: 'ws_1',
      tool: 'web-search',
      name: 'web_search',
      input: '{}',
    }
    const { body, warnings } = encode(foreign({}, image, search, { type: 'text', text: '' }))
    expect(body.content).toEqual([])
    expect(warnings).toEqual(['image', 'web-search call'])
  })

  test('citations of the web have what their type demands', () => {
    const cited: Part = {
      type: 'text',
      text: 'x',
      citations: [{ kind: 'web', url: 'https://a', start: 0, end: 1 }, { kind: 'container-file' }],
    }
    expect(encode(foreign({}, cited)).body.content[0].citations).toEqual([
      {
        type: 'web_search_result_location',
        url: 'https://a',
        title: null,
        cited_text: 'x',
        encrypted_index: '',
      },
    ])
  })
})

describe('our own answers', () => {
  test('stay as they were, whatever version the client has', () => {
    const body = '{"id":"x","type":"message","role":"assistant","content":[{"type":"text","text":"a"}]}'
    const response = decodeResponse({
      status: 200,
      headers: new Headers(),
      body: new TextEncoder().encode(body),
    })
    expect(encode(response, '2026-10-21').body).toEqual(JSON.parse(body))
  })

  test('an answer that is something else does not throw', () => {
    for (const body of ['null', '[]', '{}', '{"content":5,"usage":[]}']) {
      const wire = { status: 200, headers: new Headers(), body: new TextEncoder().encode(body) }
      expect(decodeResponse(wire).choices.length).toBe(1)
    }
  })
})
