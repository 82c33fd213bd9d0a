import { describe, expect, test } from 'bun:test'
import type { GenerateRequest, Part } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'
import { fieldPath } from './field-path.ts'

const decode = (body: object, headers: Record<string, string> = {}): GenerateRequest =>
  decodeRequest(
    {
      method: 'POST',
      path: '/v1/chat/completions',
      parameters: {},
      query: new URLSearchParams(),
      headers: new Headers(headers),
      body: new TextEncoder().encode(JSON.stringify({ model: 'm', ...body })),
    },
    { locations: true },
  )
const placesOf = (parts: readonly Part[]): readonly (string | undefined)[] => parts.map(({ at }) => at)
const call = (id: string, name = 'f') => ({ id, type: 'function', function: { name, arguments: '{}' } })

describe('places in the request', () => {
  test('messages, their parts and calls', () => {
    const { turns } = decode({
      messages: [
        { role: 'system', content: 'a' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: { url: 'https://x' } },
          ],
        },
        {
          role: 'assistant',
          reasoning_content: 'hm',
          content: [{ type: 'text', text: 'a' }],
          refusal: 'no',
          tool_calls: [call('a'), call('b')],
        },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'r' }] },
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      ],
    })
    expect(turns.map((turn) => [turn.at, ...placesOf(turn.parts)])).toEqual([
      ['messages[0]', 'messages[0].content'],
      ['messages[1]', 'messages[1].content[0]', 'messages[1].content[1]'],
      [
        'messages[2]',
        'messages[2].reasoning_content',
        'messages[2].content[0]',
        'messages[2].refusal',
        'messages[2].tool_calls[0]',
        'messages[2].tool_calls[1]',
      ],
      ['messages[3]', 'messages[3]'],
      ['messages[4]', 'messages[4].function_call'],
    ])
    const [result] = turns[3]?.parts ?? []
    expect(result?.type === 'tool-result' && placesOf(result.content)).toEqual(['messages[3].content[0]'])
  })

  test('tools in their lists, choices and formats by their field', () => {
    const decoded = decode({
      messages: [],
      tools: [{ type: 'function', function: { name: 'a' } }, { type: 'future' }],
      functions: [{ name: 'b' }],
      web_search_options: {},
      function_call: 'auto',
      reasoning_effort: 'low',
      response_format: { type: 'json_object' },
    })
    expect(decoded.tools.map(({ at }) => at)).toEqual([
      'tools[0]',
      'tools[1]',
      'functions[0]',
      'web_search_options',
    ])
    expect([decoded.toolChoice?.at, decoded.reasoning?.at, decoded.output?.at]).toEqual([
      'function_call',
      'reasoning_effort',
      'response_format',
    ])
  })

  test('are only written where they are wanted, and change nothing that is sent', () => {
    const body = {
      messages: [{ role: 'user', content: 'hi' }],
      tools: [{ type: 'function', function: { name: 'a' } }],
    }
    const target = { model: 'm', stream: false }
    expect(JSON.parse(encodeRequest(decode(body), target).body)).toEqual({ model: 'm', ...body })
  })
})

describe('canonical fields by their name here', () => {
  test.each([
    ['sampling.topK', 'top_k'],
    ['sampling.stop', 'stop'],
    ['maxOutputTokens', 'max_completion_tokens'],
    ['output.schema.properties.a', 'response_format.json_schema.schema.properties.a'],
    ['turns[3].parts[1]', 'messages[3].content[1]'],
    ['messages[3].content', 'messages[3].content'],
    ['tools[2]', 'tools[2]'],
  ])('%s is %s', (field, path) => {
    expect(fieldPath(field)).toBe(path)
  })
})
