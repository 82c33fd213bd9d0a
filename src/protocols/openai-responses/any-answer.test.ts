import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import OpenAI from 'openai'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import {
  type Citation,
  collect,
  type FinishReason,
  type Part,
  type ReasoningState,
  type StreamEvent,
} from '../../ir/index.ts'
import { encodeFrame, type SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeRequest } from './decode-request.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { openaiResponses } from './index.ts'

/** A part of an answer as the events that say it, all with the index 0; `apart` ones allow nothing in between. */
interface Said {
  readonly events: readonly StreamEvent[]
  readonly apart?: true
}

const at = { index: 0 } as const

const foreignState = (name: string): fc.Arbitrary<ReasoningState> =>
  fc.integer({ min: 0, max: 99 }).map((number) => ({
    protocol: 'anthropic-messages',
    kind: 'signature',
    value: `${name}${number}`,
  }))

/** Cut anywhere, also within a character. */
const slices = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.array(fc.nat(14), { maxLength: 3 }))
  .map(([text, cuts]) => {
    const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
    return places.slice(1).map((end, index) => text.slice(places[index], end))
  })

const cited = fc.array(
  fc.record({ url: fc.webUrl(), place: fc.option(fc.tuple(fc.nat(3), fc.nat(3)), { nil: undefined }) }),
  { maxLength: 2 },
)

const text: fc.Arbitrary<Said> = fc
  .tuple(slices, cited, fc.option(foreignState('t'), { nil: undefined, freq: 6 }))
  .map(([pieces, citations, state]) => {
    const length = [...pieces.join('')].length
    const marks = citations.map(({ url, place }): StreamEvent => {
      const start = Math.min(place?.[0] ?? 0, length)
      const range = place === undefined ? {} : { start, end: Math.min(start + place[1], length) }
      const citation: Citation = { kind: 'web', url, title: 'x', ...range }
      return { type: 'citation', ...at, citation }
    })
    return {
      events: [
        { type: 'text-start', ...at, part: { type: 'text', text: '', ...(state && { state }) } },
        ...pieces.map((slice): StreamEvent => ({ type: 'text-delta', ...at, text: slice })),
        ...marks,
        { type: 'text-end', ...at },
      ],
    }
  })

const refusal: fc.Arbitrary<Said> = slices.map((pieces) => ({
  events: [
    { type: 'refusal-start', ...at, part: { type: 'refusal', text: '' } },
    ...pieces.map((slice): StreamEvent => ({ type: 'refusal-delta', ...at, text: slice })),
    { type: 'refusal-end', ...at },
  ],
}))

const reasoning: fc.Arbitrary<Said> = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom('summary' as const, 'text' as const), slices), { maxLength: 3 }),
    fc.option(foreignState('r'), { nil: undefined }),
    fc.boolean(),
  )
  .map(([pieces, state, isEarly]) => ({
    events: [
      {
        type: 'reasoning-start',
        ...at,
        part: { type: 'reasoning', pieces: [], ...(isEarly && state !== undefined ? { state } : {}) },
      },
      ...pieces.flatMap(([kind, parts], piece) =>
        parts.map((slice): StreamEvent => ({ type: 'reasoning-delta', ...at, piece, kind, text: slice })),
      ),
      { type: 'reasoning-end', ...at, ...(isEarly || state === undefined ? {} : { state }) },
    ],
  }))

const call: fc.Arbitrary<Said> = fc
  .record({
    kind: fc.constantFrom('function' as const, 'custom' as const),
    input: slices,
    namespace: fc.option(fc.constant('clock'), { nil: undefined }),
    hasId: fc.boolean(),
    state: fc.option(foreignState('c'), { nil: undefined, freq: 6 }),
  })
  .map(({ kind, input, namespace, hasId, state }) => ({
    events: [
      {
        type: 'tool-call-start',
        ...at,
        part: {
          type: 'tool-call',
          name: 'run',
          kind,
          input: '',
          ...(hasId ? { id: '?' } : {}),
          ...(namespace === undefined ? {} : { namespace }),
          ...(state === undefined ? {} : { state }),
        },
      },
      ...input.map((slice): StreamEvent => ({ type: 'tool-call-delta', ...at, input: slice })),
      { type: 'tool-call-end', ...at },
    ],
  }))

