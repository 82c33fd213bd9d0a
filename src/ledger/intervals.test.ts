import { describe, expect, test } from 'bun:test'
import { meanInterval, median, medianInterval, shareInterval, studentBound } from './intervals.ts'

test('a share has the interval of Wilson, as published tables have it', () => {
  // Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const published = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const
  for (const [hits, total, low, high] of published) {
    const interval = shareInterval(hits, total)
    expect(interval?.value).toBe(hits / total)
    expect(interval?.low).toBeCloseTo(low, 4)
    expect(interval?.high).toBeCloseTo(high, 4)
  }
  expect(shareInterval(20, 20)).toMatchObject({ value: 1, high: 1 })
  expect(shareInterval(0, 0)).toBeNull()
})

test('the bounds of Student are those of the tables', () => {
  const table = { 1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 10: 2.228, 30: 2.042, 120: 1.98 }
  for (const [freedom, bound] of Object.entries(table)) {
    expect(Math.abs(studentBound(Number(freedom)) / bound - 1)).toBeLessThan(0.002)
  }
  expect(studentBound(1e9)).toBeCloseTo(1.959964, 6)
})

describe('a mean', () => {
  test('lies within what t allows', () => {
    // Mean 5, deviation 2.1381 of eight values, t 2.3646: 5 ± 1.7875.
    const interval = meanInterval([2, 4, 4, 4, 5, 5, 7, 9])
    expect(interval?.value).toBe(5)
    expect(interval?.low).toBeCloseTo(3.2125, 2)
    expect(interval?.high).toBeCloseTo(6.7875, 2)
  })

  test('of equal values is sure, and of one value says nothing', () => {
    expect(meanInterval([3, 3, 3])).toEqual({ value: 3, low: 3, high: 3 })
    expect(meanInterval([3])).toBeNull()
    expect(meanInterval([])).toBeNull()
  })
})

describe('a median', () => {
  test('is the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([])).toBeNull()
  })

  test('lies between the ranks that the binomial distribution says', () => {
    // Of 100 values the 40th and the 61st.
    const values = Array.from({ length: 100 }, (_, index) => (index * 37) % 100)
    expect(medianInterval(values)).toEqual({ value: 49.5, low: 39, high: 60 })
    expect(medianInterval([5, 1, 4, 2, 6, 3])).toEqual({ value: 3.5, low: 1, high: 6 })
    expect(medianInterval([1, 2, 3, 4, 5])).toBeNull()
  })

  test('holds the truth about as often as it says', () => {
    let seed = 42
    const random = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed / 2 ** 32
    }
    const trials = 2_000
    let medians = 0
    let means = 0
    for (let trial = 0; trial < trials; trial++) {
      const values = Array.from({ length: 40 }, random)
      const one = medianInterval(values)
      const other = meanInterval(values)
      if (one !== null && one.low <= 0.5 && one.high >= 0.5) medians++
      if (other !== null && other.low <= 0.5 && other.high >= 0.5) means++
    }
    expect(medians / trials).toBeGreaterThan(0.94)
    expect(means / trials).toBeGreaterThan(0.935)
    expect(means / trials).toBeLessThan(0.965)
  })
})
