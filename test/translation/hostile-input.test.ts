/**
 * What providers and clients should not say and do say: streams out of order, numbers that no double holds, keys twice,
 * halves of characters, depth and bulk. In every pair of protocols the arguments of calls come through byte for byte,
 * and what goes out keeps to its grammar.
 */
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { collect, type GenerateResponse, type Part, type ToolCallPart } from '../../src/ir/index.ts'
import { type SseFrame, writeJson } from '../../src/wire/index.ts'
import { calling, history, streamedCall } from './call-wires.ts'
import { type Client, cells, clients, frameOf, requestWire } from './cases.ts'
import { answer, ask, codecOf, eventsOf, generousTarget, read, type Sent, send, stream } from './cell.ts'
import { cutText, untidy } from './untidy-streams.ts'

const frames = (protocol: Client, events: readonly (object | string)[]): readonly SseFrame[] =>
  events.map((event) => {
    const { data, ...rest } = frameOf(protocol, event)
    return { ...rest, data: typeof event === 'string' ? data : writeJson(event) }
  })

const sendHistory = (client: Client, upstream: Client, args: string): Sent =>
  send(read(client, requestWire(client, writeJson(history[client](args)))), client, upstream, {
    target: generousTarget(upstream),
  })

const callsIn = (parts: readonly Part[]): readonly ToolCallPart[] =>
  parts.flatMap((part) => (part.type === 'tool-call' ? [part] : []))

const inputsOf = ({ choices }: GenerateResponse): readonly string[] =>
  choices.flatMap(({ parts }) => callsIn(parts).map(({ input }) => input))

const wireBytes = (body: object) => ({
  status: 200,
  headers: new Headers(),
  body: new TextEncoder().encode(writeJson(body)),
})

/** What stands in the bytes: in a string for two of the protocols, as it is for the others. */
const writtenAs = (protocol: Client, args: string): string =>
  protocol === 'openai-chat' || protocol === 'openai-responses' ? JSON.stringify(args) : args

/** Every way that arguments take from one side to the other; the first that changes them. */
const changedOn = (client: Client, upstream: Client, args: string): string | undefined => {
  const { sent } = sendHistory(client, upstream, args)
  if (!sent.body.includes(writtenAs(upstream, args))) return `in the history: ${sent.body}`
  const whole = answer(
    codecOf(upstream).decodeResponse(wireBytes(calling[upstream](args))),
    client,
    ask(client, upstream, ['f']),
  )
  if (!whole.body.includes(writtenAs(client, args))) return `in an answer: ${whole.body}`
  const { frames: given, violations } = stream(
    frames(upstream, streamedCall[upstream](args)),
    client,
    upstream,
    ask(client, upstream, ['f']),
  )
  if (violations.size > 0) return `in a stream: ${[...violations].join(', ')}`
  const [input] = inputsOf(collect(client, eventsOf(client, given)).response)
  return input === args ? undefined : `in a stream: ${input}`
}

describe('arguments of a call', () => {
  const sources = {
    numbers: '{"b":1.0,"a":12345678901234567890123,"c":1E400,"d":-0,"e":[1.10,0.1e1,-1e-7]}',
    'keys in their order, and twice': '{"z":1,"10":2,"9":3,"a":4,"z":5,"__proto__":{"x":1}}',
    escapes: '{"\\u00e9":"\\u00E9\\/\\b \\u2028\\ud83d\\ude00 \\ud83d","plain":"é😀/"}',
    'white space': '{ "a" : [ 1 ,\t2 ] , "b" : { } }',
    depth: `{"a":${'['.repeat(400)}${']'.repeat(400)}}`,
  }
  for (const [client, upstream] of cells) {
    for (const [what, args] of Object.entries(sources)) {
      test(`keep ${what} between a client of ${client} and ${upstream}`, () => {
        expect(changedOn(client, upstream, args)).toBeUndefined()
      })
    }
  }

  test('of any kind stay as they were written', () => {
    const number = fc.oneof(
      fc.constantFrom('-0', '1.0', '1e5', '1E+22', '0.10', '123456789012345678901', '1e-400'),
      fc.integer().map(String),
    )
    const string = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
      fc.constantFrom('"\\u0041"', '"\\/"', '"\\ud800"', '"\\u0000"', '""'),
    )
    const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        number,
        string,
        fc.constantFrom('true', 'false', 'null'),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
      object: fc
        .array(fc.tuple(string, tie('value')), { maxLength: 4 })
        .map((members) => `{${members.map(([key, member]) => `${key}:${member}`).join(', ')}}`),
    }))
    const args = fc
      .array(fc.tuple(string, value), { minLength: 1, maxLength: 4 })
      .map((members) => `{${members.map(([key, member]) => `${key}: ${member}`).join(',')}}`)
    fc.assert(
      fc.property(fc.constantFrom(...cells), args, ([client, upstream], source) => {
        expect(changedOn(client, upstream, source)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })
})

/** Every string of every frame. */
const areWhole = (given: readonly SseFrame[]): boolean =>
  given.every(({ data }) => {
    if (data === '[DONE]') return true
    let whole = true
    JSON.parse(data, (_key, value: unknown) => {
      if (typeof value === 'string') whole &&= value.isWellFormed()
      return value
    })
    return whole
  })

describe('text', () => {
  for (const [client, upstream] of cells) {
    test(`of ${upstream} that is cut within a character is whole for a client of ${client}`, () => {
      const { frames: given, violations } = stream(
        frames(upstream, cutText[upstream]),
        client,
        upstream,
        ask(client, upstream, []),
      )
      const [choice] = collect(client, eventsOf(client, given)).response.choices
      expect([...violations]).toEqual([])
      expect(choice?.parts).toMatchObject([{ type: 'text', text: 'a😀b' }])
      expect(areWhole(given)).toBe(true)
    })
  }

  test('of ten megabytes reaches every provider', () => {
    const bulk = 'größe \\ " 🐎\n'.repeat(700_000)
    for (const upstream of clients) {
      const client: Client = upstream === 'openai-chat' ? 'anthropic-messages' : 'openai-chat'
      const body = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: bulk }] }
      const { sent } = send(read(client, requestWire(client, JSON.stringify(body))), client, upstream)
      expect(sent.body.includes(JSON.stringify(bulk).slice(1, -1))).toBe(true)
    }
  })
})

describe('an untidy stream', () => {
  for (const [name, { upstream, events, text, inputs }] of Object.entries(untidy)) {
    for (const client of clients.filter((each) => each !== upstream)) {
      test(`with ${name} is tidy for a client of ${client}`, () => {
        const { frames: given, violations } = stream(
          frames(upstream, events),
          client,
          upstream,
          ask(client, upstream, ['f']),
        )
        const { response, complete, error } = collect(client, eventsOf(client, given))
        const [choice] = response.choices
        const parts = choice?.parts ?? []
        expect([...violations]).toEqual([])
        expect({ complete, error }).toEqual({ complete: true, error: undefined })
        expect(choice?.finish?.reason).toBe('tool-calls')
        expect(inputsOf(response)).toEqual([...inputs])
        expect(parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')).toBe(text ?? '')
        const ids = callsIn(parts).flatMap(({ id }) => id ?? [])
        expect(new Set(ids).size).toBe(ids.length)
      })
    }
  }
})
