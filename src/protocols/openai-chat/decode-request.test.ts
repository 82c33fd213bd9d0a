import { describe, expect, test } from 'bun:test'
import { bare, type GenerateRequest } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'

const decode = (body: string): GenerateRequest =>
  decodeRequest({
    method: 'POST',
    path: '/v1/chat/completions',
    parameters: {},
    query: new URLSearchParams(),
    headers: new Headers(),
    body: new TextEncoder().encode(body),
  })
const again = (body: string): string => {
  const request = decode(body)
  return encodeRequest(request, { model: request.model, stream: request.stream }).body
}

describe('source text', () => {
  const source = '{"n":1.0,"big":1152921504606846977,"e":1e400,"k":1,"k":2,"\\u0061":"\\u00e9","2":0,"1":0}'

  test('arguments stay byte for byte', () => {
    const body = JSON.stringify({
      model: 'm',
      messages: [
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: source } }],
        },
      ],
    })
    expect(decode(body).turns[0]?.parts[0]).toMatchObject({ type: 'tool-call', input: source })
    expect(again(body)).toBe(body)
  })

  test('schemas and grammars stay byte for byte', () => {
    const body = `{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":${source}}},{"type":"custom","custom":{"name":"g","format":${source}}}],"response_format":{"type":"json_schema","json_schema":{"name":"r","schema":${source}}}}`
    expect(again(body)).toContain(`"parameters":${source}`)
    expect(again(body)).toContain(`"format":${source}`)
    expect(again(body)).toContain(`"schema":${source}`)
  })

  test('unknown tools, parts, roles, calls and choices stay byte for byte', () => {
    const parts = [
      `{"type":"future_part","payload":${source}}`,
      `{"type":"text","text":5}`,
      '"a string"',
      'null',
    ]
    const body = `{"model":"m","messages":[{"role":"user","content":[${parts.join(',')}]},{"role":"future_role","x":${source}},{"role":"assistant","content":"","tool_calls":[{"type":"future_call","x":${source}}]}],"tools":[{"type":"future_tool","x":${source}}],"tool_choice":{"type":"future_choice","x":${source}}}`
    const encoded = again(body)
    expect(encoded.split(source)).toHaveLength(body.split(source).length)
    expect(encoded).toContain(parts.join(','))
    expect(JSON.parse(encoded)).toEqual(JSON.parse(body))
  })
})

