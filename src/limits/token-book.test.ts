import { expect, test } from 'bun:test'
import { createTokenBook } from './token-book.ts'

test('knows nothing at first: as estimated, and what the client wants, up to a usual answer', () => {
  const book = createTokenBook()
  expect(book.expect({ who: 'a', input: 500, maxOutput: undefined })).toEqual({ input: 500, output: 1000 })
  expect(book.expect({ who: 'a', input: 500, maxOutput: 32_000 })).toEqual({ input: 500, output: 1000 })
  expect(book.expect({ who: 'a', input: 500, maxOutput: 100 })).toEqual({ input: 500, output: 100 })
})

test('learns how far estimates are off and how long answers are, for each by itself', () => {
  const book = createTokenBook()
  for (const output of [10, 5_000, 30, 20, 40]) book.learn('a', 1_000, { input: 1_500, output })
  expect(book.expect({ who: 'a', input: 2_000, maxOutput: 32_000 })).toEqual({ input: 3_000, output: 30 })
  expect(book.expect({ who: 'b', input: 2_000, maxOutput: undefined })).toEqual({
    input: 2_000,
    output: 1000,
  })
})

test('one odd prompt changes little once many are known, and forgets outputs of long ago', () => {
  const book = createTokenBook()
  for (let time = 0; time < 50; time++) book.learn('a', 1_000, { input: 1_000, output: 10 })
  book.learn('a', 1_000, { input: 90_000, output: 10 })
  expect(book.expect({ who: 'a', input: 1_000, maxOutput: undefined }).input).toBeLessThanOrEqual(1_900)
  for (let time = 0; time < 15; time++) book.learn('a', 1_000, { input: 1_000, output: 700 })
  expect(book.expect({ who: 'a', input: 1_000, maxOutput: undefined }).output).toBe(700)
})
