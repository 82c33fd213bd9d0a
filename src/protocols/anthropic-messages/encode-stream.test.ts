import { describe, expect, test } from 'bun:test'
import { runMachine } from '../../../test/support/corpus.ts'
import type { GenerateRequest, Part, StreamEvent } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeStream } from './decode-stream.ts'
import { encodeStream } from './encode-stream.ts'

const request: GenerateRequest = {
  protocol: 'anthropic-messages',
  model: 'asked-model',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
}

const replyFor = (version = '2023-06-01'): ReplyContext => ({
  request,
  headers: new Headers({ 'anthropic-version': version }),
  id: 'exchange1',
  now: 1_795_000_000,
})

const framesOf = (events: readonly StreamEvent[], version?: string): readonly SseFrame[] =>
  runMachine(encodeStream(replyFor(version)), events)

/** The frames' data without the noise of indexes and types that the order already says. */
const encode = (events: readonly StreamEvent[], version?: string) => {
  const frames = framesOf(events, version)
  const isCut = !events.some(({ type }) => type === 'end' || type === 'error')
  expect(runMachine(conform(), frames)).toEqual(isCut ? ['end'] : [])
  return frames.map(({ data }) => JSON.parse(data))
}

const brief = (events: readonly StreamEvent[], version?: string): readonly string[] =>
  encode(events, version).map((data) => {
    const inner = data.delta ?? data.content_block
    const what =
      inner?.text ?? inner?.partial_json ?? inner?.thinking ?? inner?.signature ?? inner?.stop_reason
    const index = data.index === undefined ? '' : ` ${data.index}`
    const type = inner?.type === undefined ? '' : ` ${inner.type}`
    return `${data.type}${index}${type}${what === undefined ? '' : ` ${what}`}`
  })

const text = (index: number, ...slices: readonly string[]): StreamEvent[] => [
  { type: 'text-start', index, part: { type: 'text', text: '' } },
  ...slices.map((slice): StreamEvent => ({ type: 'text-delta', index, text: slice })),
  { type: 'text-end', index },
]

const callStart = (index: number, members: object = {}): StreamEvent => ({
  type: 'tool-call-start',
  index,
  part: { type: 'tool-call', id: `call_${index}`, name: 'f', kind: 'function', input: '', ...members },
})
const slice = (index: number, input: string): StreamEvent => ({ type: 'tool-call-delta', index, input })
const callEnd = (index: number): StreamEvent => ({ type: 'tool-call-end', index })
const start: StreamEvent = { type: 'start', id: 'resp_1', model: 'gpt' }
const finish: StreamEvent = { type: 'finish', finish: { reason: 'end' } }
const end: StreamEvent = { type: 'end' }