describe('hostile input', () => {
  test('prototype keys are data', () => {
    const body =
      '{"model":"m","__proto__":{"stream":true,"polluted":1},"constructor":{"a":1},"messages":[{"role":"user","content":"a","__proto__":{"name":"x"}}],"metadata":{"__proto__":{"b":2}}}'
    const request = decode(body)
    expect(request.stream).toBe(false)
    expect(request.turns[0]?.name).toBeUndefined()
    expect(again(body)).toContain('"__proto__":{"stream":true,"polluted":1}')
    expect(again(body)).toContain('"__proto__":{"name":"x"}')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  test('wrong types are carried', () => {
    const body = JSON.stringify({
      model: 'm',
      messages: [
        null,
        5,
        [],
        { role: 'user' },
        { role: 'assistant', tool_calls: 'x' },
        { role: 'tool', content: { a: 1 } },
      ],
      temperature: '0.7',
      stop: [1, 'a'],
      tools: [null, { type: 'function' }, { type: 'function', function: { name: 4 } }],
      stream_options: [],
      response_format: 'text',
      n: null,
    })
    expect(JSON.parse(again(body))).toEqual(JSON.parse(body))
  })

  const nested = (depth: number): string => {
    const deep = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    return `{"model":"m","messages":[{"role":"user","content":[{"type":"x","y":${deep}}]}],"tools":[{"type":"function","function":{"name":"f","parameters":${deep}}}],"extra":${deep}}`
  }

  test('nesting up to the bound comes back whole', () => {
    expect(JSON.parse(again(nested(500)))).toEqual(JSON.parse(nested(500)))
  })

  test('nesting far beyond the bound is read without overflow', () => {
    expect(decode(nested(20_000)).tools).toHaveLength(1)
  })

  test('what is no JSON object is refused', () => {
    expect(() => decode('{')).toThrow('not valid JSON')
    expect(() => decode('[]')).toThrow('not a JSON object')
  })
})

describe('canonical words', () => {
  test('roles, authority and names', () => {
    const { turns } = decode(
      JSON.stringify({
        model: 'm',
        messages: [
          { role: 'system', content: 's' },
          { role: 'developer', content: [{ type: 'text', text: 'd' }] },
          { role: 'user', content: 'u', name: 'n' },
          { role: 'tool', tool_call_id: 'c', content: 'r' },
          { role: 'function', name: 'f', content: 'r' },
        ],
      }),
    )
    expect(turns.map(bare)).toEqual([
      {
        role: 'system',
        authority: 'system',
        placement: 'inline',
        parts: [{ type: 'text', text: 's' }],
        form: 'string',
      },
      { role: 'system', authority: 'developer', placement: 'inline', parts: [{ type: 'text', text: 'd' }] },
      { role: 'user', parts: [{ type: 'text', text: 'u' }], form: 'string', name: 'n' },
      {
        role: 'user',
        parts: [
          {
            type: 'tool-result',
            kind: 'function',
            callId: 'c',
            content: [{ type: 'text', text: 'r' }],
            form: 'string',
          },
        ],
      },
      {
        role: 'user',
        parts: [
          {
            type: 'tool-result',
            kind: 'function',
            name: 'f',
            content: [{ type: 'text', text: 'r' }],
            form: 'string',
          },
        ],
      },
    ])
  })

  test('media', () => {
    const { turns } = decode(
      JSON.stringify({
        model: 'm',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'high' } },
              { type: 'image_url', image_url: 'https://x/y.png' },
              { type: 'image_url', image_url: { url: 'data:image/svg+xml,%3Csvg' } },
              { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
              { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
              { type: 'file', file: { file_id: 'file-1' } },
            ],
          },
        ],
      }),
    )
    expect(turns[0]?.parts.map(bare)).toEqual([
      { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' }, detail: 'high' },
      { type: 'image', source: { type: 'url', url: 'https://x/y.png' } },
      { type: 'image', source: { type: 'url', url: 'data:image/svg+xml,%3Csvg' } },
      { type: 'audio', source: { type: 'base64', data: 'BBBB', mediaType: 'audio/mpeg' } },
      {
        type: 'document',
        source: { type: 'base64', mediaType: 'application/pdf', data: 'CCCC' },
        title: 'a.pdf',
      },
      { type: 'document', source: { type: 'file', id: 'file-1' } },
    ])
  })

  test('a limit that a stage lowers is lowered on the wire, whichever name it had', () => {
    for (const name of ['max_tokens', 'max_completion_tokens']) {
      const request = decode(`{"model":"m","messages":[],"${name}":1000}`)
      const { body } = encodeRequest({ ...request, maxOutputTokens: 10 }, { model: 'other', stream: true })
      expect(JSON.parse(body)).toEqual({ model: 'other', messages: [], [name]: 10, stream: true })
    }
  })

  test('an edited text shows, nothing old stays', () => {
    const request = decode(
      '{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"secret","x":1}]}]}',
    )
    const turns = request.turns.map((turn) => ({
      ...turn,
      parts: turn.parts.map((part) => (part.type === 'text' ? { ...part, text: '[gone]' } : part)),
    }))
    const { body } = encodeRequest({ ...request, turns }, { model: 'm', stream: false })
    expect(body).not.toContain('secret')
    expect(JSON.parse(body).messages[0].content).toEqual([{ type: 'text', text: '[gone]', x: 1 }])
  })
})
