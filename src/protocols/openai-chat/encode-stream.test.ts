import { describe, expect, test } from 'bun:test'
import type { FinishReason, GenerateRequest, StreamEvent } from '../../ir/index.ts'
import { conform } from './conform.ts'
import { streamEncoder } from './encode-stream.ts'

const request: GenerateRequest = {
  protocol: 'openai-chat',
  model: 'asked',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
}

const encode = (events: readonly StreamEvent[], more: Partial<GenerateRequest> = {}): readonly unknown[] => {
  const encoder = streamEncoder({
    request: { ...request, ...more },
    headers: new Headers(),
    id: 'exchange1',
    now: 1_700_000_000,
  })
  const frames = [...events.flatMap((event) => encoder.push(event)), ...encoder.end()]
  const machine = conform()
  expect([...frames.flatMap((frame) => machine.push(frame)), ...machine.end()]).toEqual([])
  return frames.map((frame) => (frame.data === '[DONE]' ? frame.data : JSON.parse(frame.data)))
}

const deltas = (chunks: readonly unknown[]): readonly unknown[] =>
  chunks.map((chunk) =>
    typeof chunk === 'object' && chunk !== null && 'choices' in chunk && Array.isArray(chunk.choices)
      ? chunk.choices.map((choice: { index: number; delta: unknown; finish_reason: unknown }) =>
          choice.finish_reason === null ? choice.delta : choice.finish_reason,
        )
      : chunk,
  )

const text = (index: number, ...pieces: readonly string[]): readonly StreamEvent[] => [
  { type: 'text-start', index, part: { type: 'text', text: '' } },
  ...pieces.map((piece): StreamEvent => ({ type: 'text-delta', index, text: piece })),
  { type: 'text-end', index },
]
const toolCall = (
  index: number,
  id: string | undefined,
  ...pieces: readonly string[]
): readonly StreamEvent[] => [
  {
    type: 'tool-call-start',
    index,
    part: { type: 'tool-call', ...(id === undefined ? {} : { id }), name: 'f', kind: 'function', input: '' },
  },
  ...pieces.map((input): StreamEvent => ({ type: 'tool-call-delta', index, input })),
  { type: 'tool-call-end', index },
]
const start: StreamEvent = { type: 'start', id: 'msg_1', model: 'answered' }
const stop: StreamEvent = { type: 'finish', finish: { reason: 'end' } }
const end: StreamEvent = { type: 'end' }
const role = [{ role: 'assistant', content: null, refusal: null }]

