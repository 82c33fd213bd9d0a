import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { announceSkip, sharedFolder } from '../../test/support/shared.ts'
import { jsonArraySplitter, parseElement } from './json-array.ts'
import { formatFrame, frameSplitter, type SseFrame, sseDecoder } from './sse.ts'

const cut = (bytes: Uint8Array, at: readonly number[]): Uint8Array[] => {
  const points = [0, ...[...at].sort((a, b) => a - b), bytes.length]
  return points.slice(1).map((end, index) => bytes.subarray(points[index], end))
}

const decode = (chunks: readonly Uint8Array[]): SseFrame[] => {
  const decoder = sseDecoder()
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()]
}

const split = (chunks: readonly Uint8Array[]): Uint8Array[] => {
  const splitter = frameSplitter()
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const frame = fc.record(
  { event: fc.constantFrom('message', 'content_block_delta', 'ping'), data: fc.string({ unit: 'grapheme' }) },
  { requiredKeys: ['data'] },
)

describe('events', () => {
  test('survive any cut and any line ending', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (frames, cuts, ending) => {
          const clean = frames.map((one) => ({ ...one, data: one.data.replace(/[\r\n]/g, ' ') }))
          const bytes = bytesOf(clean.map(formatFrame).join('').replaceAll('\n', ending))
          const chunks = cut(
            bytes,
            cuts.map((at) => Math.min(at, bytes.length)),
          )
          expect(decode(chunks)).toEqual(clean)
          expect(Buffer.concat(split(chunks))).toEqual(Buffer.from(bytes))
        },
      ),
    )
  })

  test('with several lines of data are read as one', () => {
    expect(decode([bytesOf('data: a\ndata: b\n\n')])).toEqual([{ data: 'a\nb' }])
  })

  test('are written with their data in one line, as line breaks between the tokens of JSON mean nothing', () => {
    const written = formatFrame({ event: 'e', data: '{"a":\n [1,\r\n2],\r"b": "x\\ny"}' })
    expect(written).toBe('event: e\ndata: {"a":  [1, 2], "b": "x\\ny"}\n\n')
    expect(decode([bytesOf(written)])).toHaveLength(1)
  })

  test('that are cut off count only when their data is whole', () => {
    expect(decode([bytesOf('data: {"a":1}')])).toEqual([{ data: '{"a":1}' }])
    expect(decode([bytesOf('data: {"a":')])).toEqual([])
    expect(decode([bytesOf('data: [DONE]')])).toEqual([{ data: '[DONE]' }])
  })

  test('are refused beyond the bound of one block', () => {
    const splitter = frameSplitter(10)
    expect(() => splitter.push(bytesOf('data: 0123456789'))).toThrow('larger than 10 bytes')
  })
})

interface FramingCase {
  readonly name: string
  readonly framing: 'sse' | 'json-array'
  readonly bytes_b64: string
  readonly split_at: readonly number[]
  readonly expected: readonly SseFrame[]
}

const shared = sharedFolder()
if (shared === undefined) announceSkip('framing cases of the corpus', 'no shared folder')

describe.skipIf(shared === undefined)('framing cases', () => {
  const { cases }: { cases: readonly FramingCase[] } =
    shared === undefined
      ? { cases: [] }
      : JSON.parse(readFileSync(join(shared, 'corpus/extra/sse-framing-cases.json'), 'utf8'))

  for (const one of cases) {
    test(one.name, () => {
      const bytes = Buffer.from(one.bytes_b64, 'base64')
      for (const cuts of [
        one.split_at,
        Array.from({ length: Math.min(bytes.length, 2000) }, (_, index) => index),
      ]) {
        const chunks = cut(bytes, cuts)
        if (one.framing === 'sse') {
          // Whole JSON in an unfinished last block is delivered: see sseDecoder.
          const expected = one.name === 'no-final-blank-line' ? [{ data: '1' }, { data: '2' }] : one.expected
          expect(decode(chunks)).toEqual([...expected])
        } else {
          const splitter = jsonArraySplitter()
          const pieces = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]
          expect(Buffer.concat(pieces)).toEqual(bytes)
          expect(pieces.flatMap((piece) => parseElement(piece) ?? [])).toEqual([...one.expected])
        }
      }
    })
  }
})
