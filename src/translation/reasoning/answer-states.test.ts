import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  collect,
  type Part,
  type ProtocolId,
  type ReasoningState,
  replay,
  type StreamEvent,
} from '../../ir/index.ts'
import { accountOf, openState, type SealedState } from '../../sessions/index.ts'
import { answerStates } from './answer-states.ts'
import { capabilityOf, keysOf, requestOf, targetOf } from './test-target.fixture.ts'

const key = keysOf('org_a').sign
const gemini = targetOf('gemini', { capabilities: { reasoning: capabilityOf.level } })
const openai = targetOf('openai-responses')

const machineFor = (client: ProtocolId, target = gemini) =>
  answerStates({ request: requestOf(client, []), target, key })

/** What comes out for each event that goes in, as type and index. */
const steps = (client: ProtocolId, events: readonly StreamEvent[], target = gemini) => {
  const machine = machineFor(client, target)
  const shown = (event: StreamEvent) => ('index' in event ? `${event.type} ${event.index}` : event.type)
  return [...events.map((event) => machine.push(event).map(shown)), machine.end().map(shown)]
}

const signed = (value: string): ReasoningState => ({ protocol: 'gemini', kind: 'thought-signature', value })
const at = (index: number, choice?: number) => (choice === undefined ? { index } : { index, choice })
const thinkStart = (index: number, choice?: number): StreamEvent => ({
  type: 'reasoning-start',
  ...at(index, choice),
  part: { type: 'reasoning', pieces: [] },
})
const think = (index: number, text: string, piece = 0): StreamEvent => ({
  type: 'reasoning-delta',
  index,
  piece,
  kind: 'summary',
  text,
})
const thinkEnd = (index: number, choice?: number, state?: ReasoningState): StreamEvent => ({
  type: 'reasoning-end',
  ...at(index, choice),
  ...(state === undefined ? {} : { state }),
})
const callStart = (index: number, state?: ReasoningState, choice?: number): StreamEvent => ({
  type: 'tool-call-start',
  ...at(index, choice),
  part: {
    type: 'tool-call',
    kind: 'function',
    id: `call_${index}`,
    name: 'look',
    input: '',
    ...(state === undefined ? {} : { state }),
  },
})
const callEnd = (index: number, choice?: number): StreamEvent => ({
  type: 'tool-call-end',
  ...at(index, choice),
})
const textStart = (index: number, state?: ReasoningState): StreamEvent => ({
  type: 'text-start',
  index,
  part: { type: 'text', text: '', ...(state === undefined ? {} : { state }) },
})
const say = (index: number, text: string): StreamEvent => ({ type: 'text-delta', index, text })
const textEnd = (index: number): StreamEvent => ({ type: 'text-end', index })
const usage: StreamEvent = { type: 'usage', usage: { outputTokens: 3 } }
const finish: StreamEvent = { type: 'finish', finish: { reason: 'end' } }
const end: StreamEvent = { type: 'end' }