describe('a stream of another protocol', () => {
  test('every chunk carries one identity', () => {
    const chunks = encode([start, ...text(0, 'a'), stop, end])
    expect(chunks[0]).toEqual({
      id: 'chatcmpl-msg_1',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'answered',
      choices: [{ index: 0, delta: role[0], logprobs: null, finish_reason: null }],
    })
    expect(deltas(chunks)).toEqual([role, [{ content: 'a' }], ['stop'], '[DONE]'])
  })

  test('usage comes once, behind the finish reason, and only for whom asked', () => {
    const usage: StreamEvent = { type: 'usage', usage: { inputTokens: 3, outputTokens: 4 } }
    const early: StreamEvent = { type: 'usage', usage: { inputTokens: 3, outputTokens: 1 } }
    expect(encode([start, early, ...text(0, 'a'), stop, usage, end])).toHaveLength(4)
    const chunks = encode([start, early, ...text(0, 'a'), stop, usage, end], { streamUsage: true })
    expect(chunks).toHaveLength(5)
    expect(chunks[0]).toMatchObject({ usage: null })
    expect(chunks[3]).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    })
  })

  test('calls count from 0, get an id when they have none, and {} when they say nothing', () => {
    const events = [
      start,
      ...text(0, 'a'),
      ...toolCall(1, 'toolu_1', '{"x"', ':1}'),
      ...toolCall(2, undefined),
    ]
    const chunks = encode([...events, { type: 'finish', finish: { reason: 'tool-calls' } }, end])
    expect(deltas(chunks)).toEqual([
      role,
      [{ content: 'a' }],
      [
        {
          tool_calls: [{ index: 0, id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '' } }],
        },
      ],
      [{ tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] }],
      [{ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }],
      [
        {
          tool_calls: [
            {
              index: 1,
              id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
              type: 'function',
              function: { name: 'f', arguments: '' },
            },
          ],
        },
      ],
      [{ tool_calls: [{ index: 1, function: { arguments: '{}' } }] }],
      ['tool_calls'],
      '[DONE]',
    ])
    expect(encode([...events, end])).toEqual(encode([...events, end]))
  })

  test('thoughts go to the field of the dialects, pieces as paragraphs, state beside them', () => {
    const chunks = encode([
      start,
      { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [] } },
      { type: 'reasoning-delta', index: 0, piece: 0, kind: 'summary', text: 'One.' },
      { type: 'reasoning-delta', index: 0, piece: 1, kind: 'summary', text: 'Two' },
      { type: 'reasoning-delta', index: 0, piece: 1, kind: 'summary', text: '.' },
      {
        type: 'reasoning-end',
        index: 0,
        state: { protocol: 'openai-responses', kind: 'encrypted', value: 'ENV' },
      },
      ...text(1, 'a'),
      stop,
      end,
    ])
    expect(deltas(chunks).slice(1, 6)).toEqual([
      [{ reasoning_content: 'One.' }],
      [{ reasoning_content: '\n\nTwo' }],
      [{ reasoning_content: '.' }],
      [{ reasoning_details: [{ type: 'reasoning.encrypted', data: 'ENV', index: 0 }] }],
      [{ content: 'a' }],
    ])
  })

  test('citations come once and complete, before the finish reason, counted over the whole message', () => {
    const chunks = encode([
      start,
      ...text(0, 'ab\u{1f600}'),
      { type: 'text-start', index: 1, part: { type: 'text', text: '' } },
      { type: 'text-delta', index: 1, text: 'cited' },
      { type: 'citation', index: 1, citation: { kind: 'web', url: 'https://x', title: 'X' } },
      { type: 'citation', index: 1, citation: { kind: 'char', documentIndex: 0 } },
      { type: 'text-end', index: 1 },
      stop,
      end,
    ])
    expect(deltas(chunks).slice(3)).toEqual([
      [
        {
          annotations: [
            {
              type: 'url_citation',
              url_citation: { url: 'https://x', title: 'X', start_index: 3, end_index: 8 },
            },
          ],
        },
      ],
      ['stop'],
      '[DONE]',
    ])
  })

  test('each choice opens with its role', () => {
    const chunks = encode([
      start,
      ...text(0, 'a'),
      ...text(0, 'b').map((event): StreamEvent => ({ ...event, choice: 1 }) as StreamEvent),
      stop,
      { ...stop, choice: 1 },
      end,
    ])
    expect(deltas(chunks)).toEqual([
      role,
      [{ content: 'a' }],
      [{ role: 'assistant', content: 'b', refusal: null }],
      ['stop'],
      ['stop'],
      '[DONE]',
    ])
  })

  test('an open call wins over an ordinary end', () => {
    expect(deltas(encode([start, ...toolCall(0, 'c', '{}'), stop, end])).at(-2)).toEqual(['tool_calls'])
  })

  test('an end without a finish reason gets one, a cut does not', () => {
    expect(deltas(encode([start, ...text(0, 'a'), end])).slice(-2)).toEqual([['stop'], '[DONE]'])
    const encoder = streamEncoder({ request, headers: new Headers(), id: 'e', now: 1 })
    const frames = [start, ...text(0, 'a')].flatMap((event) => encoder.push(event))
    expect([...frames, ...encoder.end()].some((frame) => frame.data === '[DONE]')).toBe(false)
  })

  test('a finish reason waits for the proof that the answer is whole: a cut behind it must not look like an end', () => {
    const error: StreamEvent = { type: 'error', error: { kind: 'upstream', message: 'gone' } }
    const chunks = encode([start, ...text(0, 'a'), stop, error])
    expect(chunks.at(-1)).toMatchObject({ error: { message: 'gone' } })
    expect(JSON.stringify(chunks)).not.toContain('"finish_reason":"')
  })

  test('of several finish reasons of a choice the last is said', () => {
    const again: StreamEvent = { type: 'finish', finish: { reason: 'length' } }
    const said = deltas(encode([start, ...text(0, 'Hi'), stop, again, end]))
    expect(said.slice(-2)).toEqual([['length'], '[DONE]'])
    expect(said).not.toContainEqual(['stop'])
  })

  test('an error is an error chunk, and nothing follows', () => {
    const chunks = encode([
      start,
      ...text(0, 'a'),
      { type: 'error', error: { kind: 'overloaded', message: 'busy' } },
      stop,
      end,
    ])
    expect(chunks.at(-1)).toEqual({
      error: { message: 'busy', type: 'server_error', param: null, code: 'server_overloaded' },
    })
  })

  test('what runs at the provider is not shown', () => {
    const hidden: StreamEvent = {
      type: 'part',
      index: 0,
      part: { type: 'server-call', tool: 'web-search', name: 'web_search', input: '{}' },
    }
    expect(deltas(encode([start, hidden, ...text(1, 'a'), stop, end]))).toEqual([
      role,
      [{ content: 'a' }],
      ['stop'],
      '[DONE]',
    ])
  })
})

