import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { changedSpans } from './changed-spans.ts'

const taken = (text: string, rewritten: string): readonly string[] | undefined =>
  changedSpans(text, rewritten)?.map(({ start, end }) => text.slice(start, end))

describe('what a rewritten text has taken out', () => {
  test('is what differs, without the signs around it', () => {
    expect(taken('mail dan@acme.io, or Ann.', 'mail [EMAIL], or <PERSON>.')).toEqual(['dan@acme.io', 'Ann'])
    expect(taken('I am Dan Smith of Ulm', 'I am [PERSON] of [PLACE]')).toEqual(['Dan Smith', 'Ulm'])
    expect(taken('call 0171 555 now', 'call *** now')).toEqual(['0171 555'])
    expect(taken('Dan', '[X]')).toEqual(['Dan'])
    expect(taken('same', 'same')).toEqual([])
  })

  test('may be gone without anything in its place', () => {
    expect(taken('I am Dan of Ulm', 'I am of Ulm')?.join('').trim()).toBe('Dan')
    expect(taken('Dan', '')).toEqual(['Dan'])
  })

  test('is nothing that can be told where something is only added', () => {
    expect(taken('hello there', 'WARNING hello there')).toBeUndefined()
    expect(taken('hello there', 'hello dear there')).toBeUndefined()
    expect(taken('', 'x')).toBeUndefined()
    expect(taken('abc', 'abcd')).toBeUndefined()
  })

  test('is nothing that can be told in another text, and the look is over soon', () => {
    const words = (seed: number): string =>
      Array.from({ length: 20_000 }, (_, index) => `w${(index * seed) % 7919}`).join(' ')
    const start = processorTime()
    expect(taken(words(31), words(37))).toBeUndefined()
    expect(processorTime() - start).toBeLessThan(2_000)
  })

  test('never cuts a character apart', () => {
    expect(taken('a 😀 b', 'a 😁 b')).toEqual(['😀'])
  })

  test('covers each value that was replaced, and keeps every other word', () => {
    const word = fc.stringMatching(/^[a-z]{1,6}$/)
    const piece = fc.oneof(
      word.map((text) => ({ text, isValue: false })),
      fc.stringMatching(/^[0-9]{3,9}$/).map((text) => ({ text, isValue: true })),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.map((one) => one.text).join(' ')
        const rewritten = pieces.map((one) => (one.isValue ? '[X]' : one.text)).join(' ')
        const spans = changedSpans(text, rewritten)
        expect(spans).toBeDefined()
        let at = 0
        for (const { text: own, isValue } of pieces) {
          const end = at + own.length
          const covered = (spans ?? []).some((span) => span.start <= at && end <= span.end)
          const touched = (spans ?? []).some((span) => span.start < end && at < span.end)
          expect(isValue ? covered : !touched).toBe(true)
          at = end + 1
        }
      }),
      { numRuns: 500 },
    )
  })
})
