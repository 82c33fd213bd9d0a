import { describe, expect, test } from 'bun:test'
import { collect, type GenerateResponse, type StreamEvent } from '../../ir/index.ts'
import { streamDecoder } from './decode-stream.ts'
import { streamEncoder } from './encode-stream.ts'

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }

const decode = (...chunks: readonly unknown[]): readonly StreamEvent[] => {
  const decoder = streamDecoder()
  const events = chunks.flatMap((data) =>
    decoder.push({ data: typeof data === 'string' ? data : JSON.stringify(data) }),
  )
  return [...events, ...decoder.end()]
}
const delta = (value: unknown, finish: string | null = null, more: object = {}) => ({
  ...head,
  choices: [{ index: 0, delta: value, finish_reason: finish, ...more }],
})
const said = (...chunks: readonly unknown[]): GenerateResponse =>
  collect('openai-chat', decode(...chunks)).response
const parts = (...chunks: readonly unknown[]): readonly unknown[] =>
  (said(...chunks).choices[0]?.parts ?? []).map(({ extensions: _, ...part }) => part)
const kinds = (events: readonly StreamEvent[]): readonly string[] =>
  events.map((event) => event.type).filter((type) => type !== 'extension')

const call = (index: number | undefined, id: string | undefined, name: string | undefined, text: string) => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id, type: 'function' }),
  function: { ...(name === undefined ? {} : { name }), arguments: text },
})

