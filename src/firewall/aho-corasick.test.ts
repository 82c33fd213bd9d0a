import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createAutomaton } from './aho-corasick.ts'

const hits = (words: readonly string[], text: string, from?: number): readonly string[] => {
  const found: string[] = []
  createAutomaton(words).scan(
    text,
    (word, end) => {
      found.push(`${end}:${word}`)
      return true
    },
    from,
  )
  return found
}

const naive = (words: readonly string[], text: string): readonly string[] => {
  const found: [number, number][] = []
  words.forEach((word, index) => {
    for (let at = 0; at + word.length <= text.length; at++)
      if (text.slice(at, at + word.length).toLowerCase() === word.toLowerCase())
        found.push([at + word.length, index])
  })
  return found.map(([end, index]) => `${end}:${index}`).sort()
}

test('finds words inside words and words that share an end', () => {
  expect([...hits(['he', 'she', 'his', 'hers'], 'ushers')].sort()).toEqual(['4:0', '4:1', '6:3'])
})

test('takes upper and lower case for the same, beyond ASCII too', () => {
  expect(hits(['Schlüssel', 'ключ'], 'SCHLÜSSEL и КЛЮЧ')).toEqual(['9:0', '16:1'])
})

test('starts where it is told and stops when the visitor has had enough', () => {
  expect(hits(['ab'], 'ababab', 1)).toEqual(['4:0', '6:0'])
  const seen: number[] = []
  createAutomaton(['a']).scan('aaaa', (_, end) => seen.push(end) < 2)
  expect(seen).toEqual([1, 2])
})

test('refuses an empty word', () => {
  expect(() => createAutomaton(['a', ''])).toThrow(RangeError)
})

test('finds what a naive search finds, in any words and text', () => {
  const letters = fc.stringMatching(/^[abAB-]{1,5}$/)
  fc.assert(
    fc.property(
      fc.uniqueArray(letters, { minLength: 1, maxLength: 8, selector: (word) => word.toLowerCase() }),
      fc.stringMatching(/^[abAB-]{0,60}$/),
      (words, text) => {
        expect([...hits(words, text)].sort()).toEqual([...naive(words, text)])
      },
    ),
    { numRuns: 500 },
  )
})
