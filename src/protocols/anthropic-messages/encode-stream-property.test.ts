import { describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import * as fc from 'fast-check'
import { runMachine } from '../../../test/support/corpus.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import {
  type Citation,
  collect,
  type FinishReason,
  type GenerateRequest,
  type Part,
  type ReasoningState,
  type StreamEvent,
} from '../../ir/index.ts'
import { formatFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeStream } from './decode-stream.ts'
import { encodeResponse } from './encode-response.ts'
import { encodeStream } from './encode-stream.ts'

type Placed = Extract<StreamEvent, { readonly index: number }>
type Unplaced = Placed extends infer Event ? (Event extends Placed ? Omit<Event, 'index'> : never) : never

/** One part as the events of its life, and what a reader must find of it. */
interface Life {
  readonly events: readonly Unplaced[]
  readonly text?: string
  readonly call?: { readonly name: string; readonly input: unknown }
}

const request: GenerateRequest = {
  protocol: 'anthropic-messages',
  model: 'asked-model',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
}

/** Cut anywhere, also inside of a character. */
const slices = (text: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
  fc.tuple(text, fc.array(fc.nat({ max: 40 }), { maxLength: 4 })).map(([whole, cuts]) => {
    const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length]
    return places.slice(1).map((place, index) => whole.slice(places[index], place))
  })

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', ' \n', 'Grüße 🙂', '\n\nHello', 'a\u2028b'),
)

const state: fc.Arbitrary<ReasoningState> = fc.record({
  protocol: fc.constantFrom('openai-responses' as const, 'gemini' as const),
  kind: fc.constantFrom('encrypted' as const, 'thought-signature' as const),
  value: fc.base64String({ minLength: 4, maxLength: 12 }),
})
const maybeState = fc.option(state, { nil: undefined })
const held = (value: ReasoningState | undefined) => (value === undefined ? {} : { state: value })

const citation: fc.Arbitrary<Citation> = fc.oneof(
  fc.record({
    kind: fc.constant('web' as const),
    url: fc.webUrl(),
    title: fc.string(),
    citedText: fc.string(),
  }),
  fc.constant({ kind: 'file' as const, fileId: 'f' }),
)

const textLife = fc.tuple(slices(words), fc.array(citation, { maxLength: 2 }), maybeState).map(
  ([said, citations, signed]): Life => ({
    events: [
      { type: 'text-start', part: { type: 'text', text: '', ...held(signed) } },
      ...said.map((text): Unplaced => ({ type: 'text-delta', text })),
      ...citations.map((one): Unplaced => ({ type: 'citation', citation: one })),
      { type: 'text-end' },
    ],
    text: said.join(''),
  }),
)

const refusalLife = slices(words).map(
  (said): Life => ({
    events: [
      { type: 'refusal-start', part: { type: 'refusal', text: '' } },
      ...said.map((text): Unplaced => ({ type: 'refusal-delta', text })),
      { type: 'refusal-end' },
    ],
    text: said.join(''),
  }),
)

const thoughtsLife = fc
  .tuple(
    fc.array(slices(fc.string({ minLength: 1, maxLength: 12 })), { maxLength: 3 }),
    fc.constantFrom('summary' as const, 'text' as const),
    maybeState,
  )
  .map(
    ([pieces, kind, signed]): Life => ({
      events: [
        { type: 'reasoning-start', part: { type: 'reasoning', pieces: [] } },
        ...pieces.flatMap((said, piece) =>
          said.map((text): Unplaced => ({ type: 'reasoning-delta', piece, kind, text })),
        ),
        { type: 'reasoning-end', ...held(signed) },
      ],
    }),
  )

const functionInput = fc.oneof(
  fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue(), { maxKeys: 3 }).map((value) => ({
    source: JSON.stringify(value),
    input: JSON.parse(JSON.stringify(value)) as unknown,
  })),
  fc.constantFrom(
    { source: '', input: {} },
    { source: ' ', input: {} },
    { source: '[1, 2]', input: { INVALID_JSON: '[1, 2]' } },
    { source: '"text"', input: { INVALID_JSON: '"text"' } },
  ),
)