describe('dialects', () => {
  test('no role chunk, null deltas, null choices, unknown members', () => {
    expect(
      kinds(
        decode(
          { ...head, choices: null, future_member: { a: 1 } },
          delta(null),
          delta({ content: 'a', future_member: 1 }),
          { ...head, choices: [{ delta: { content: 'b' } }] },
          delta({}, 'stop'),
          '[DONE]',
        ),
      ),
    ).toEqual(['start', 'text-start', 'text-delta', 'text-delta', 'text-end', 'finish', 'end'])
  })

  test("Azure's opening chunk names nothing: the start waits for the chunk that does", () => {
    const filters = {
      id: '',
      created: 0,
      model: '',
      object: '',
      choices: [],
      prompt_filter_results: [{ a: 1 }],
    }
    const events = decode(filters, delta({ role: 'assistant', content: 'a' }), delta({}, 'stop'), '[DONE]')
    expect(events[0]).toMatchObject({ type: 'start', id: 'chatcmpl-1', model: 'm' })
    const encoder = streamEncoder({
      request: { protocol: 'openai-chat', model: 'm', stream: true, turns: [], tools: [], sampling: {} },
      headers: new Headers(),
      id: 'e',
      now: 1,
    })
    const [first] = events.flatMap((event) => encoder.push(event))
    expect(JSON.parse(first?.data ?? '')).toEqual(filters)
    expect(kinds(decode(filters))).toEqual(['start'])
  })

  test('finish reason together with content, and calls under stop', () => {
    expect(said(delta({ content: 'a' }, 'stop')).choices[0]?.finish).toEqual({ reason: 'end' })
    expect(said(delta({ tool_calls: [call(0, 'c', 'f', '{}')] }, 'stop')).choices[0]?.finish).toEqual({
      reason: 'tool-calls',
    })
  })

  test('an empty finish reason is none, and the first one counts', () => {
    const events = decode(delta({ content: 'a' }, ''), delta({}, 'length'), delta({ content: 'b' }, 'stop'))
    expect(kinds(events).filter((kind) => kind === 'finish')).toHaveLength(1)
    expect(collect('openai-chat', events).response.choices[0]?.finish).toEqual({ reason: 'length' })
  })

  test('id and name repeated in every delta do not make a second call', () => {
    expect(
      parts(
        delta({ tool_calls: [call(0, 'c', 'f', '{"a"')] }),
        delta({ tool_calls: [call(0, 'c', 'f', ':1}')] }),
      ),
    ).toEqual([{ type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{"a":1}' }])
  })

  test('arguments before the name wait for it', () => {
    const events = decode(
      delta({ tool_calls: [call(0, 'c', undefined, '{"a":')] }),
      delta({ tool_calls: [call(0, undefined, 'f', '1}')] }),
    )
    expect(kinds(events)).toEqual(['start', 'tool-call-start', 'tool-call-delta'])
    expect(events.at(-1)).toMatchObject({ input: '{"a":1}' })
  })

  test('all parallel calls numbered 0, told apart by id', () => {
    const calls = parts(
      delta({ tool_calls: [call(0, 'a', 'f', '{}'), call(0, 'b', 'g', '{"x":1}')] }, 'tool_calls'),
    )
    expect(calls).toMatchObject([
      { id: 'a', name: 'f', input: '{}' },
      { id: 'b', name: 'g', input: '{"x":1}' },
    ])
  })

  test('no indexes at all', () => {
    const calls = parts(
      delta({ tool_calls: [call(undefined, 'a', 'f', '{"x"')] }),
      delta({ tool_calls: [call(undefined, undefined, undefined, ':1}')] }),
      delta({ tool_calls: [call(undefined, 'b', 'g', '{}')] }),
    )
    expect(calls).toMatchObject([
      { id: 'a', input: '{"x":1}' },
      { id: 'b', input: '{}' },
    ])
  })

  test('arguments as an object keep their source text', () => {
    const decoder = streamDecoder()
    const events = decoder.push({
      data: '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":{"b":1.0,"a":1e400}}}]}}]}',
    })
    expect(events.at(-1)).toMatchObject({ type: 'tool-call-delta', input: '{"b":1.0,"a":1e400}' })
  })

  test('thoughts in each of their fields, with state', () => {
    expect(
      parts(delta({ reasoning_content: 'a' }), delta({ reasoning_content: 'b' }), delta({ content: 'c' })),
    ).toEqual([
      { type: 'reasoning', pieces: [{ kind: 'text', text: 'ab' }] },
      { type: 'text', text: 'c' },
    ])
    const detail = (more: object) => ({
      reasoning: 'a',
      reasoning_details: [{ type: 'reasoning.text', text: 'a', ...more }],
    })
    expect(
      parts(
        delta(detail({})),
        delta({ reasoning_details: [{ type: 'reasoning.text', signature: 'SIG' }] }),
        delta({ content: 'c' }),
      ),
    ).toEqual([
      {
        type: 'reasoning',
        pieces: [{ kind: 'text', text: 'a' }],
        state: { protocol: 'openai-chat', kind: 'signature', value: 'SIG' },
      },
      { type: 'text', text: 'c' },
    ])
  })

  test('hidden reasoning is a part without pieces', () => {
    expect(
      parts(
        delta({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'ENC' }] }),
        delta({ content: 'c' }),
      ),
    ).toEqual([
      { type: 'reasoning', pieces: [], state: { protocol: 'openai-chat', kind: 'encrypted', value: 'ENC' } },
      { type: 'text', text: 'c' },
    ])
  })

  test("Mistral's list of thoughts and text", () => {
    const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }
    expect(parts(delta({ content: [thinking] }), delta({ content: [{ type: 'text', text: 'ok' }] }))).toEqual(
      [
        { type: 'reasoning', pieces: [{ kind: 'text', text: 'hm' }] },
        { type: 'text', text: 'ok' },
      ],
    )
  })

  test("a call's state by Google's convention", () => {
    const extra = { extra_content: { google: { thought_signature: 'SIG' } } }
    expect(parts(delta({ tool_calls: [{ ...call(0, 'c', 'f', '{}'), ...extra }] }))).toMatchObject([
      { state: { protocol: 'gemini', kind: 'thought-signature', value: 'SIG' } },
    ])
  })

  test('the older function_call', () => {
    const response = said(
      delta({ function_call: { name: 'f', arguments: '{"a"' } }),
      delta({ function_call: { arguments: ':1}' } }),
      delta({}, 'function_call'),
    )
    expect(response.choices[0]?.parts).toMatchObject([{ type: 'tool-call', name: 'f', input: '{"a":1}' }])
    expect(response.choices[0]?.finish).toEqual({ reason: 'tool-calls' })
  })
})