describe('a stream of Gemini towards Anthropic and OpenAI clients', () => {
  for (const client of ['anthropic-messages', 'openai-responses'] as const) {
    test(`${client}: the thought stays open until the part that brings its state`, () => {
      expect(
        steps(client, [
          thinkStart(0),
          think(0, 'a'),
          thinkEnd(0),
          usage,
          callStart(1, signed('s')),
          callEnd(1),
          end,
        ]),
      ).toEqual([
        ['reasoning-start 0'],
        ['reasoning-delta 0'],
        [],
        ['usage'],
        ['reasoning-end 0', 'tool-call-start 1'],
        ['tool-call-end 1'],
        ['end'],
        [],
      ])
    })

    test(`${client}: or until the end, or an error`, () => {
      const begun = [thinkStart(0), think(0, 'a'), thinkEnd(0)]
      expect(steps(client, [...begun, finish]).slice(3)).toEqual([['reasoning-end 0', 'finish'], []])
      const error: StreamEvent = { type: 'error', error: { kind: 'upstream', message: 'gone' } }
      expect(steps(client, [...begun, error]).slice(3)).toEqual([['reasoning-end 0', 'error'], []])
      expect(steps(client, begun).slice(3)).toEqual([['reasoning-end 0']])
    })

    test(`${client}: state without a thought makes one, and what follows is numbered anew`, () => {
      expect(
        steps(client, [callStart(0, signed('s')), callEnd(0), textStart(1), say(1, 'x'), textEnd(1), finish]),
      ).toEqual([
        ['reasoning-start 0', 'reasoning-end 0', 'tool-call-start 1'],
        ['tool-call-end 1'],
        ['text-start 2'],
        ['text-delta 2'],
        ['text-end 2'],
        ['finish'],
        [],
      ])
    })

    test(`${client}: a signed text begins when it says something; an empty one is only its state`, () => {
      expect(steps(client, [textStart(0, signed('s')), say(0, 'x'), textEnd(0), end])).toEqual([
        [],
        ['reasoning-start 0', 'reasoning-end 0', 'text-start 1', 'text-delta 1'],
        ['text-end 1'],
        ['end'],
        [],
      ])
      expect(
        steps(client, [textStart(0), say(0, 'x'), textEnd(0), textStart(1, signed('s')), textEnd(1), end]),
      ).toEqual([
        ['text-start 0'],
        ['text-delta 0'],
        ['text-end 0'],
        [],
        ['reasoning-start 1', 'reasoning-end 1'],
        ['end'],
        [],
      ])
    })
  }

  test('candidates are numbered apart', () => {
    const machine = machineFor('openai-responses')
    const out = [callStart(0, signed('a'), 1), callStart(0, undefined), callStart(1, signed('b'), 1)].flatMap(
      (event) => machine.push(event),
    )
    expect(
      out.map((event) => ['index' in event && event.index, 'choice' in event ? event.choice : 0]),
    ).toEqual([
      [0, 1],
      [0, 1],
      [1, 1],
      [0, 0],
      [2, 1],
      [2, 1],
      [3, 1],
    ])
  })
})

test('other streams pass event by event, and untouched events are the same objects', () => {
  const events = [thinkStart(0), think(0, 'a'), textStart(1), say(1, 'x'), textEnd(1), usage, finish, end]
  const machine = machineFor('anthropic-messages', openai)
  for (const event of events) {
    const out = machine.push(event)
    if (event.type.endsWith('-start')) expect(out).toEqual([event])
    else expect(out[0]).toBe(event)
  }
})

test('parts of OpenAI that overlap keep their order', () => {
  const state: ReasoningState = { protocol: 'openai-responses', kind: 'encrypted', value: 'e' }
  expect(
    steps(
      'anthropic-messages',
      [thinkStart(0), callStart(1), think(0, 'a'), callEnd(1), thinkEnd(0, undefined, state)],
      openai,
    ),
  ).toEqual([
    ['reasoning-start 0'],
    ['tool-call-start 1'],
    ['reasoning-delta 0'],
    ['tool-call-end 1'],
    ['reasoning-end 0'],
    [],
  ])
})

const opened = (events: readonly StreamEvent[]): readonly (SealedState | undefined)[] =>
  events.flatMap((event) =>
    event.type === 'reasoning-end' && event.state !== undefined ? [openState(event.state.value, key)] : [],
  )