describe('a stream of another provider', () => {
  test('says everything that clients need, in the full shape where the client wants it', () => {
    const usage: StreamEvent = {
      type: 'usage',
      usage: { inputTokens: 12, cacheReadTokens: 2, outputTokens: 3, reasoningTokens: 1 },
    }
    const frames = encode([start, ...text(0, 'hi'), finish, usage, end], '2026-10-21')
    expect(frames.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(frames[0].message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'gpt',
      content: [],
      stop_reason: null,
      container: null,
      diagnostics: null,
      usage: { input_tokens: 0, output_tokens: 0, cache_creation: null, speed: null },
    })
    expect(frames[1].content_block).toEqual({ type: 'text', text: '', citations: null })
    expect(frames[4]).toEqual({
      type: 'message_delta',
      delta: { container: null, stop_reason: 'end_turn', stop_sequence: null, stop_details: null },
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: 2,
        output_tokens: 3,
        output_tokens_details: { thinking_tokens: 1 },
        server_tool_use: null,
      },
    })
  })

  test('for older clients null members are left out, and unknown counters with them', () => {
    const frames = encode([start, finish, end])
    expect(frames[0].message.usage).toEqual({ input_tokens: 0, output_tokens: 0 })
    expect(frames[1]).toEqual({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 0 },
    })
  })

  test('the counters may come before the reason, after it, or in pieces', () => {
    const part = (usage: object): StreamEvent => ({ type: 'usage', usage })
    for (const events of [
      [part({ inputTokens: 5, outputTokens: 1 }), part({ outputTokens: 2 }), finish],
      [part({ inputTokens: 5 }), finish, part({ outputTokens: 2 })],
      [finish, part({ inputTokens: 5, outputTokens: 2 })],
    ]) {
      const frames = encode([start, ...text(0, 'a'), ...events, end])
      expect(frames.at(-2).usage).toEqual({ input_tokens: 5, output_tokens: 2 })
    }
  })

  test('parts that overlap are said one after the other, the oldest first', () => {
    expect(
      brief([
        start,
        callStart(0),
        slice(0, '{"a"'),
        callStart(1),
        slice(1, '{"b":2}'),
        ...text(2, 'late'),
        slice(0, ':1}'),
        callEnd(1),
        callEnd(0),
        finish,
        end,
      ]),
    ).toEqual([
      'message_start',
      'content_block_start 0 tool_use',
      'content_block_delta 0 input_json_delta {"a"',
      'content_block_delta 0 input_json_delta :1}',
      'content_block_stop 0',
      'content_block_start 1 tool_use',
      'content_block_delta 1 input_json_delta {"b":2}',
      'content_block_stop 1',
      'content_block_start 2 text ',
      'content_block_delta 2 text_delta late',
      'content_block_stop 2',
      'message_delta tool_use',
      'message_stop',
    ])
  })

  test('parts that nobody closed are closed before the reason', () => {
    expect(brief([start, callStart(0), callStart(1), slice(1, '{}'), slice(0, '{}'), finish, end])).toEqual([
      'message_start',
      'content_block_start 0 tool_use',
      'content_block_delta 0 input_json_delta {}',
      'content_block_stop 0',
      'content_block_start 1 tool_use',
      'content_block_delta 1 input_json_delta {}',
      'content_block_stop 1',
      'message_delta tool_use',
      'message_stop',
    ])
  })

  test('empty parts leave no block and no gap', () => {
    expect(
      brief([
        start,
        ...text(0, ''),
        { type: 'reasoning-start', index: 1, part: { type: 'reasoning', pieces: [] } },
        { type: 'reasoning-end', index: 1 },
        ...text(2, 'a'),
        finish,
        end,
      ]).slice(1, 3),
    ).toEqual(['content_block_start 0 text ', 'content_block_delta 0 text_delta a'])
  })

  test('a call without arguments says nothing, and one without an id gets one', () => {
    const frames = encode([start, callStart(0, { id: undefined }), callEnd(0), finish, end], '2026-10-21')
    expect(frames[1].content_block).toMatchObject({
      type: 'tool_use',
      name: 'f',
      input: {},
      caller: { type: 'direct' },
    })
    expect(frames[1].content_block.id).toMatch(/^toolu_/)
    expect(frames[2].type).toBe('content_block_stop')
  })

  test('free text becomes the one argument of a function, slice by slice', () => {
    const frames = encode([
      start,
      callStart(0, { kind: 'custom', name: 'apply_patch' }),
      slice(0, '*** "Be'),
      slice(0, 'gin"\n\ud83d'),
      slice(0, '\ude42'),
      callEnd(0),
      finish,
      end,
    ])
    const input = frames.map(({ delta }) => delta?.partial_json ?? '').join('')
    expect(JSON.parse(input)).toEqual({ input: '*** "Begin"\n🙂' })
  })

  test('thoughts: parts of a summary are one text, signed by state of whatever origin', () => {
    const thought = (piece: number, words: string): StreamEvent => ({
      type: 'reasoning-delta',
      index: 0,
      piece,
      kind: 'summary',
      text: words,
    })
    const opened: StreamEvent = {
      type: 'reasoning-start',
      index: 0,
      part: { type: 'reasoning', pieces: [] },
    }
    const closed = (protocol: 'openai-responses' | 'anthropic-messages'): StreamEvent => ({
      type: 'reasoning-end',
      index: 0,
      state: { protocol, kind: 'signature', value: 'sig' },
    })
    const events = (last: StreamEvent) => [
      start,
      opened,
      thought(0, 'one'),
      thought(0, '.'),
      thought(1, 'two'),
      last,
      finish,
      end,
    ]
    const said = [
      'content_block_start 0 thinking ',
      'content_block_delta 0 thinking_delta one',
      'content_block_delta 0 thinking_delta .',
      'content_block_delta 0 thinking_delta \n\ntwo',
    ]
    for (const protocol of ['openai-responses', 'anthropic-messages'] as const) {
      expect(brief(events(closed(protocol))).slice(1, -2)).toEqual([
        ...said,
        'content_block_delta 0 signature_delta sig',
        'content_block_stop 0',
      ])
    }
  })

  test('hidden thoughts of Anthropic, known only at their end, become a redacted block', () => {
    const frames = encode([
      start,
      { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [] } },
      {
        type: 'reasoning-end',
        index: 0,
        state: { protocol: 'anthropic-messages', kind: 'redacted', value: 'D' },
      },
      finish,
      end,
    ])
    expect(frames[1].content_block).toEqual({ type: 'redacted_thinking', data: 'D' })
  })

  test('citations come inside their block', () => {
    expect(
      brief([
        start,
        { type: 'text-start', index: 0, part: { type: 'text', text: '' } },
        { type: 'text-delta', index: 0, text: 'a' },
        { type: 'citation', index: 0, citation: { kind: 'web', url: 'https://a' } },
        { type: 'citation', index: 0, citation: { kind: 'file', fileId: 'x' } },
        { type: 'text-end', index: 0 },
        finish,
        end,
      ]).slice(1, -2),
    ).toEqual([
      'content_block_start 0 text ',
      'content_block_delta 0 text_delta a',
      'content_block_delta 0 citations_delta',
      'content_block_stop 0',
    ])
  })

  const webAt = (start: number, end: number) => ({ kind: 'web', url: 'https://a', start, end }) as const

  test('citations that come late go to the last text, as long as it is open', () => {
    const frames = encode([
      start,
      ...text(0, 'Grüße ', '🙂.'),
      { type: 'citation', index: 0, citation: webAt(6, 8) },
      callStart(1),
      callEnd(1),
      { type: 'citation', index: 0, citation: webAt(0, 1) },
      finish,
      end,
    ])
    const cited = frames.flatMap(({ index, delta }) =>
      delta?.type === 'citations_delta' ? [[index, delta.citation.url, delta.citation.cited_text]] : [],
    )
    expect(cited).toEqual([[0, 'https://a', '🙂.']])
  })

  test('a whole text is cut at its citations', () => {
    const part: Part = { type: 'text', text: 'one two', citations: [webAt(0, 3)] }
    expect(brief([start, { type: 'part', index: 0, part }, finish, end]).slice(1, -2)).toEqual([
      'content_block_start 0 text ',
      'content_block_delta 0 text_delta one',
      'content_block_delta 0 citations_delta',
      'content_block_stop 0',
      'content_block_start 1 text ',
      'content_block_delta 1 text_delta  two',
      'content_block_stop 1',
    ])
  })

  const thoughts = (index: number, words: string): StreamEvent[] => [
    { type: 'reasoning-start', index, part: { type: 'reasoning', pieces: [] } },
    ...(words === ''
      ? []
      : [{ type: 'reasoning-delta' as const, index, piece: 0, kind: 'text' as const, text: words }]),
    { type: 'reasoning-end', index },
  ]
  const signed = { state: { protocol: 'gemini', kind: 'thought-signature', value: 'S' } } as const
  const signedText = (index: number, ...slices: readonly string[]): StreamEvent[] => [
    { type: 'text-start', index, part: { type: 'text', text: '', ...signed } },
    ...text(index, ...slices).slice(1),
  ]

  test('state on words or a call signs the thoughts before it', () => {
    for (const next of [signedText(1, 'a'), [callStart(1, signed), callEnd(1)]]) {
      expect(brief([start, ...thoughts(0, 'hm'), ...next, finish, end]).slice(1, 6)).toEqual([
        'content_block_start 0 thinking ',
        'content_block_delta 0 thinking_delta hm',
        'content_block_delta 0 signature_delta S',
        'content_block_stop 0',
        expect.stringContaining('content_block_start 1'),
      ])
    }
  })

  test('without thoughts it is a redacted block before what it stands on, or the last one', () => {
    expect(brief([start, callStart(0, signed), callEnd(0), finish, end]).slice(1, 4)).toEqual([
      'content_block_start 0 redacted_thinking',
      'content_block_stop 0',
      'content_block_start 1 tool_use',
    ])
    expect(brief([start, ...text(0, 'a'), ...signedText(1), finish, end]).slice(3, -2)).toEqual([
      'content_block_stop 0',
      'content_block_start 1 redacted_thinking',
      'content_block_stop 1',
    ])
    const atItsEnd: StreamEvent[] = [...text(0, 'a').slice(0, -1), { type: 'text-end', index: 0, ...signed }]
    expect(brief([start, ...atItsEnd, finish, end]).slice(3, -2)).toEqual([
      'content_block_stop 0',
      'content_block_start 1 redacted_thinking',
      'content_block_stop 1',
    ])
  })

  test('arguments that are no object are wrapped; those that break off were cut by the limit', () => {
    const inputOf = (...inputs: readonly string[]) => {
      const frames = encode([
        start,
        callStart(0),
        ...inputs.map((input) => slice(0, input)),
        callEnd(0),
        { type: 'finish', finish: { reason: 'tool-calls' } },
        end,
      ])
      return [frames.map(({ delta }) => delta?.partial_json ?? '').join(''), frames.at(-2).delta.stop_reason]
    }
    expect(inputOf(' ', '[1', ',2]')).toEqual(['{"INVALID_JSON":" [1,2]"}', 'tool_use'])
    expect(inputOf(' {"a', '":1}')).toEqual([' {"a":1}', 'tool_use'])
    expect(inputOf('{"a":')).toEqual(['{"a":', 'max_tokens'])
    expect(inputOf()).toEqual(['', 'tool_use'])
  })

  test('characters that were split are joined, half of one is replaced', () => {
    const said = (...slices: readonly string[]) =>
      encode([start, ...text(0, ...slices), finish, end]).flatMap(({ delta }) => delta?.text ?? [])
    expect(said('a\ud83d', '\ude42b')).toEqual(['a', '🙂b'])
    expect(said('a\ud83d')).toEqual(['a', '\ufffd'])
  })

  test('more than can wait for its turn ends the stream in an error', () => {
    const megabyte = 'x'.repeat(1 << 20)
    const many = Array.from({ length: 20 }, (): StreamEvent => slice(1, megabyte))
    const frames = framesOf([start, callStart(0), callStart(1), ...many, callEnd(1), callEnd(0), finish, end])
    expect(frames.at(-1)?.event).toBe('error')
    expect(runMachine(conform(), frames)).toEqual([])
  })

  test('a refusal is text, and its reason says so', () => {
    expect(
      brief([
        start,
        { type: 'refusal-start', index: 0, part: { type: 'refusal', text: '' } },
        { type: 'refusal-delta', index: 0, text: 'no' },
        { type: 'refusal-end', index: 0 },
        finish,
        end,
      ]).slice(1),
    ).toEqual([
      'content_block_start 0 text ',
      'content_block_delta 0 text_delta no',
      'content_block_stop 0',
      'message_delta refusal',
      'message_stop',
    ])
  })

  test('whole parts are said whole; other candidates, images and foreign server tools are not said', () => {
    const whole = (index: number, part: Part): StreamEvent => ({ type: 'part', index, part })
    expect(
      brief([
        start,
        whole(0, { type: 'text', text: 'a', citations: [{ kind: 'web', url: 'https://a' }] }),
        whole(1, { type: 'image', source: { type: 'base64', data: 'x' } }),
        whole(2, { type: 'server-call', id: 'ws_1', tool: 'web-search', name: 'web_search', input: '{}' }),
        whole(3, { type: 'opaque', name: 'x', raw: { protocol: 'gemini', json: '{}' } }),
        { type: 'text-start', choice: 1, index: 0, part: { type: 'text', text: '' } },
        { type: 'text-delta', choice: 1, index: 0, text: 'other' },
        whole(4, { type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{"a":1.0}' }),
        { type: 'finish', choice: 1, finish: { reason: 'length' } },
        finish,
        end,
      ]).slice(1),
    ).toEqual([
      'content_block_start 0 text ',
      'content_block_delta 0 text_delta a',
      'content_block_delta 0 citations_delta',
      'content_block_stop 0',
      'content_block_start 1 tool_use',
      'content_block_delta 1 input_json_delta {"a":1.0}',
      'content_block_stop 1',
      'message_delta tool_use',
      'message_stop',
    ])
  })
})