describe('parts', () => {
  test('a call closes when the next opens and its arguments are whole, else at the end', () => {
    const whole = decode(
      delta({ tool_calls: [call(0, 'a', 'f', '{}')] }),
      delta({ tool_calls: [call(1, 'b', 'g', '')] }),
      delta({}, 'tool_calls'),
    )
    expect(kinds(whole)).toEqual([
      'start',
      'tool-call-start',
      'tool-call-delta',
      'tool-call-end',
      'tool-call-start',
      'tool-call-end',
      'finish',
      'end',
    ])
    const overlapping = decode(
      delta({ tool_calls: [call(0, 'a', 'f', '{"x"')] }),
      delta({ tool_calls: [call(1, 'b', 'g', '{}')] }),
      delta({ tool_calls: [call(0, undefined, undefined, ':1}')] }),
      delta({}, 'tool_calls'),
    )
    expect(collect('openai-chat', overlapping).response.choices[0]?.parts).toMatchObject([
      { input: '{"x":1}' },
      { input: '{}' },
    ])
  })

  test('citations count from the start of their text part, in code points', () => {
    const annotations = [
      { type: 'url_citation', url_citation: { url: 'u', title: 't', start_index: 1, end_index: 3 } },
    ]
    expect(parts(delta({ content: '\u{1f600}ab' }), delta({ annotations }), delta({}, 'stop'))).toEqual([
      {
        type: 'text',
        text: '\u{1f600}ab',
        citations: [{ kind: 'web', url: 'u', title: 't', start: 1, end: 3 }],
      },
    ])
  })

  test('half a character waits for the other half; a lone one becomes U+FFFD', () => {
    const events = decode(delta({ content: 'a\ud83d' }), delta({ content: '\ude00b' }), delta({}, 'stop'))
    const texts = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []))
    expect(texts).toEqual(['a', '\u{1f600}b'])
    expect(parts(delta({ content: 'a\ud83d' }), delta({}, 'stop'))).toEqual([
      { type: 'text', text: 'a\ufffd' },
    ])
  })

  test('sound is one part, told at the end', () => {
    expect(
      parts(
        delta({ audio: { id: 'x', data: 'AA', transcript: 'h' } }),
        delta({ audio: { data: 'BB', transcript: 'i' } }),
        delta({}, 'stop'),
      ),
    ).toEqual([{ type: 'audio', source: { type: 'base64', data: 'AABB' }, transcript: 'hi' }])
  })
})

describe('the end', () => {
  const complete = (...chunks: readonly unknown[]) => collect('openai-chat', decode(...chunks)).complete

  test('is [DONE], or a finish reason for every choice', () => {
    expect(complete(delta({ content: 'a' }), '[DONE]')).toBe(true)
    expect(complete(delta({ content: 'a' }, 'stop'))).toBe(true)
    expect(complete(delta({ content: 'a' }))).toBe(false)
    const second = { ...head, choices: [{ index: 1, delta: { content: 'b' }, finish_reason: null }] }
    expect(complete(delta({ content: 'a' }), second, delta({}, 'stop'))).toBe(false)
    expect(complete()).toBe(false)
  })

  test('does not come after an error', () => {
    const { complete: isComplete, error } = collect(
      'openai-chat',
      decode(delta({ content: 'a' }), { error: { message: 'x', code: 502 } }, '[DONE]'),
    )
    expect(isComplete).toBe(false)
    expect(error).toMatchObject({ kind: 'upstream', message: 'x' })
  })
})

