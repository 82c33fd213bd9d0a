import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import { collect, type GenerateResponse, type Part, type StreamEvent } from '../../ir/index.ts'
import { createPlaceholderMap } from './placeholder-map.ts'
import { restoreResponse } from './restore-response.ts'
import { restoreStream } from './restore-stream.ts'

const map = createPlaceholderMap([
  { placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value: 'ada"lovelace"@example.org' },
  { placeholder: '[PRIVATE_KEY_AB34CD]', type: 'PRIVATE_KEY', value: 'line\nline' },
  { placeholder: '[GITHUB_TOKEN_5PQRST]', type: 'GITHUB_TOKEN' },
])
const unsigned = { signedReasoning: false }

const run = (events: readonly StreamEvent[], signedReasoning = false): readonly StreamEvent[] => {
  const machine = restoreStream(map, { signedReasoning })
  return [...events.flatMap((event) => machine.push(event)), ...machine.end()]
}

const delta = (text: string, index = 0, choice?: number): StreamEvent => ({
  type: 'text-delta',
  ...(choice === undefined ? {} : { choice }),
  index,
  text,
})
const start = (index = 0): StreamEvent => ({ type: 'text-start', index, part: { type: 'text', text: '' } })
const end = (index = 0): StreamEvent => ({ type: 'text-end', index })

test('a delta that cannot be part of a placeholder passes as the same object', () => {
  const event = delta('const x = a[i]')
  const machine = restoreStream(map, unsigned)
  machine.push(start())
  expect(machine.push(event)[0]).toBe(event)
})

test('what is held goes out before the part ends, before an error, and when the stream is cut', () => {
  const held = [start(), delta('to [EMAIL')]
  expect(run([...held, end()])).toEqual([start(), delta('to '), delta('[EMAIL'), end()])
  const error: StreamEvent = { type: 'error', error: { kind: 'upstream', message: 'x' } as never }
  expect(run([...held, error])).toEqual([start(), delta('to '), delta('[EMAIL'), error])
  expect(run(held)).toEqual([start(), delta('to '), delta('[EMAIL')])
})

test('parts and candidates are texts of their own', () => {
  const events = run([
    start(0),
    { ...start(0), choice: 1 } as StreamEvent,
    delta('[EMAIL_', 0),
    delta('7K2M9X]', 0, 1),
    delta('7K2M9X]', 0),
  ])
  expect(events.slice(2)).toEqual([delta('7K2M9X]', 0, 1), delta('ada"lovelace"@example.org', 0)])
})

test('a delta that carries something of its protocol goes out even when its text is held', () => {
  const event: StreamEvent = { type: 'text-delta', index: 0, text: '[EM', extensions: { gemini: { a: 1 } } }
  expect(run([start(), event, delta('X')]).slice(1)).toEqual([{ ...event, text: '' }, delta('[EMX')])
})

test('a piece of reasoning ends where the next one begins', () => {
  const think = (piece: number, text: string): StreamEvent => ({
    ...{ type: 'reasoning-delta', index: 0, piece, kind: 'summary', text },
  })
  const events = [
    { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [] } } as StreamEvent,
    think(0, 'a [EMAIL'),
    think(1, '_7K2M9X] b'),
  ]
  expect(run(events).slice(1)).toEqual([think(0, 'a '), think(0, '[EMAIL'), think(1, '_7K2M9X] b')])
})

test('signed thoughts are never altered, whole or streamed', () => {
  const pieces = [{ kind: 'text' as const, text: '[EMAIL_7K2M9X]' }]
  const state = { protocol: 'anthropic-messages', kind: 'signature', value: 's' } as const
  const answer = (part: Part): GenerateResponse => ({
    protocol: 'anthropic-messages',
    choices: [{ index: 0, parts: [part] }],
  })
  const signed = answer({ type: 'reasoning', pieces, state })
  expect(restoreResponse(signed, map, unsigned)).toBe(signed)
  const plain = answer({ type: 'reasoning', pieces })
  expect(restoreResponse(plain, map, { signedReasoning: true })).toBe(plain)
  expect(restoreResponse(plain, map, unsigned)).not.toBe(plain)
  const events: StreamEvent[] = [
    { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [] } },
    { type: 'reasoning-delta', index: 0, piece: 0, kind: 'text', text: '[EMAIL_7K2M9X]' },
  ]
  expect(run(events, true)).toEqual(events)
})

test('an altered part loses its source, and so do those around it; the others keep it', () => {
  const raw = { protocol: 'gemini', json: '{}' } as const
  const response: GenerateResponse = {
    protocol: 'gemini',
    raw,
    choices: [
      {
        index: 0,
        raw,
        parts: [
          { type: 'text', text: '[EMAIL_7K2M9X]', raw },
          { type: 'text', text: 'x', raw },
        ],
      },
      { index: 1, raw, parts: [] },
    ],
  }
  const restored = restoreResponse(response, map, unsigned)
  expect(restored.raw).toBeUndefined()
  expect(restored.choices[0]?.raw).toBeUndefined()
  expect(restored.choices[0]?.parts.map((part) => part.raw)).toEqual([undefined, raw])
  expect(restored.choices[1]).toBe(response.choices[1] as never)
})

