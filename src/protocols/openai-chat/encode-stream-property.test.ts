import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import OpenAI from 'openai'
import { runMachine } from '../../../test/support/corpus.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import {
  type Citation,
  collect,
  type FinishReason,
  type GenerateRequest,
  isJsonObject,
  type Part,
  type ReasoningState,
  type StreamEvent,
} from '../../ir/index.ts'
import { formatFrame, type SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { arrayOf, objectOf } from './members.ts'

type Placed = Extract<StreamEvent, { readonly index: number }>
type Unplaced = Placed extends infer Event ? (Event extends Placed ? Omit<Event, 'index'> : never) : never

/** One part as the events of its life, and what a reader must find of it. */
interface Life {
  readonly events: readonly Unplaced[]
  readonly text?: string
  readonly call?: { readonly name: string; readonly input: string }
}

/** Cut anywhere, also inside of a character. */
const slices = (text: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
  fc.tuple(text, fc.array(fc.nat({ max: 40 }), { maxLength: 4 })).map(([whole, cuts]) => {
    const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length]
    return places.slice(1).map((place, index) => whole.slice(places[index], place))
  })

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', ' \n', 'Grüße 🙂', '\n\nHello', 'a\u2028b', '"\\'),
)

const state: fc.Arbitrary<ReasoningState> = fc.record({
  protocol: fc.constantFrom(
    'openai-responses' as const,
    'anthropic-messages' as const,
    'openai-chat' as const,
  ),
  kind: fc.constant('encrypted' as const),
  value: fc.base64String({ minLength: 4, maxLength: 12 }),
})
const maybeState = fc.option(state, { nil: undefined })
const held = (value: ReasoningState | undefined) => (value === undefined ? {} : { state: value })

const citation: fc.Arbitrary<Citation> = fc.oneof(
  fc.record(
    {
      kind: fc.constantFrom('web' as const, 'maps' as const, 'search-result' as const),
      url: fc.oneof(fc.webUrl(), fc.constant('my notes')),
      title: fc.string(),
      start: fc.nat({ max: 30 }),
      end: fc.nat({ max: 30 }),
    },
    { requiredKeys: ['kind', 'url'] },
  ),
  fc.constant({ kind: 'char' as const, documentIndex: 0, sourceStart: 1, sourceEnd: 2 }),
)

/** Anthropic cites before the words that it cites for. */
const textLife = fc
  .tuple(slices(words), fc.array(citation, { maxLength: 2 }), fc.boolean())
  .map(([said, citations, isBefore]): Life => {
    const cited = citations.map((one): Unplaced => ({ type: 'citation', citation: one }))
    const deltas = said.map((text): Unplaced => ({ type: 'text-delta', text }))
    return {
      events: [
        { type: 'text-start', part: { type: 'text', text: '' } },
        ...(isBefore ? [...cited, ...deltas] : [...deltas, ...cited]),
        { type: 'text-end' },
      ],
      text: said.join(''),
    }
  })

const refusalLife = slices(words).map(
  (said): Life => ({
    events: [
      { type: 'refusal-start', part: { type: 'refusal', text: '' } },
      ...said.map((text): Unplaced => ({ type: 'refusal-delta', text })),
      { type: 'refusal-end' },
    ],
  }),
)

const thoughtsLife = fc
  .tuple(
    fc.array(slices(fc.string({ maxLength: 12 })), { maxLength: 3 }),
    fc.constantFrom('summary' as const, 'text' as const),
    maybeState,
    fc.boolean(),
  )
  .map(([pieces, kind, signed, isWhole]): Life => {
    if (isWhole) {
      const said = pieces.map((slice) => ({ kind, text: slice.join('') }))
      return { events: [{ type: 'part', part: { type: 'reasoning', pieces: said, ...held(signed) } }] }
    }
    return {
      events: [
        { type: 'reasoning-start', part: { type: 'reasoning', pieces: [] } },
        ...pieces.flatMap((said, piece) =>
          said.map((text): Unplaced => ({ type: 'reasoning-delta', piece, kind, text })),
        ),
        { type: 'reasoning-end', ...held(signed) },
      ],
    }
  })

