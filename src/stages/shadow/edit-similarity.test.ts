import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { editDistance } from './edit-distance.ts'
import { editSimilarity } from './edit-similarity.ts'

/** The textbook matrix. */
const slowDistance = (from: readonly string[], to: readonly string[]): number => {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [row, token] of from.entries()) {
    const current = [row + 1]
    for (const [column, other] of to.entries()) {
      current.push(
        Math.min(
          (above[column] ?? 0) + (token === other ? 0 : 1),
          (above[column + 1] ?? 0) + 1,
          (current[column] ?? 0) + 1,
        ),
      )
    }
    above = current
  }
  return above[to.length] ?? 0
}

describe('the edit distance', () => {
  const tokens = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 150 })

  test('is that of the textbook, over blocks of any size', () => {
    fc.assert(
      fc.property(tokens, tokens, (from, to) => {
        expect(editDistance(from, to)).toBe(slowDistance(from, to))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is right at the edges of a block', () => {
    for (const length of [1, 31, 32, 33, 63, 64, 65]) {
      const from = Array.from({ length }, (_, index) => `t${index}`)
      expect(editDistance(from, from)).toBe(0)
      expect(editDistance(from, [])).toBe(length)
      expect(editDistance(from, from.slice(1))).toBe(1)
      expect(editDistance(from, [...from, 'more'])).toBe(1)
      expect(editDistance(from, from.toReversed())).toBe(slowDistance(from, from.toReversed()))
    }
  })
})

describe('the edit similarity', () => {
  test('counts words, and no white space', () => {
    expect(editSimilarity('the quick brown fox', 'the  slow\nbrown fox')).toBe(0.75)
    expect(editSimilarity('same words', 'same\twords ')).toBe(1)
    expect(editSimilarity('', '')).toBe(1)
    expect(editSimilarity('all', 'other')).toBe(0)
    expect(editSimilarity('', 'something')).toBe(0)
  })

  test('takes scripts without spaces sign by sign', () => {
    expect(editSimilarity('今日は天気', '今日は元気')).toBe(0.8)
  })

  test('is between 0 and 1, the same both ways, and 1 for what is equal', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.lorem({ maxCount: 40 }))
    fc.assert(
      fc.property(text, text, (one, other) => {
        const similarity = editSimilarity(one, other)
        expect(similarity).toBeGreaterThanOrEqual(0)
        expect(similarity).toBeLessThanOrEqual(1)
        expect(editSimilarity(other, one)).toBe(similarity)
        expect(editSimilarity(one, one)).toBe(1)
      }),
    )
  })

  test('never says more than the truth of long texts, and nothing less of a small change in them', () => {
    const words = Array.from({ length: 5_000 }, (_, index) => String.fromCharCode(0x4e00 + (index % 977)))
    const similarity = (left: readonly string[], right: readonly string[]) =>
      editSimilarity(left.join(''), right.join(''))
    expect(similarity(words, words.with(2_500, 'x'))).toBe(1 - 1 / 5_000)
    const shifted = ['x', ...words.slice(0, -2), 'y']
    const exact = 1 - slowDistance(words, shifted) / 5_000
    expect(similarity(words, shifted)).toBeLessThanOrEqual(exact)
    expect(similarity(words, shifted)).toBeGreaterThan(exact - 0.01)
  })
})
