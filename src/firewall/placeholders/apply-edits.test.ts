import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Edit, Leaf } from '../../ir/index.ts'
import { applyEdits } from './apply-edits.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A body that is one JSON string, as one leaf. */
const literalLeaf = (literal: string, before = ''): { readonly bytes: Uint8Array; readonly leaf: Leaf } => {
  const start = encoder.encode(before).length
  const source = encoder.encode(literal)
  return {
    bytes: Buffer.concat([encoder.encode(before), source, encoder.encode(before)]),
    leaf: {
      id: 'x',
      role: 'user',
      kind: 'text',
      text: JSON.parse(literal),
      start,
      end: start + source.length,
    },
  }
}

const edited = (
  literal: string,
  changes: readonly { start: number; end: number; text: string }[],
): string => {
  const { bytes, leaf } = literalLeaf(literal, '\u00e4 ')
  const result = decoder.decode(applyEdits(bytes, [{ leaf, text: '', changes }]))
  return result.slice(2, -2)
}

test('what is not replaced keeps its escapes', () => {
  expect(edited('"a\\u00e9\\/b\\n\\ud83d\\ude00 c"', [{ start: 3, end: 4, text: 'X"' }])).toBe(
    '"a\\u00e9\\/X\\"\\n\\ud83d\\ude00 c"',
  )
  expect(edited('"\u{1f600}b\u{1f600}c"', [{ start: 2, end: 3, text: 'X' }])).toBe('"\u{1f600}X\u{1f600}c"')
})

test('an empty span inserts, and a change within a character outside the basic plane keeps its other half', () => {
  expect(edited('"ab"', [{ start: 1, end: 1, text: '-' }])).toBe('"a-b"')
  expect(edited('"ab"', [{ start: 2, end: 2, text: '-' }])).toBe('"ab-"')
  expect(JSON.parse(edited('"\u{1f600}b"', [{ start: 1, end: 3, text: 'X' }]))).toBe('\ud83dX')
  expect(JSON.parse(edited('"a\u{1f600}"', [{ start: 0, end: 2, text: 'X' }]))).toBe('X\ude00')
})

test('an edit without changes replaces what lies between the equal ends', () => {
  const { bytes, leaf } = literalLeaf('"\\u0061 old \\u0062"')
  expect(decoder.decode(applyEdits(bytes, [{ leaf, text: 'a new b' }]))).toBe('"\\u0061 new \\u0062"')
})

test('two stages may change one leaf, but not the same place of it', () => {
  const { bytes, leaf } = literalLeaf('"one two"')
  const first: Edit = { leaf, text: '1 two', changes: [{ start: 0, end: 3, text: '1' }] }
  const second: Edit = { leaf, text: 'one two!', changes: [{ start: 7, end: 7, text: '!' }] }
  expect(decoder.decode(applyEdits(bytes, [second, first]))).toBe('"1 two!"')
  expect(() => applyEdits(bytes, [first, { ...first }])).toThrow(RangeError)
  expect(() => applyEdits(bytes, [{ leaf, text: '', changes: [{ start: 3, end: 99, text: '' }] }])).toThrow(
    'outside',
  )
})

test('an edit of a JSON value must leave JSON', () => {
  const source = '{"a":"\u00e4b"}'
  const bytes = encoder.encode(source)
  const leaf: Leaf = {
    ...{ id: 'x', role: 'assistant', kind: 'tool-input', text: source, start: 0, end: bytes.length },
    json: true,
  }
  const change = { start: 7, end: 8, text: 'c' }
  expect(decoder.decode(applyEdits(bytes, [{ leaf, text: '', changes: [change] }]))).toBe('{"a":"\u00e4c"}')
  expect(() => applyEdits(bytes, [{ leaf, text: '', changes: [{ ...change, text: '"' }] }])).toThrow(
    SyntaxError,
  )
})

test('bytes that are no UTF-8 are edited as the decoder read them', () => {
  const bytes = Buffer.from([0x22, 0x61, 0xff, 0x62, 0x22])
  const leaf: Leaf = { id: 'x', role: 'user', kind: 'text', text: 'a\ufffdb', start: 0, end: 5 }
  const edit = { leaf, text: '', changes: [{ start: 2, end: 3, text: 'c' }] }
  expect(decoder.decode(applyEdits(bytes, [edit]))).toBe('"a\ufffdc"')
})

test('any changes of any text, however it is escaped, give the changed text and keep the bytes around', () => {
  const spelling = (character: string, style: number): string => {
    if (style === 0) return JSON.stringify(character).slice(1, -1)
    return [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join('')
  }
  const piece = fc.tuple(
    fc.string({ unit: 'grapheme', maxLength: 4 }),
    fc.nat(1),
    fc.boolean(),
    fc.string({ unit: 'grapheme', maxLength: 4 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      let literal = '"'
      let wanted = '"'
      let text = ''
      const changes: { start: number; end: number; text: string }[] = []
      for (const [old, style, isReplaced, next] of pieces) {
        const written = [...old].map((character) => spelling(character, style)).join('')
        literal += written
        wanted += isReplaced ? JSON.stringify(next).slice(1, -1) : written
        if (isReplaced) changes.push({ start: text.length, end: text.length + old.length, text: next })
        text += old
      }
      expect(edited(`${literal}"`, changes)).toBe(`${wanted}"`)
    }),
    { numRuns: 2_000 },
  )
})
