import * as fc from 'fast-check'
import type {
  CitationEvent,
  PartEndEvent,
  PartStartEvent,
  ReasoningDeltaEvent,
  RefusalDeltaEvent,
  StreamEvent,
  TextDeltaEvent,
  ToolCallDeltaEvent,
  WholePartEvent,
} from '../../src/ir/index.ts'

/** Legal event sequences of any provider: parts of every kind, that may overlap, in any interleaving. */
export const anyAnswer = (): fc.Arbitrary<readonly StreamEvent[]> =>
  fc
    .record({
      parts: fc.array(anyPart(), { maxLength: 6 }),
      order: fc.infiniteStream(fc.nat()),
      head: fc.record({ id: fc.option(fc.constant('msg_1')), model: fc.option(fc.constant('m-1')) }),
      reason: fc.constantFrom('end', 'length', 'stop-sequence', 'refusal', 'pause', 'other' as const),
      usage: fc.boolean(),
    })
    .map(({ parts, order, head, reason, usage }): readonly StreamEvent[] => {
      const hasCall = parts.some((part) => part.some(({ type }) => type === 'tool-call-start'))
      return [
        {
          type: 'start',
          ...(head.id === null ? {} : { id: head.id }),
          ...(head.model === null ? {} : { model: head.model }),
        },
        ...interleaved(parts, order),
        { type: 'finish', finish: { reason: reason === 'end' && hasCall ? 'tool-calls' : reason } },
        ...(usage
          ? [{ type: 'usage' as const, usage: { inputTokens: 7, outputTokens: 5, reasoningTokens: 2 } }]
          : []),
        { type: 'end' },
      ]
    })

type Unplaced =
  | PartStartEvent
  | TextDeltaEvent
  | RefusalDeltaEvent
  | ReasoningDeltaEvent
  | ToolCallDeltaEvent
  | PartEndEvent
  | WholePartEvent
  | CitationEvent

/** Parts are numbered in the order in which they open. */
const interleaved = (
  parts: readonly (readonly Unplaced[])[],
  order: Iterator<number>,
): readonly StreamEvent[] => {
  const left = parts.map((events) => ({ events: [...events], index: -1 }))
  const result: StreamEvent[] = []
  let next = 0
  for (;;) {
    const open = left.filter(({ events }) => events.length > 0)
    const part = open[Number(order.next().value) % open.length]
    const event = part?.events.shift()
    if (part === undefined || event === undefined) return result
    if (part.index < 0) part.index = next++
    result.push({ ...event, index: part.index })
  }
}

/** Cut anywhere, also inside a character. */
const slices = (text: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
  fc.tuple(text, fc.array(fc.nat(12), { maxLength: 4 })).map(([whole, cuts]) => {
    const places = [...new Set(cuts.map((cut) => Math.min(cut, whole.length)))].sort((a, b) => a - b)
    return [...places, whole.length].map((place, index) => whole.slice(places[index - 1] ?? 0, place))
  })

const words = (): fc.Arbitrary<string> => fc.string({ unit: 'binary', maxLength: 12 })
const state = () =>
  fc.option(
    fc.base64String({ minLength: 4, maxLength: 12 }).map((value) => ({
      state: { protocol: 'anthropic-messages' as const, kind: 'signature' as const, value: `s${value}` },
    })),
  )

const anyPart = (): fc.Arbitrary<readonly Unplaced[]> =>
  fc.oneof(text(), refusal(), thoughts(), call(), image(), search())

const text = (): fc.Arbitrary<readonly Unplaced[]> =>
  fc.tuple(slices(words()), fc.boolean()).map(([deltas, cited]) => [
    { type: 'text-start', index: 0, part: { type: 'text', text: '' } },
    ...deltas.map((delta): Unplaced => ({ type: 'text-delta', index: 0, text: delta })),
    ...(cited
      ? [
          {
            type: 'citation' as const,
            index: 0 as const,
            citation: { kind: 'web' as const, url: 'https://a.example/' },
          },
        ]
      : []),
    { type: 'text-end', index: 0 },
  ])

const refusal = (): fc.Arbitrary<readonly Unplaced[]> =>
  slices(words()).map((deltas) => [
    { type: 'refusal-start', index: 0, part: { type: 'refusal', text: '' } },
    ...deltas.map((delta): Unplaced => ({ type: 'refusal-delta', index: 0, text: delta })),
    { type: 'refusal-end', index: 0 },
  ])

const thoughts = (): fc.Arbitrary<readonly Unplaced[]> =>
  fc.tuple(fc.array(words(), { maxLength: 3 }), state()).map(([pieces, sealed]) => [
    { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [] } },
    ...pieces.map(
      (piece, number): Unplaced => ({
        type: 'reasoning-delta',
        index: 0,
        piece: number,
        kind: 'summary',
        text: piece.toWellFormed(),
      }),
    ),
    { type: 'reasoning-end', index: 0, ...sealed },
  ])

const call = (): fc.Arbitrary<readonly Unplaced[]> =>
  fc
    .tuple(
      fc.option(fc.uuid()),
      slices(
        fc.oneof(
          fc.constant(''),
          fc.constant('{"a":1.0,"b":'),
          fc.dictionary(words(), words()).map((object) => JSON.stringify(object)),
        ),
      ),
      state(),
    )
    .map(([id, deltas, sealed]) => [
      {
        type: 'tool-call-start',
        index: 0,
        part: {
          type: 'tool-call',
          ...(id === null ? {} : { id }),
          name: 'look',
          kind: 'function',
          input: '',
          ...sealed,
        },
      },
      ...deltas.map((input): Unplaced => ({ type: 'tool-call-delta', index: 0, input })),
      { type: 'tool-call-end', index: 0 },
    ])

const image = (): fc.Arbitrary<readonly Unplaced[]> =>
  fc.base64String({ minLength: 4, maxLength: 16 }).map((data) => [
    {
      type: 'part',
      index: 0,
      part: { type: 'image', source: { type: 'base64', data, mediaType: 'image/png' } },
    },
  ])

const search = (): fc.Arbitrary<readonly Unplaced[]> =>
  fc.constant([
    {
      type: 'part',
      index: 0,
      part: {
        type: 'server-call',
        tool: 'web-search',
        name: 'web_search',
        id: 'ws_1',
        input: '{"query":"q"}',
      },
    },
  ])