/** Searches that run at once: first all calls, then all results, in any order. */
const hosted: fc.Arbitrary<Said> = fc
  .array(fc.record({ tool: fc.constantFrom(0, 1, 2, 3), answered: fc.boolean(), late: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((calls) => {
    const whole = (part: Part): StreamEvent => ({ type: 'part', ...at, part })
    const results = calls.flatMap(({ tool, answered, late }, index) =>
      answered ? [{ late, event: whole(resultOf(tool, `s${index}`)) }] : [],
    )
    const ordered = results.sort((a, b) => Number(a.late) - Number(b.late)).map(({ event }) => event)
    return {
      apart: true,
      events: [...calls.map(({ tool }, index) => whole(callOf(tool, `s${index}`))), ...ordered],
    }
  })

const hostedTools = [
  { tool: 'web-search', name: 'web_search', input: '{"query":"q"}', output: '[{"type":"url","url":"u"}]' },
  { tool: 'code-execution', name: 'code', input: '{"code":"1+1"}', output: '[{"type":"logs","logs":"2"}]' },
  { tool: 'mcp', name: 'find', input: '{"n":1.0}', output: '"found"' },
  { tool: 'shell', name: 'shell', input: '{"commands":["ls","pwd"]}', output: '[]' },
] as const

const callOf = (number: 0 | 1 | 2 | 3, id: string): Part => {
  const { tool, name, input } = hostedTools[number]
  return { type: 'server-call', id, tool, name, input, server: 'acme' }
}

const resultOf = (number: 0 | 1 | 2 | 3, callId: string): Part => {
  const { tool, name, output } = hostedTools[number]
  return { type: 'server-result', callId, tool, name, output, server: 'acme' }
}

const picture: fc.Arbitrary<Said> = fc.constant({
  apart: true,
  events: [
    {
      type: 'part',
      ...at,
      part: { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'aGk=' } },
    },
  ],
})

const answers = fc.record({
  parts: fc.array(
    fc.oneof(
      { arbitrary: text, weight: 4 },
      { arbitrary: call, weight: 3 },
      reasoning,
      refusal,
      hosted,
      picture,
    ),
    { maxLength: 7 },
  ),
  /** Which of the open parts goes on next; above them all: the next part begins. */
  turns: fc.infiniteStream(fc.nat(3)),
  finish: fc.constantFrom<FinishReason>('end', 'tool-calls', 'length', 'context', 'pause', 'other'),
})

/** A legal stream: parts open in the order of their indexes, and may overlap. */
const streamOf = (
  parts: readonly Said[],
  turn: () => number,
  finish: FinishReason,
): readonly StreamEvent[] => {
  const events: StreamEvent[] = [{ type: 'start', id: 'msg_01', model: 'claude' }]
  const waiting = [...parts]
  let open: { readonly index: number; left: readonly StreamEvent[] }[] = []
  let next = 0
  while (waiting.length > 0 || open.length > 0) {
    const chosen = open[turn()]
    const beginning = chosen === undefined ? waiting.shift() : undefined
    if (beginning?.apart === true) {
      const first = next
      for (const event of beginning.events) events.push(placed(event, next++, first))
      continue
    }
    if (beginning !== undefined) open.push({ index: next++, left: beginning.events })
    const going = chosen ?? open.at(-1)
    const [event, ...left] = going?.left ?? []
    if (going === undefined || event === undefined) continue
    going.left = left
    events.push(placed(event, going.index))
    open = open.filter((each) => each.left.length > 0)
  }
  return [
    ...events,
    { type: 'usage', usage: { inputTokens: 5, outputTokens: 7 } },
    { type: 'finish', finish: { reason: finish } },
    { type: 'end' },
  ]
}

/** Ids are told apart by where their part, or the first of its group, stands. */
const placed = (event: StreamEvent, index: number, first = index): StreamEvent => {
  const moved = { ...event, index } as StreamEvent
  if (!('part' in moved)) return moved
  const { part } = moved
  if (part.type === 'tool-call' && part.id === '?') {
    return { ...moved, part: { ...part, id: `toolu_${index}` } } as StreamEvent
  }
  if (part.type === 'server-call')
    return { ...moved, part: { ...part, id: `${part.id}_${first}` } } as StreamEvent
  return part.type === 'server-result'
    ? ({ ...moved, part: { ...part, callId: `${part.callId}_${first}` } } as StreamEvent)
    : moved
}

const reply: ReplyContext = {
  request: decodeRequest(
    wireRequest(openaiResponses, { path: '/v1/responses', body: '{"model":"gpt-5","input":"hi"}' }),
  ),
  headers: new Headers(),
  id: 'x1',
  now: 1_795_000_000,
}

/** What an answer says, part by part in the order in which something of it was first said. */
const saidBy = (events: readonly StreamEvent[]): readonly unknown[] => {
  const order: number[] = []
  const hidden = new Map<number, ReasoningState>()
  for (const event of events) {
    if (!('index' in event)) continue
    const isSaid = event.type === 'citation' || !('text' in event) || event.text !== ''
    const isText = event.type === 'text-start' || event.type === 'refusal-start'
    if ('part' in event && event.part.type !== 'reasoning' && event.part.state !== undefined) {
      hidden.set(event.index, event.part.state)
      order.push(-1 - event.index)
    }
    if (isSaid && !isText && !event.type.endsWith('-end') && !order.includes(event.index)) {
      order.push(event.index)
    }
  }
  const parts = new Map<number, Part>()
  const whole = collect('anthropic-messages', events).response.choices[0]?.parts ?? []
  const indexes = [...new Set(events.flatMap((event) => ('index' in event ? [event.index] : [])))]
  indexes
    .sort((a, b) => a - b)
    .forEach((index, place) => {
      const part = whole[place]
      if (part !== undefined) parts.set(index, part)
    })
  const said: Part[] = order.flatMap((index): Part[] => {
    const state = hidden.get(-1 - index)
    if (state !== undefined) return [{ type: 'reasoning', pieces: [], state }]
    const part = parts.get(index)
    return part === undefined ? [] : [part]
  })
  return shapes(said)
}

/** The same for what was read back. */
const shapes = (parts: readonly Part[]): readonly unknown[] => {
  const list: { type: string; [key: string]: unknown }[] = []
  for (const part of parts) {
    const last = list.at(-1)
    switch (part.type) {
      case 'text': {
        const words = part.text.toWellFormed()
        const quotes = (part.citations ?? []).map(({ url, start, end }) => ({
          url,
          quote: start === undefined ? words : [...words].slice(start, end).join(''),
        }))
        // Those of a whole text are written at its end, behind those of a place in it.
        const said = quotes.map(({ url, quote }) => `${url}: ${quote}`)
        const all = [...(Array.isArray(last?.['quotes']) ? last['quotes'] : []), ...said].sort()
        if (last?.type !== 'text') list.push({ type: 'text', text: words, quotes: said.sort() })
        else Object.assign(last, { text: `${last['text']}${words}`, quotes: all })
        break
      }
      case 'refusal':
        list.push({ type: 'refusal', text: part.text.toWellFormed() })
        break
      case 'reasoning': {
        const pieces = part.pieces.map(({ kind, text: words }) => ({ kind, text: words.toWellFormed() }))
        list.push({ type: 'reasoning', pieces, state: part.state?.value })
        break
      }
      case 'tool-call': {
        const { kind, name, namespace } = part
        const input = part.input === '' && kind === 'function' ? '{}' : part.input.toWellFormed()
        const id = part.id?.startsWith('call_x1') === true ? undefined : part.id
        list.push({ type: 'call', kind, name, namespace, input, id })
        break
      }
      case 'server-call':
      case 'server-result':
        // A picture comes back with the call that made it.
        if (part.tool === 'image-generation') break
        list.push({ type: part.type, tool: part.tool })
        break
      default:
        list.push({ type: part.type })
    }
  }
  return list
}

/** Results stand in their calls' items, so they come back right behind them. */
const withoutResults = (list: readonly unknown[]): readonly unknown[] =>
  list.filter((each) => !JSON.stringify(each).startsWith('{"type":"server-'))

const client = (frames: readonly SseFrame[]): OpenAI => {
  const body = Buffer.concat(frames.map(encodeFrame))
  const answer = async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  return new OpenAI({ apiKey: 'x', baseURL: 'http://127.0.0.1:1/v1', fetch: answer, maxRetries: 0 })
}

describe('answers of other protocols, whatever they hold and however their parts overlap', () => {
  test('keep to the grammar, and say the same when they are read back', () => {
    fc.assert(
      fc.property(answers, ({ parts, turns, finish }) => {
        const events = streamOf(parts, () => turns.next().value ?? 0, finish)
        const frames = runMachine(streamEncoder(reply), events)
        expect(runMachine(conform(), frames)).toEqual([])
        const read = collect('openai-responses', runMachine(streamDecoder(), frames))
        expect(read.complete).toBe(true)
        const heard = shapes(read.response.choices[0]?.parts ?? [])
        expect(withoutResults(heard)).toEqual(withoutResults(saidBy(events)))
        const servers = (list: readonly unknown[]) => list.length - withoutResults(list).length
        expect(servers(heard)).toBe(servers(saidBy(events)))
      }),
      { numRuns: propertyRuns(120) },
    )
  })

  test('say the same whole as streamed', () => {
    fc.assert(
      fc.property(answers, ({ parts, finish }) => {
        const events = streamOf(parts, () => 0, finish)
        const { response } = collect('anthropic-messages', events)
        const last = runMachine(streamEncoder(reply), events).at(-1)
        const streamed: unknown = JSON.parse(last?.data ?? '{}')
        expect(streamed).toMatchObject({ response: JSON.parse(encodeResponse(response, reply).body) })
      }),
      { numRuns: propertyRuns(120) },
    )
  })

  test('end as failed wherever they are cut, and never as a success', () => {
    fc.assert(
      fc.property(answers, fc.nat(60), ({ parts, turns, finish }, cut) => {
        const events = streamOf(parts, () => turns.next().value ?? 0, finish)
          .slice(0, -1)
          .slice(0, cut + 1)
        const error = { type: 'error', error: { kind: 'overloaded', message: 'gone' } } as const
        const frames = runMachine(streamEncoder(reply), [...events, error])
        expect(runMachine(conform(), frames)).toEqual([])
        expect(frames.slice(-2).map(({ event }) => event)).toEqual(['error', 'response.failed'])
        expect(frames.filter(({ event }) => event === 'response.completed')).toEqual([])
      }),
      { numRuns: propertyRuns(120) },
    )
  })

  test('are accepted by the official SDK, which gathers the items that we wrote', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async ({ parts, turns, finish }) => {
        const frames = runMachine(
          streamEncoder(reply),
          streamOf(parts, () => turns.next().value ?? 0, finish),
        )
        const final = await client(frames).responses.stream({ model: 'gpt-5', input: 'hi' }).finalResponse()
        const last: { response: { output: unknown[] } } = JSON.parse(frames.at(-1)?.data ?? '{}')
        expect(JSON.parse(JSON.stringify(final.output))).toMatchObject(last.response.output)
      }),
      { numRuns: propertyRuns(120) },
    )
  })
})