describe('what a stream says once', () => {
  const finish = (reason: FinishReason, message?: string): StreamEvent => ({
    type: 'finish',
    finish: { reason, ...(message === undefined ? {} : { message }) },
  })

  test('a refusal without words gets some, in a chunk of its own', () => {
    expect(deltas(encode([start, finish('refusal', 'no'), end]))).toEqual([
      role,
      [{ refusal: 'no' }],
      ['content_filter'],
      '[DONE]',
    ])
  })

  test('arguments that break off were cut by the limit', () => {
    expect(deltas(encode([start, ...toolCall(0, 'c', '{"a":'), finish('tool-calls'), end])).at(-2)).toEqual([
      'length',
    ])
  })

  test('a failure is an error chunk without an end', () => {
    const chunks = encode([start, ...text(0, 'a'), finish('malformed-call', 'bad call'), end])
    expect(chunks.at(-1)).toMatchObject({ error: { message: 'bad call' } })
  })

  test('a citation in front of its words has their place', () => {
    const [first, ...more] = text(0, 'cited')
    const citation: StreamEvent = { type: 'citation', index: 0, citation: { kind: 'web', url: 'https://x' } }
    const chunks = encode([start, ...(first === undefined ? [] : [first]), citation, ...more, stop, end])
    expect(deltas(chunks).at(-3)).toMatchObject([
      { annotations: [{ url_citation: { start_index: 0, end_index: 5 } }] },
    ])
  })

  test('state that comes with the end of a call follows it', () => {
    const [open, ...more] = toolCall(0, 'c', '{}')
    const last: StreamEvent = {
      type: 'tool-call-end',
      index: 0,
      state: { protocol: 'gemini', kind: 'thought-signature', value: 'S' },
    }
    const events = [...(open === undefined ? [] : [open]), ...more.slice(0, -1), last]
    expect(deltas(encode([start, ...events, finish('tool-calls'), end])).at(-3)).toEqual([
      { tool_calls: [{ index: 0, extra_content: { google: { thought_signature: 'S' } } }] },
    ])
  })

  test('calls that overlap are told one after the other', () => {
    const [openA, a1, a2, endA] = toolCall(0, 'a', '{"x"', ':1}')
    const [openB, b1, endB] = toolCall(1, 'b', '{}')
    const mixed = [openA, openB, a1, b1, endB, a2, endA].filter((event) => event !== undefined)
    const indexes = deltas(encode([start, ...mixed, finish('tool-calls'), end])).flatMap(
      (chunk) => JSON.stringify(chunk).match(/"index":(\d)/)?.[1] ?? [],
    )
    expect(indexes).toEqual(['0', '0', '0', '1', '1'])
  })

  test('half a character waits for its other half', () => {
    const chunks = encode([start, ...text(0, 'a\ud83d', '\ude00', '\ud83d'), stop, end])
    expect(deltas(chunks).slice(1, 4)).toEqual([
      [{ content: 'a' }],
      [{ content: '\u{1f600}' }],
      [{ content: '\ufffd' }],
    ])
  })
})

test('a client with functions gets function_call, while it is a single call', () => {
  const tools: GenerateRequest['tools'] = [
    { type: 'function', name: 'f', extensions: { 'openai-chat': { '~spelling': 'functions' } } },
  ]
  const one = encode(
    [start, ...toolCall(0, 'c', '{"x":1}'), { type: 'finish', finish: { reason: 'tool-calls' } }, end],
    { tools },
  )
  expect(deltas(one)).toEqual([
    role,
    [{ function_call: { name: 'f', arguments: '' } }],
    [{ function_call: { arguments: '{"x":1}' } }],
    ['function_call'],
    '[DONE]',
  ])
})
