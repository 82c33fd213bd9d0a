import { createHashTable } from './hash-table.ts'
import { hashOf, hashStart, hashStep } from './tokens.ts'

/** Common words and words of attacks: what tells a rejoined or decoded letter string from noise. */
export interface Lexicon {
  /** Whether a word's hash is known. */
  has(hash: number): boolean
  /**
   * From 1 on for a known word, the commonest first; `rotatedRank` when the hash is that of a known word rotated by 13,
   * `reversedRank` when of one written backwards, else 0.
   */
  rank(hash: number): number
  /** Cuts letters into known words; undefined when they do not come out even. */
  segment(letters: string): readonly string[] | undefined
}

export const rotatedRank = -1
export const reversedRank = -2

const longestWord = 16
const longestSegmented = 4096

const rotated = (word: string): string =>
  word.replace(/[a-z]/g, (character) =>
    String.fromCharCode(((character.charCodeAt(0) - 0x61 + 13) % 26) + 0x61),
  )

/** Builds a lexicon from words of `a-z`, the commonest first. */
export const createLexicon = (words: readonly string[]): Lexicon => {
  const known = new Set(words.map(hashOf))
  const table = createHashTable([
    ...words.map((word, rank) => [hashOf(word), rank + 1] as const),
    ...words
      .filter((word) => word.length > 2)
      .flatMap((word) => [
        [hashOf(rotated(word)), rotatedRank] as const,
        [hashOf([...word].reverse().join('')), reversedRank] as const,
      ])
      .filter(([hash]) => !known.has(hash)),
  ])
  /** The cheapest cut: each word costs a little, more when it is rare, less when it is long. */
  const segment = (letters: string): readonly string[] | undefined => {
    const size = letters.length
    if (size > longestSegmented) return undefined
    const costs = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY)
    const lengths = new Uint8Array(size + 1)
    costs[0] = 0
    for (let start = 0; start < size; start += 1) {
      const cost = costs[start] ?? 0
      if (cost === Number.POSITIVE_INFINITY) continue
      let hash = hashStart
      const limit = Math.min(size, start + longestWord)
      for (let end = start + 1; end <= limit; end += 1) {
        hash = hashStep(hash, letters.charCodeAt(end - 1))
        const rank = table.get(hash)
        if (rank <= 0) continue
        const length = end - start
        const step = cost + 6 + rank / 700 + (length < 3 ? 4 : length < 4 ? 1 : 0)
        if (step < (costs[end] ?? 0)) {
          costs[end] = step
          lengths[end] = length
        }
      }
      // A letter that belongs to no word costs more than one that does, and less than no cut at all.
      const alone = cost + 9
      if (alone < (costs[start + 1] ?? 0)) {
        costs[start + 1] = alone
        lengths[start + 1] = 1
      }
    }
    if ((costs[size] ?? 0) > size * 4.5) return undefined
    const found: string[] = []
    for (let end = size; end > 0; ) {
      const length = lengths[end] ?? 1
      found.push(letters.slice(end - length, end))
      end -= length
    }
    return found.reverse()
  }
  return {
    has: (hash) => table.get(hash) > 0,
    rank: table.get,
    segment,
  }
}