const inputs = fc.oneof(
  fc
    .dictionary(fc.string({ maxLength: 5 }), fc.jsonValue(), { maxKeys: 3 })
    .map((value) => JSON.stringify(value)),
  fc.constantFrom('', '{"n":1.0,"big":9007199254740993}', '{"cut":"of', '[1, 2]'),
)
const name = fc.stringMatching(/^[a-z_]{1,12}$/)
const callId = fc.option(fc.stringMatching(/^call_[a-zA-Z0-9]{8}$/), { nil: undefined })

const callLife = fc
  .tuple(name, callId, inputs, fc.nat({ max: 20 }), maybeState, fc.boolean(), fc.boolean())
  .map(([called, id, input, cut, signed, isWhole, isCustom]): Life => {
    const kind = isCustom ? 'custom' : 'function'
    const base = {
      type: 'tool-call',
      name: called,
      kind,
      ...(id === undefined ? {} : { id }),
      ...held(signed),
    } as const
    const call = { name: called, input: input === '' && !isCustom ? '{}' : input }
    if (isWhole) return { events: [{ type: 'part', part: { ...base, input } satisfies Part }], call }
    return {
      events: [
        { type: 'tool-call-start', part: { ...base, input: '' } },
        { type: 'tool-call-delta', input: input.slice(0, cut) },
        { type: 'tool-call-delta', input: input.slice(cut) },
        { type: 'tool-call-end' },
      ],
      call,
    }
  })

const wholeLife: fc.Arbitrary<Life> = fc.oneof(
  words.map((text): Life => ({ events: [{ type: 'part', part: { type: 'text', text } }], text })),
  fc.constantFrom<Life>(
    {
      events: [
        {
          type: 'part',
          part: { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'eA==' } },
        },
      ],
    },
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
  { weight: 3, arbitrary: callLife },
  { weight: 2, arbitrary: thoughtsLife },
  refusalLife,
  wholeLife,
)

/** Parts open in order; from then on their events mix as `picks` say. */
const interleaved = (
  lives: readonly Life[],
  picks: readonly number[],
  choice: number,
): readonly StreamEvent[] => {
  const at = choice === 0 ? {} : { choice }
  const result: StreamEvent[] = []
  const open: { readonly index: number; readonly events: Unplaced[] }[] = []
  let opened = 0
  for (let step = 0; opened < lives.length || open.length > 0; step++) {
    const pick = (picks[step % picks.length] ?? 0) % (open.length + (opened < lives.length ? 1 : 0))
    const chosen = open[pick] ?? { index: opened, events: [...(lives[opened++]?.events ?? [])] }
    if (!open.includes(chosen)) open.push(chosen)
    const event = chosen.events.shift()
    if (event !== undefined) result.push({ ...event, ...at, index: chosen.index } as StreamEvent)
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
  'no-image',
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
  { requiredKeys: ['inputTokens', 'outputTokens'] },
)

interface Said {
  readonly lives: readonly Life[]
  readonly events: readonly StreamEvent[]
}

const choiceOf = (choice: number): fc.Arbitrary<Said> =>
  fc
    .record({
      lives: fc.array(life, { maxLength: 6 }),
      picks: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 30 }),
      reason: fc.constantFrom(...reasons),
      message: fc.option(words, { nil: undefined }),
    })
    .map(({ lives, picks, reason, message }) => ({
      lives,
      events: [
        ...interleaved(lives, picks, choice),
        {
          type: 'finish',
          ...(choice === 0 ? {} : { choice }),
          finish: { reason, ...(message === undefined ? {} : { message }) },
        } satisfies StreamEvent,
      ],
    }))

