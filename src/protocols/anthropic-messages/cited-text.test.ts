import { describe, expect, test } from 'bun:test'
import type { Citation, TextPart } from '../../ir/index.ts'
import { splitAtCitations } from './cited-text.ts'

const web = (url: string, start?: number, end?: number): Citation => ({
  kind: 'web',
  url,
  ...(start === undefined ? {} : { start }),
  ...(end === undefined ? {} : { end }),
})

const pieces = (text: string, ...citations: readonly Citation[]) =>
  splitAtCitations({ type: 'text', text, citations } satisfies TextPart).map((piece) => [
    piece.text,
    ...(piece.citations ?? []).map(({ url, citedText }) => `${url}=${citedText}`),
  ])

describe('a text with citations', () => {
  test('is cut where ranges begin and end, in code points', () => {
    expect(pieces('Say 🙂 this. More', web('a', 4, 11), web('b', 12, 99))).toEqual([
      ['Say '],
      ['🙂 this. ', 'a=🙂 this.'],
      ['More', 'b=More'],
    ])
  })

  test('where ranges overlap, a piece has several', () => {
    expect(pieces('abcdef', web('x', 0, 4), web('y', 2, 6))).toEqual([
      ['ab', 'x=abcd'],
      ['cd', 'x=abcd', 'y=cdef'],
      ['ef', 'y=cdef'],
    ])
  })

  test('stays one where nobody names a range, or an empty one', () => {
    expect(pieces('abc', web('x'), web('y', 2, 2))).toEqual([['abc', 'x=undefined', 'y=undefined']])
    expect(pieces('abc')).toEqual([['abc']])
  })

  test('leaves no piece of white space alone', () => {
    expect(pieces('one two', web('x', 0, 3), web('y', 4, 7))).toEqual([
      ['one ', 'x=one'],
      ['two', 'y=two'],
    ])
    expect(pieces(' one', web('x', 1, 4))).toEqual([[' one', 'x=one']])
  })
})