test('the data of an event is one line, also where source text is not', () => {
  const result: Part = {
    type: 'server-result',
    callId: 'srvtoolu_1',
    tool: 'web-search',
    name: 'web_search',
    output: '[\n  {"title": "a\\n b",\r\n  "n": 1.0}\n]',
  }
  const [, opened] = framesOf([start, { type: 'part', index: 0, part: result }])
  expect(opened?.data).toContain('"content":[{"title": "a\\n b","n": 1.0}]')
})

describe('endings', () => {
  test('an error ends the stream without a success terminator', () => {
    const error: StreamEvent = { type: 'error', error: { kind: 'overloaded', message: 'busy' } }
    const frames = encode([start, callStart(0), slice(0, '{"a'), error, end])
    expect(frames.at(-1)).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'busy' },
      request_id: null,
    })
    expect(frames.some(({ type }) => type === 'message_stop' || type === 'message_delta')).toBe(false)
  })

  test('an answer that failed ends with an error event', () => {
    const failed: StreamEvent = { type: 'finish', finish: { reason: 'malformed-call', message: 'bad call' } }
    const frames = encode([start, ...text(0, 'a'), failed, end])
    expect(frames.at(-1)).toMatchObject({ type: 'error', error: { type: 'api_error', message: 'bad call' } })
  })

  test('a stream that was cut stays cut, wherever it was cut', () => {
    const events = [start, ...text(0, 'a'), callStart(1), slice(1, '{}'), callEnd(1), finish]
    for (let length = 0; length <= events.length; length++) {
      const frames = framesOf(events.slice(0, length))
      expect(frames.some(({ event }) => event === 'message_stop' || event === 'message_delta')).toBe(false)
    }
  })

  test('nothing follows the end', () => {
    expect(brief([start, finish, end, ...text(0, 'late'), end]).at(-1)).toBe('message_stop')
  })

  test('a stream without a start gets one', () => {
    expect(brief([...text(0, 'a'), finish, end])[0]).toBe('message_start')
  })
})