test('what carries its source keeps it where a value needs no escape in it', () => {
  const plain = createPlaceholderMap([{ placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value: 'ada@x.org' }])
  const part: Part = {
    ...{ type: 'server-call', tool: 'web-search', name: 'web_search', input: '{"q":"[EMAIL_7K2M9X]"}' },
    raw: { protocol: 'openai-responses', json: '{"type":"x","q":"[EMAIL_7K2M9X]"}' },
  }
  const answer: GenerateResponse = { protocol: 'openai-responses', choices: [{ index: 0, parts: [part] }] }
  expect(restoreResponse(answer, plain, unsigned).choices[0]?.parts[0]).toMatchObject({
    input: '{"q":"ada@x.org"}',
    raw: { json: '{"type":"x","q":"ada@x.org"}' },
  })
  expect(restoreResponse(answer, map, unsigned).choices[0]?.parts[0]?.raw).toBeUndefined()
  const sealed: Part = {
    ...{ type: 'opaque', name: 'compaction' },
    raw: { protocol: 'anthropic-messages', json: '{"text":"[EMAIL_7K2M9X]","encrypted_content":"x"}' },
  }
  const other: GenerateResponse = { protocol: 'anthropic-messages', choices: [{ index: 0, parts: [sealed] }] }
  expect(restoreResponse(other, plain, unsigned)).toBe(other)
})

const pieces = [
  ...[
    '[EMAIL_7K2M9X]',
    '\\[EMAIL\\_7K2M9X\\]',
    '[private_key_ab34cd]',
    'EMAIL_7K2M9X',
    '[GITHUB_TOKEN_5PQRST]',
  ],
  ...[
    '%5BEMAIL%5F7K2M9X%5D',
    '&#91;EMAIL_7K2M9X&#93;',
    '[EMAIL_',
    '[',
    'E',
    ' ',
    'words',
    '\u{1f600}',
    '\n',
    'a[i]',
  ],
]
const words = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })), { maxLength: 8 })
  .map((chosen) => chosen.join(''))

/** The parts of an answer, and for each how it is cut. */
const part: fc.Arbitrary<Part> = fc.oneof(
  words.map((text): Part => ({ type: 'text', text })),
  words.map((text): Part => ({ type: 'refusal', text })),
  fc.tuple(words, words).map(
    ([first, second]): Part => ({
      type: 'reasoning',
      pieces: [
        { kind: 'text', text: first },
        { kind: 'text', text: second },
      ],
    }),
  ),
  fc
    .dictionary(words, words)
    .map((value): Part => ({ type: 'tool-call', name: 'f', kind: 'function', input: JSON.stringify(value) })),
  words.map((input): Part => ({ type: 'tool-call', name: 'f', kind: 'custom', input })),
)

const cut = (text: string, sizes: readonly number[]): readonly string[] => {
  const cuts: string[] = []
  let at = 0
  for (const size of sizes) {
    if (at >= text.length) break
    cuts.push(text.slice(at, at + size))
    at += size
  }
  if (at < text.length) cuts.push(text.slice(at))
  return cuts
}

const say = (said: Part, index: number, sizes: readonly number[]): readonly StreamEvent[] => {
  switch (said.type) {
    case 'text':
    case 'refusal':
      return [
        { type: `${said.type}-start`, index, part: { ...said, text: '' } },
        ...cut(said.text, sizes).map((text): StreamEvent => ({ type: `${said.type}-delta`, index, text })),
        { type: `${said.type}-end`, index },
      ]
    case 'reasoning':
      return [
        { type: 'reasoning-start', index, part: { ...said, pieces: [] } },
        ...said.pieces.flatMap(({ kind, text }, piece) =>
          (text === '' ? [''] : cut(text, sizes)).map(
            (slice): StreamEvent => ({ type: 'reasoning-delta', index, piece, kind, text: slice }),
          ),
        ),
        { type: 'reasoning-end', index },
      ]
    case 'tool-call': {
      const [first = '', ...rest] = cut(said.input, sizes)
      return [
        { type: 'tool-call-start', index, part: { ...said, input: first } },
        ...rest.map((input): StreamEvent => ({ type: 'tool-call-delta', index, input })),
        { type: 'tool-call-end', index },
      ]
    }
    default:
      return []
  }
}

/** Two parts that stream at once. */
const mix = (first: readonly StreamEvent[], second: readonly StreamEvent[], order: readonly boolean[]) => {
  const mixed: StreamEvent[] = []
  let a = 0
  let b = 0
  for (let at = 0; a < first.length || b < second.length; at++) {
    const isFirst = a < first.length && (order[at % order.length] === true || b >= second.length)
    const event = isFirst ? first[a++] : second[b++]
    if (event !== undefined) mixed.push(event)
  }
  return mixed
}

test('a stream in any pieces says what the whole answer says, and holds at most 32 characters of a part', () => {
  let most = 0
  fc.assert(
    fc.property(
      fc.tuple(part, part),
      fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 40 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
      ([one, two], sizes, order) => {
        const events: StreamEvent[] = [
          { type: 'start' },
          ...mix(say(one, 0, sizes), say(two, 1, sizes), order),
          { type: 'finish', finish: { reason: 'end' } },
          { type: 'end' },
        ]
        const machine = restoreStream(map, unsigned)
        const output = events.flatMap((event) => {
          const events = machine.push(event)
          most = Math.max(most, machine.held)
          return events
        })
        expect(machine.end()).toEqual([])
        const whole = restoreResponse(collect('openai-chat', events).response, map, unsigned)
        expect(collect('openai-chat', output).response).toEqual(whole)
      },
    ),
    { numRuns: propertyRuns(4_000) },
  )
  expect(most).toBeLessThanOrEqual(2 * 32)
}, 120_000)

test('arguments of a function stay JSON', () => {
  fc.assert(
    fc.property(fc.dictionary(words, words), fc.array(fc.integer({ min: 1, max: 8 })), (value, sizes) => {
      const input = JSON.stringify(value)
      const events = run(say({ type: 'tool-call', name: 'f', kind: 'function', input }, 0, sizes))
      const [call] = collect('openai-chat', events).response.choices[0]?.parts ?? []
      expect(() => JSON.parse(call?.type === 'tool-call' ? call.input : '')).not.toThrow()
    }),
    { numRuns: propertyRuns(2_000) },
  )
})