const name = fc.stringMatching(/^[a-z_]{1,12}$/)
const callId = fc.option(fc.stringMatching(/^call_[a-zA-Z0-9]{8}$/), { nil: undefined })

const functionLife = fc
  .tuple(name, callId, functionInput, fc.nat({ max: 20 }), maybeState, fc.boolean())
  .map(([called, id, { source, input }, cut, signed, isWhole]): Life => {
    const part: Part = {
      type: 'tool-call',
      name: called,
      kind: 'function',
      input: '',
      ...(id === undefined ? {} : { id }),
      ...held(signed),
    }
    const call = { name: called, input }
    if (isWhole) return { events: [{ type: 'part', part: { ...part, input: source } }], call }
    return {
      events: [
        { type: 'tool-call-start', part },
        { type: 'tool-call-delta', input: source.slice(0, cut) },
        { type: 'tool-call-delta', input: source.slice(cut) },
        { type: 'tool-call-end' },
      ],
      call,
    }
  })

const customLife = fc.tuple(name, slices(words)).map(
  ([called, said]): Life => ({
    events: [
      {
        type: 'tool-call-start',
        part: { type: 'tool-call', id: 'call_custom', name: called, kind: 'custom', input: '' },
      },
      ...said.map((input): Unplaced => ({ type: 'tool-call-delta', input })),
      { type: 'tool-call-end' },
    ],
    call: { name: called, input: { input: said.join('') } },
  }),
)

const wholeLife: fc.Arbitrary<Life> = fc.oneof(
  words.map((text): Life => ({ events: [{ type: 'part', part: { type: 'text', text } }], text })),
  fc.constantFrom<Life>(
    { events: [{ type: 'part', part: { type: 'image', source: { type: 'base64', data: 'x' } } }] },
    {
      events: [
        { type: 'part', part: { type: 'opaque', name: 'x', raw: { protocol: 'gemini', json: '{}' } } },
      ],
    },
    {
      events: [
        {
          type: 'part',
          part: { type: 'server-call', id: 'ws_1', tool: 'web-search', name: 'web_search', input: '{}' },
        },
      ],
    },
  ),
)

const life = fc.oneof(
  { weight: 3, arbitrary: textLife },
  { weight: 3, arbitrary: functionLife },
  { weight: 2, arbitrary: thoughtsLife },
  refusalLife,
  customLife,
  wholeLife,
)

/** Parts open in order; from then on their events mix as `picks` say. */
const interleaved = (lives: readonly Life[], picks: readonly number[]): readonly StreamEvent[] => {
  const result: StreamEvent[] = []
  const open: { readonly index: number; readonly events: Unplaced[] }[] = []
  let opened = 0
  for (let step = 0; opened < lives.length || open.length > 0; step++) {
    const pick = (picks[step % picks.length] ?? 0) % (open.length + (opened < lives.length ? 1 : 0))
    const chosen = open[pick] ?? { index: opened, events: [...(lives[opened++]?.events ?? [])] }
    if (!open.includes(chosen)) open.push(chosen)
    const event = chosen.events.shift()
    if (event !== undefined) result.push({ ...event, index: chosen.index } as StreamEvent)
    if (chosen.events.length === 0) open.splice(open.indexOf(chosen), 1)
  }
  return result
}

const reasons: readonly FinishReason[] = [
  'end',
  'stop-sequence',
  'tool-calls',
  'length',
  'context',
  'pause',
  'refusal',
  'filtered-output',
  'filtered-input',
  'steered',
  'compacted',
  'other',
]

const usage = fc.record(
  {
    inputTokens: fc.nat({ max: 1000 }),
    cacheReadTokens: fc.nat({ max: 100 }),
    cacheWriteTokens: fc.nat({ max: 100 }),
    outputTokens: fc.nat({ max: 1000 }),
    reasoningTokens: fc.nat({ max: 10 }),
  },
  { requiredKeys: [] },
)