describe('our own stream', () => {
  const frame = (data: { readonly type: string; readonly [key: string]: unknown }): SseFrame => ({
    event: data.type,
    data: JSON.stringify(data),
  })
  const again = (frames: readonly SseFrame[]): unknown[] =>
    runMachine(encodeStream(replyFor()), runMachine(decodeStream(), frames)).map(({ data }) =>
      JSON.parse(data),
    )
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [] }

  test('events and members of tomorrow pass, each in its place', () => {
    const frames = [
      frame({ type: 'message_start', message: { ...message, future: 1 }, future: 2 }),
      frame({ type: 'future_event', x: 3 }),
      frame({
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'text', text: '', future: 4 },
        future: 5,
      }),
      frame({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: 'a', future: 6 },
        future: 7,
      }),
      frame({ type: 'content_block_delta', index: 0, delta: { type: 'future_delta', x: 8 } }),
      frame({ type: 'content_block_stop', index: 0, future: 9 }),
      frame({ type: 'content_block_start', index: 1, content_block: { type: 'future', x: 10 } }),
      frame({ type: 'ping' }),
      frame({ type: 'content_block_delta', index: 1, delta: { type: 'future_delta', x: 11 } }),
      frame({ type: 'content_block_stop', index: 1 }),
      frame({
        type: 'message_delta',
        delta: { stop_reason: 'future_reason', stop_sequence: null, future: 12 },
        usage: { output_tokens: 1, future: 13 },
        future: 14,
      }),
      frame({ type: 'message_stop', future: 15 }),
    ]
    expect(again(frames)).toEqual(frames.map(({ data }) => JSON.parse(data)))
  })

  test('several message_delta stay several', () => {
    const delta = (stop_reason: string | null, output_tokens: number) =>
      frame({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens } })
    const usage = { input_tokens: 3, output_tokens: 1 }
    const frames = [
      frame({ type: 'message_start', message: { ...message, usage } }),
      delta('pause_turn', 2),
      delta('end_turn', 5),
      frame({ type: 'message_stop' }),
    ]
    expect(again(frames)).toEqual(frames.map(({ data }) => JSON.parse(data)))
  })
})
