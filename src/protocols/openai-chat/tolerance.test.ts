/** Recorded requests, answers and streams with one value replaced by another: nothing throws, nothing is lost. */
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { corpus, corpusAvailable, runMachine } from '../../../test/support/corpus.ts'
import type { GenerateRequest } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { leaves } from './leaves.ts'
import { meterBody } from './meter.ts'

const available = corpusAvailable('tolerance of openai-chat')
const records = corpus('chat')
const odd: readonly unknown[] = [
  null,
  5,
  '',
  'x',
  true,
  [],
  {},
  [null],
  [5, 'x'],
  { type: 1 },
  { type: 'future' },
  -1,
  1e300,
]

/** A copy with the n-th node (in document order, modulo their number) replaced. */
const replaced = (root: unknown, nth: number, by: unknown): unknown => {
  let count = 0
  const walk = (value: unknown, visit: (place: number) => unknown): unknown => {
    const place = count++
    const other = visit(place)
    if (other !== undefined) return other
    if (Array.isArray(value)) return value.map((item) => walk(item, visit))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, visit)]))
  }
  walk(root, () => undefined)
  const target = count < 2 ? 0 : 1 + (nth % (count - 1))
  count = 0
  return walk(root, (place) => (place === target ? by : undefined))
}

const request: GenerateRequest = {
  protocol: 'openai-chat',
  model: 'm',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
}
const reply = { request, headers: new Headers(), id: 'e', now: 1 }
const wire = (body: Uint8Array) => ({
  method: 'POST',
  path: '/v1/chat/completions',
  parameters: {},
  query: new URLSearchParams(),
  headers: new Headers(),
  body,
})
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const change = fc.tuple(fc.nat(100_000), fc.constantFrom(...odd))
const bound = { seed: 20261121, numRuns: 30 }

describe.skipIf(!available)('one replaced value', () => {
  test('in a request', () => {
    for (const { request: recorded, name } of records) {
      if (recorded === undefined || recorded.text.length > 60_000) continue
      fc.assert(
        fc.property(change, ([nth, by]) => {
          const value = replaced(recorded.value, nth, by)
          const decoded = decodeRequest(wire(bytes(value)))
          const { body } = encodeRequest(decoded, { model: decoded.model, stream: decoded.stream })
          const again = JSON.parse(body)
          // A model that is no text has none; its place is the target's to fill.
          const { model: _model, ...rest } = Object(value)
          expect([name, { ...again, model: undefined }]).toEqual([name, { ...rest, model: undefined }])
          leaves(wire(bytes(value)))
        }),
        bound,
      )
    }
  }, 60_000)

  test('in an answer', () => {
    for (const { response: recorded, status, name } of records) {
      if (recorded === undefined || status !== 200 || recorded.text.length > 60_000) continue
      fc.assert(
        fc.property(change, ([nth, by]) => {
          const value = replaced(recorded.value, nth, by)
          const body = bytes(value)
          const decoded = decodeResponse({ status: 200, headers: new Headers(), body })
          expect([name, JSON.parse(encodeResponse(decoded, reply).body)]).toEqual([name, value])
          meterBody(body, 'generate')
        }),
        bound,
      )
    }
  }, 60_000)

  test('in a stream', () => {
    for (const { frames, name } of records) {
      const chunks = frames.slice(0, 40).flatMap(({ data }) => (data === '[DONE]' ? [] : [JSON.parse(data)]))
      if (chunks.length === 0) continue
      fc.assert(
        fc.property(change, ([nth, by]) => {
          const value = replaced(chunks, nth, by)
          const sent = (Array.isArray(value) ? value : []).map((chunk) => ({ data: JSON.stringify(chunk) }))
          const events = runMachine(streamDecoder(), sent)
          const again = runMachine(streamEncoder(reply), events).filter(({ data }) => data !== '[DONE]')
          const chunksAgain: unknown = again.map(({ data }) => JSON.parse(data))
          expect({ name, chunks: chunksAgain }).toEqual({ name, chunks: value })
        }),
        { ...bound, numRuns: 20 },
      )
    }
  }, 60_000)
})