const answer = fc
  .record({
    lives: fc.array(life, { maxLength: 6 }),
    picks: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 30 }),
    reason: fc.constantFrom(...reasons),
    counters: usage,
    isLate: fc.boolean(),
    version: fc.constantFrom('2023-06-01', '2026-10-21'),
  })
  .map(({ lives, picks, reason, counters, isLate, version }) => {
    const finish: StreamEvent = { type: 'finish', finish: { reason } }
    const counted: StreamEvent = { type: 'usage', usage: counters }
    const events: readonly StreamEvent[] = [
      { type: 'start', id: 'resp_1', model: 'gpt' },
      ...interleaved(lives, picks),
      ...(isLate ? [finish, counted] : [counted, finish]),
      { type: 'end' },
    ]
    return { lives, events, counters, version }
  })

const replyFor = (version: string): ReplyContext => ({
  request,
  headers: new Headers({ 'anthropic-version': version }),
  id: 'exchange1',
  now: 1_795_000_000,
})

const finalMessage = async (body: string): Promise<Anthropic.Message> => {
  const client = new Anthropic({
    apiKey: 'k',
    maxRetries: 0,
    fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
  })
  const params = { model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: 'hi' }] }
  const stream = client.messages.stream(params)
  return stream.finalMessage()
}

/** Numbers as JSON knows them: `-0` is `0`. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const numberOfRuns = propertyRuns(300)

describe('any legal stream of another provider', () => {
  test('conforms, and the official SDK collects from it what the whole answer says', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async ({ lives, events, counters, version }) => {
        const reply = replyFor(version)
        const frames = runMachine(encodeStream(reply), events)
        expect(runMachine(conform(), frames)).toEqual([])
        const message = await finalMessage(frames.map(formatFrame).join(''))
        const { response } = collect('openai-responses', events)
        const whole = JSON.parse(encodeResponse(response, reply).body)
        expect(plain(message.content)).toEqual(whole.content)
        expect({ ...message.usage, ...{ output_tokens: counters.outputTokens ?? 0 } }).toMatchObject(
          definedOf(whole.usage),
        )
        expect([message.stop_reason, message.id, message.model]).toEqual([
          whole.stop_reason,
          whole.id,
          whole.model,
        ])
        // Against what went in: both encoders could be wrong alike.
        const said = lives.flatMap(({ text }) => (text === undefined || text.trim() === '' ? [] : [text]))
        const calls = lives.flatMap(({ call }) => (call === undefined ? [] : [call]))
        expect(message.content.flatMap((block) => (block.type === 'text' ? [block.text] : []))).toEqual(said)
        const toolUses = message.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []))
        expect(plain(toolUses.map(({ name, input }) => ({ name, input })))).toEqual(plain(calls))
      }),
      { numRuns: numberOfRuns },
    )
  }, 60_000)

  test('says the same when our own decoder reads it back', () => {
    fc.assert(
      fc.property(answer, ({ lives, events, version }) => {
        const frames = runMachine(encodeStream(replyFor(version)), events)
        const again = collect('anthropic-messages', runMachine(decodeStream(), frames))
        expect(again.complete).toBe(true)
        const parts = again.response.choices[0]?.parts ?? []
        const said = lives.flatMap(({ text }) => (text === undefined || text.trim() === '' ? [] : [text]))
        expect(parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))).toEqual(said)
      }),
      { numRuns: numberOfRuns },
    )
  })

  test('cut anywhere, it never ends in success', () => {
    fc.assert(
      fc.property(answer, fc.nat(), ({ events, version }, at) => {
        const cut = events.slice(0, at % events.length)
        const frames = runMachine(encodeStream(replyFor(version)), cut)
        expect(frames.some(({ event }) => event === 'message_delta' || event === 'message_stop')).toBe(false)
        const failed = runMachine(encodeStream(replyFor(version)), [
          ...cut,
          { type: 'error', error: { kind: 'overloaded', message: 'busy' } },
        ])
        expect(failed.at(-1)?.event).toBe('error')
        expect(runMachine(conform(), failed)).toEqual([])
      }),
      { numRuns: numberOfRuns },
    )
  })
})

const definedOf = (usage: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null && value !== undefined))