const answer = fc
  .record({
    first: choiceOf(0),
    second: fc.option(choiceOf(1), { nil: undefined }),
    counters: usage,
    isEarly: fc.boolean(),
    wantsUsage: fc.boolean(),
  })
  .map(({ first, second, counters, isEarly, wantsUsage }) => {
    const choices = second === undefined ? [first] : [first, second]
    const counted: StreamEvent = { type: 'usage', usage: counters }
    const said = choices.flatMap(({ events }) => events)
    const events: readonly StreamEvent[] = [
      { type: 'start', id: 'msg_1', model: 'answered' },
      ...(isEarly ? [counted, ...said] : [...said, counted]),
      { type: 'end' },
    ]
    return { choices, events, wantsUsage }
  })

const replyFor = (more: Partial<GenerateRequest>): ReplyContext => ({
  request: {
    protocol: 'openai-chat',
    model: 'asked',
    stream: true,
    turns: [],
    tools: [],
    sampling: {},
    ...more,
  },
  headers: new Headers(),
  id: 'exchange1',
  now: 1_795_000_000,
})

const collectedBySdk = async (frames: readonly SseFrame[], n: number): Promise<OpenAI.ChatCompletion> => {
  const body = frames.map(formatFrame).join('')
  const client = new OpenAI({
    apiKey: 'k',
    maxRetries: 0,
    fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
  })
  const stream = client.chat.completions.stream({
    model: 'm',
    n,
    messages: [{ role: 'user', content: 'hi' }],
  })
  return stream.finalChatCompletion()
}

/** Thoughts are a dialect's field, of which its readers join the slices; the SDK keeps the last one. */
const thoughtsIn = (frames: readonly SseFrame[], choice: number): string =>
  frames
    .filter(({ data }) => data !== '[DONE]')
    .flatMap(({ data }) => arrayOf(objectOf(JSON.parse(data))?.['choices']))
    .filter((each) => objectOf(each)?.['index'] === choice)
    .map((each) => objectOf(objectOf(each)?.['delta'])?.['reasoning_content'] ?? '')
    .join('')

/** What the helper of the SDK fills in and a whole answer does not have, and the reverse. */
const comparable = (message: unknown): Record<string, unknown> => {
  const members = isJsonObject(message) ? message : {}
  const { reasoning_content: _thoughts, parsed: _parsed, tool_calls: calls, ...rest } = members
  const bareCalls = arrayOf(calls).map((call) => {
    const { parsed_arguments: _arguments, function: called, ...more } = objectOf(call) ?? {}
    const { parsed_arguments: _inner, ...bareFunction } = objectOf(called) ?? {}
    return called === undefined ? more : { ...more, function: bareFunction }
  })
  return { ...rest, ...(bareCalls.length === 0 ? {} : { tool_calls: bareCalls }) }
}

const numberOfRuns = propertyRuns(300)