test('the worked example: OpenAI’s item with two summaries for an Anthropic client', () => {
  const machine = machineFor('anthropic-messages', openai)
  const state: ReasoningState = { protocol: 'openai-responses', kind: 'encrypted', value: 'gAAA' }
  const events: StreamEvent[] = [
    {
      type: 'reasoning-start',
      index: 0,
      part: { type: 'reasoning', pieces: [], extensions: { 'openai-responses': { item: { id: 'rs_1' } } } },
    },
    think(0, 'Two cities are asked.', 0),
    think(0, 'Call the ', 1),
    think(0, 'tool twice.', 1),
    thinkEnd(0, undefined, state),
    textStart(1),
  ]
  const out = events.flatMap((event) => machine.push(event))
  expect(out.map(({ type }) => type)).toEqual(events.map(({ type }) => type))
  expect(out[4]).toMatchObject({ state: { protocol: 'anthropic-messages', kind: 'signature' } })
  expect(opened(out)).toEqual([
    {
      protocol: 'openai-responses',
      account: accountOf('openai-responses', 'cred_1'),
      model: 'gpt-5.1',
      kind: 'encrypted',
      position: 'self',
      itemId: 'rs_1',
      pieces: [
        { kind: 'summary', length: 21 },
        { kind: 'summary', length: 20 },
      ],
      payload: 'gAAA',
    },
  ])
})

test('what a dialect of Chat noted about its thoughts travels with their state', () => {
  const chat = targetOf('openai-chat')
  const machine = machineFor('anthropic-messages', chat)
  const state: ReasoningState = { protocol: 'openai-chat', kind: 'encrypted', value: 'blob' }
  const noted = { '~spelling': 'reasoning_details' }
  const out = [
    {
      type: 'reasoning-start' as const,
      index: 0,
      part: { type: 'reasoning' as const, pieces: [], extensions: { 'openai-chat': noted } },
    },
    think(0, 'a'),
    thinkEnd(0, undefined, state),
  ].flatMap((event) => machine.push(event))
  expect(opened(out)).toMatchObject([{ extension: JSON.stringify(noted) }])
})

test('a whole answer and its stream are one thing, however the parts lie', () => {
  const part: fc.Arbitrary<Part> = fc.oneof(
    fc.record({
      type: fc.constant('reasoning' as const),
      pieces: fc.array(
        fc.record({ kind: fc.constant('summary' as const), text: fc.string({ minLength: 1 }) }),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
    }),
    fc.record(
      { type: fc.constant('text' as const), text: fc.string(), state: fc.string().map(signed) },
      { requiredKeys: ['type', 'text'] },
    ),
    fc.record(
      {
        type: fc.constant('tool-call' as const),
        kind: fc.constant('function' as const),
        name: fc.constant('look'),
        input: fc.constant('{}'),
        state: fc.string().map(signed),
      },
      { requiredKeys: ['type', 'kind', 'name', 'input'] },
    ),
  )
  fc.assert(
    fc.property(
      fc.constantFrom('anthropic-messages', 'openai-responses', 'openai-chat'),
      fc.array(part, { maxLength: 8 }),
      (client, parts) => {
        const machine = machineFor(client)
        const events = replay({
          protocol: 'gemini',
          choices: [{ index: 0, parts, finish: { reason: 'end' } }],
        })
        const out = [...events.flatMap((event) => machine.push(event)), ...machine.end()]
        // Every part opens once, in order, and is ended before the finish.
        const starts = out.flatMap((event) =>
          event.type.endsWith('-start') && 'index' in event ? [event.index] : [],
        )
        expect(starts).toEqual(starts.map((_, index) => index))
        const ends = out.flatMap((event) =>
          event.type.endsWith('-end') && 'index' in event ? [event.index] : [],
        )
        expect(ends.toSorted((a, b) => a - b)).toEqual(starts)
        expect(out.at(-1)?.type).toBe('end')
        const { choices } = collect(client, out).response
        const said = (list: readonly Part[]) =>
          list.flatMap((one) =>
            one.type === 'reasoning' || (one.type === 'text' && one.text === '')
              ? []
              : [one.type === 'text' ? one.text : one.type],
          )
        expect(said(choices[0]?.parts ?? [])).toEqual(said(parts))
        const states = parts.flatMap((one) => one.state?.value ?? [])
        const kept = (choices[0]?.parts ?? []).flatMap((one) =>
          one.state === undefined ? [] : [openState(one.state.value, key)],
        )
        expect(kept.filter((one) => one?.kind === 'thought-signature').map((one) => one?.payload)).toEqual(
          states,
        )
      },
    ),
    { numRuns: 500 },
  )
})