describe('calls that go on too long', () => {
  test('arguments behind the next call are an error of the provider, white space is not', () => {
    const chunks = (late: string) => [
      delta({ tool_calls: [call(0, 'a', 'f', '{}')] }),
      delta({ tool_calls: [call(1, 'b', 'g', '')] }),
      delta({ tool_calls: [call(0, undefined, undefined, late)] }),
      delta({}, 'tool_calls'),
      '[DONE]',
    ]
    expect(kinds(decode(...chunks('{"x":1}')))).toContain('error')
    expect(kinds(decode(...chunks('{"x":1}')))).not.toContain('end')
    expect(kinds(decode(...chunks('\n')))).not.toContain('error')
  })

  test('state behind the opening of a call belongs to it', () => {
    const late = { index: 0, extra_content: { google: { thought_signature: 'S' } } }
    expect(
      parts(
        delta({ tool_calls: [call(0, 'a', 'f', '{}')] }),
        delta({ tool_calls: [late] }),
        delta({}, 'tool_calls'),
      ),
    ).toMatchObject([{ type: 'tool-call', state: { value: 'S' } }])
  })
})

describe('details of thoughts', () => {
  test('repeat what a plain field says, and may come complete again', () => {
    const encrypted = { type: 'reasoning.encrypted', data: 'E', index: 0 }
    expect(
      parts(
        delta({ reasoning_content: 'one' }),
        delta({ reasoning_details: [encrypted] }),
        delta({ content: 'a' }),
        delta({ reasoning_details: [{ type: 'reasoning.text', text: 'one', index: 0 }, encrypted] }),
        delta({}, 'stop'),
      ),
    ).toMatchObject([
      { type: 'reasoning', pieces: [{ text: 'one' }], state: { value: 'E' } },
      { type: 'text', text: 'a' },
    ])
  })
})

describe('chunks that differ in their text alone', () => {
  const plain = (text: string, more: object = {}) => delta({ content: text }, null, more)

  test('are read without a parse, whatever they say, and written again as they were', () => {
    const texts = ['a', 'b"c', '\\', '\\"', 'd\u2028\u{1f600}', '","choices":[]', '', 'e']
    const chunks = [
      delta({ role: 'assistant', content: '' }),
      ...texts.map((text) => plain(text)),
      delta({}, 'stop'),
    ]
    const sent = [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]']
    expect(parts(...sent)).toEqual([{ type: 'text', text: texts.join('') }])
    const request = {
      protocol: 'openai-chat',
      model: 'm',
      stream: true,
      turns: [],
      tools: [],
      sampling: {},
    } as const
    const encoder = streamEncoder({ request, headers: new Headers(), id: 'x', now: 1 })
    const again = decode(...sent).flatMap((event) => encoder.push(event))
    expect(again.map(({ data }) => (data === '[DONE]' ? data : JSON.parse(data)))).toEqual([
      ...chunks,
      '[DONE]',
    ])
  })

  test('keep the padding of each', () => {
    const padded = (text: string, obfuscation: string) => ({ ...plain(text), obfuscation })
    const chunks = [padded('a', 'x'), padded('b', 'yy'), padded('c', 'zzz')]
    const request = {
      protocol: 'openai-chat',
      model: 'm',
      stream: true,
      turns: [],
      tools: [],
      sampling: {},
    } as const
    const encoder = streamEncoder({ request, headers: new Headers(), id: 'x', now: 1 })
    const again = decode(...chunks).flatMap((event) => encoder.push(event))
    expect(again.map(({ data }) => JSON.parse(data))).toEqual(chunks)
  })

  test('half a character is held as ever', () => {
    const halves = ['a', 'b', '\ud83d', '\ude00', 'c']
    expect(parts(...halves.map((text) => plain(text)), delta({}, 'stop'))).toEqual([
      { type: 'text', text: 'ab\u{1f600}c' },
    ])
  })
})