describe('any legal stream of another provider', () => {
  test('conforms, and the official SDK collects from it what the whole answer says', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async ({ choices, events, wantsUsage }) => {
        const reply = replyFor({ streamUsage: wantsUsage })
        const frames = runMachine(streamEncoder(reply), events)
        expect(runMachine(conform(), frames)).toEqual([])
        const whole = JSON.parse(encodeResponse(collect('anthropic-messages', events).response, reply).body)
        const completion = await collectedBySdk(frames, choices.length)
        expect(JSON.parse(JSON.stringify(completion.usage ?? null))).toEqual(wantsUsage ? whole.usage : null)
        expect([completion.id, completion.model]).toEqual([whole.id, whole.model])
        expect(completion.choices).toHaveLength(choices.length)
        choices.forEach(({ lives }, index) => {
          const choice = completion.choices.find((each) => each.index === index)
          expect(String(choice?.finish_reason)).toBe(whole.choices[index].finish_reason)
          expect(comparable(JSON.parse(JSON.stringify(choice?.message)))).toEqual(
            comparable(whole.choices[index].message),
          )
          expect(thoughtsIn(frames, index)).toBe(whole.choices[index].message.reasoning_content ?? '')
          // Against what went in: both encoders could be wrong alike.
          const said = lives.flatMap(({ text }) => (text === undefined ? [] : [text])).join('')
          expect(choice?.message.content ?? '').toBe(said)
          const calls = arrayOf(JSON.parse(JSON.stringify(choice?.message.tool_calls ?? []))).map((call) => {
            const called = objectOf(objectOf(call)?.['function']) ?? objectOf(objectOf(call)?.['custom'])
            return { name: called?.['name'], input: called?.['arguments'] ?? called?.['input'] }
          })
          expect(calls).toEqual(lives.flatMap(({ call }) => (call === undefined ? [] : [call])))
        })
      }),
      { numRuns: numberOfRuns, seed: 20261121 },
    )
  }, 60_000)

  test('says the same when our own decoder reads it back', () => {
    fc.assert(
      fc.property(answer, ({ choices, events }) => {
        const frames = runMachine(streamEncoder(replyFor({})), events)
        const again = collect('openai-chat', runMachine(streamDecoder(), frames))
        expect(again.complete).toBe(true)
        choices.forEach(({ lives }, index) => {
          const parts = again.response.choices.find((choice) => choice.index === index)?.parts ?? []
          const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))
          expect(texts.join('')).toBe(
            lives.flatMap(({ text }) => (text === undefined ? [] : [text])).join(''),
          )
          const calls = parts.flatMap((part) =>
            part.type === 'tool-call' ? [{ name: part.name, input: part.input }] : [],
          )
          expect(calls).toEqual(lives.flatMap(({ call }) => (call === undefined ? [] : [call])))
        })
      }),
      { numRuns: numberOfRuns, seed: 20261121 },
    )
  }, 60_000)

  test('cut anywhere, it never ends in success', () => {
    fc.assert(
      fc.property(answer, fc.nat(), ({ events }, at) => {
        const finish = events.findIndex(({ type }) => type === 'finish')
        const cut = events.slice(0, at % (finish + 1))
        const frames = runMachine(streamEncoder(replyFor({})), cut)
        expect(frames.some(({ data }) => data === '[DONE]' || !data.includes('"finish_reason":null'))).toBe(
          false,
        )
        const failed = runMachine(streamEncoder(replyFor({})), [
          ...cut,
          { type: 'error', error: { kind: 'overloaded', message: 'busy' } },
        ])
        expect(JSON.parse(failed.at(-1)?.data ?? '')).toHaveProperty('error.message', 'busy')
        expect(runMachine(conform(), failed)).toEqual([])
      }),
      { numRuns: numberOfRuns, seed: 20261121 },
    )
  }, 60_000)

  test('a client of the older form gets one call as function_call and several as a list', () => {
    const tools: GenerateRequest['tools'] = [
      { type: 'function', name: 'f', extensions: { 'openai-chat': { '~spelling': 'functions' } } },
    ]
    fc.assert(
      fc.property(answer, ({ events }) => {
        const reply = replyFor({ tools })
        const frames = runMachine(streamEncoder(reply), events)
        expect(runMachine(conform(), frames)).toEqual([])
        const whole = JSON.parse(encodeResponse(collect('gemini', events).response, reply).body)
        const { response } = collect('openai-chat', runMachine(streamDecoder(), frames))
        const again = JSON.parse(encodeResponse(response, reply).body)
        whole.choices.forEach((choice: { message: Record<string, unknown> }, index: number) => {
          const { message } = again.choices[index]
          expect(message.function_call).toEqual(choice.message['function_call'])
          expect(message.tool_calls).toEqual(choice.message['tool_calls'])
        })
        const reasons = frames.flatMap(({ data }) => /"finish_reason":"(\w+)"/.exec(data)?.[1] ?? [])
        expect(reasons).toEqual(
          whole.choices.map((choice: { finish_reason: string }) => choice.finish_reason),
        )
      }),
      { numRuns: numberOfRuns, seed: 20261121 },
    )
  }, 60_000)
})
