/** Placeholders come back through every protocol's own frames, however the bytes are cut. */
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { createPlaceholderMap, restoreResponse, restoreStream } from '../../src/firewall/index.ts'
import { collect, type GenerateRequest, isJsonObject, type StreamEvent } from '../../src/ir/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import type { ReplyContext } from '../../src/protocols/protocol.ts'
import { encodeFrame, sseDecoder } from '../../src/wire/index.ts'

/** `TGW_CHUNKINGS=20000` runs what docs/firewall.md claims. */
const runs = Number(process.env['TGW_CHUNKINGS'] ?? 500)
const email = 'ada"lovelace"@example.org'
const key = 'line\nline'
const map = createPlaceholderMap([
  { placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value: email },
  { placeholder: '[PRIVATE_KEY_AB34CD]', type: 'PRIVATE_KEY', value: key },
])
const options = { signedReasoning: true }

const ids = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const

const words = fc
  .array(
    fc.constantFrom(
      '[EMAIL_7K2M9X]',
      '\\[EMAIL\\_7K2M9X\\]',
      '[private_key ab34cd]',
      'a[i] ',
      '[EMAIL_',
      '\u{1f600}',
      '\n',
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((chosen) => `- ${chosen.join('')}`)

const cut = <T extends string | Uint8Array>(whole: T, sizes: readonly number[]): readonly T[] => {
  const pieces: T[] = []
  let at = 0
  for (const size of sizes) {
    if (at + size >= whole.length) break
    pieces.push(whole.slice(at, at + size) as T)
    at += size
  }
  pieces.push(whole.slice(at) as T)
  return pieces
}

/** Cuts that leave pairs of surrogates whole, as a provider's text does. */
const cutText = (text: string, sizes: readonly number[]): readonly string[] => {
  const characters = [...text]
  const pieces: string[] = []
  let at = 0
  for (const size of [...sizes, characters.length]) {
    if (at < characters.length) pieces.push(characters.slice(at, at + size).join(''))
    at += size
  }
  return pieces
}

const answer = (text: string, argument: string, sizes: readonly number[]): readonly StreamEvent[] => [
  { type: 'start', id: 'r1', model: 'm', created: 1 },
  { type: 'text-start', index: 0, part: { type: 'text', text: '' } },
  ...cutText(text, sizes).map((piece): StreamEvent => ({ type: 'text-delta', index: 0, text: piece })),
  { type: 'text-end', index: 0 },
  {
    type: 'tool-call-start',
    index: 1,
    part: { type: 'tool-call', id: 'call_1', name: 'mail', kind: 'function', input: '' },
  },
  ...cutText(argument, sizes).map(
    (piece): StreamEvent => ({ type: 'tool-call-delta', index: 1, input: piece }),
  ),
  { type: 'tool-call-end', index: 1 },
  { type: 'usage', usage: { inputTokens: 1, outputTokens: 1 } },
  { type: 'finish', finish: { reason: 'tool-calls' } },
  { type: 'end' },
]

describe('placeholders come back', () => {
  for (const id of ids) {
    const { generate } = protocols[id]
    if (generate === undefined) continue
    const request: GenerateRequest = {
      protocol: id,
      model: 'm',
      stream: true,
      turns: [],
      tools: [],
      sampling: {},
    }
    const reply: ReplyContext = { request, headers: new Headers(), id: 'x', now: 1 }

    test(`through ${id}, in any pieces`, () => {
      fc.assert(
        fc.property(
          words,
          fc.dictionary(fc.constantFrom('to', 'text', 'x'), words, { minKeys: 1 }),
          fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 30 }),
          fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }),
          (text, argument, sizes, cuts) => {
            const writer = generate.streamEncoder(reply)
            const events = answer(text, JSON.stringify(argument), sizes)
            const frames = [...events.flatMap((event) => writer.push(event)), ...writer.end()]
            const bytes = Buffer.concat(frames.map(encodeFrame))

            const split = sseDecoder()
            const decoder = generate.streamDecoder()
            const restorer = restoreStream(map, options)
            const encoder = generate.streamEncoder(reply)
            const read: StreamEvent[] = []
            const restored: StreamEvent[] = []
            const take = (event: StreamEvent): readonly string[] => {
              read.push(event)
              return restorer.push(event).flatMap((next) => {
                restored.push(next)
                expect(restorer.held).toBeLessThan(32)
                return encoder.push(next).map((frame) => frame.data)
              })
            }
            const sent = [
              ...cut<Uint8Array>(bytes, cuts).flatMap((piece) =>
                split.push(piece).flatMap((frame) => decoder.push(frame)),
              ),
              ...split.end().flatMap((frame) => decoder.push(frame)),
              ...decoder.end(),
            ].flatMap(take)
            expect(restorer.end()).toEqual([])
            sent.push(...encoder.end().map((frame) => frame.data))

            const whole = restoreResponse(collect(id, read).response, map, options)
            expect(collect(id, restored).response).toEqual(whole)
            const said = whole.choices[0]?.parts ?? []
            const texts = said.map((part) => (part.type === 'text' ? part.text : '')).join('')
            expect(texts).toBe(
              text.replace(/\\?\[EMAIL\\?_7K2M9X\\?\]/g, email).replaceAll('[private_key ab34cd]', key),
            )
            const call = said.find((part) => part.type === 'tool-call')
            const input: unknown = JSON.parse(call?.type === 'tool-call' ? call.input : 'null')
            expect(isJsonObject(input) ? Object.keys(input) : []).toEqual(Object.keys(argument))
            // Nothing that the client is sent names a placeholder, the frames with the whole answer included.
            expect(sent.join('')).not.toMatch(/7K2M9X|ab34cd/)
          },
        ),
        { numRuns: runs },
      )
    }, 600_000)
  }
})
