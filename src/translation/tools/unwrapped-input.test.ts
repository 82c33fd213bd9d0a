import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { unwrapInput } from './unwrapped-input.ts'

const run = (pieces: readonly string[]): readonly string[] => {
  const input = unwrapInput()
  return [...pieces.map((piece) => input.push(piece)), input.end()]
}

const cut = (text: string, places: readonly number[]): readonly string[] => {
  const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b)
  return [...sorted, text.length].map((end, index) => text.slice(index === 0 ? 0 : sorted[index - 1], end))
}

/** Every character as an escape, as some servers write them. */
const escaped = (text: string): string =>
  [...text.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constant('a\n"\\\t😀'),
)

describe('free text out of arguments', () => {
  test('comes out as it was, however the arguments are cut', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat()), (text, places) => {
        expect(run(cut(JSON.stringify({ input: text }), places)).join('')).toBe(text)
        expect(run(cut(` {\n "input" : "${escaped(text)}" } `, places)).join('')).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  test('never ends a piece in the middle of a character', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (places) => {
        const pieces = run(cut(JSON.stringify({ input: 'a😀b😀' }), places))
        for (const piece of pieces) expect(piece.isWellFormed()).toBe(true)
        const written = run(cut(`{"input":"${escaped('a😀b')}"}`, places))
        for (const piece of written) expect(piece.isWellFormed()).toBe(true)
      }),
    )
  })

  test('arrives piece by piece', () => {
    expect(run(['{"inp', 'ut":"*** Be', 'gin\\n', 'x', '"}'])).toEqual(['', '*** Be', 'gin\n', 'x', '', ''])
  })

  test('is the arguments themselves where they are something else', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (places) => {
        for (const other of ['*** Begin Patch', '{"patch":"x"}', '["a"]', '{"input":5}', '{"inputs":"x"}']) {
          expect(run(cut(other, places)).join('')).toBe(other)
        }
      }),
    )
  })

  test('is found behind other members when the arguments are complete', () => {
    expect(run(['{"why":"x",', '"input":"text"}']).join('')).toBe('text')
  })

  test('is empty where nothing was said', () => {
    for (const nothing of ['', '  ', '{}']) expect(run([nothing]).join('')).toBe('')
  })

  test('keeps what came before the model was cut off', () => {
    expect(run(['{"input":"abc\\']).join('')).toBe('abc')
    expect(run(['{"input":"abc\\u00']).join('')).toBe('abc')
    expect(run(['{"input":"abc']).join('')).toBe('abc')
  })

  test('takes line breaks that the model did not escape', () => {
    expect(run(['{"input":"a\nb\\"c\n"}']).join('')).toBe('a\nb"c\n')
  })

  test('of megabytes is read in one go without delay', () => {
    const text = 'line "quoted" \\ and more\n'.repeat(40_000)
    expect(run([JSON.stringify({ input: text })]).join('')).toBe(text)
  })
})
