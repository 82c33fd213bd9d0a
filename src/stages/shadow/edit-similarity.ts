import { editDistance } from './edit-distance.ts'

/** Characters and tokens of each text that are looked at. */
const mostCharacters = 32_768
const mostTokens = 8_000
/** Tokens that are compared at once, which takes about a millisecond. */
const pieceLength = 1_000

/**
 * How much of two texts is the same, 0 to 1, by words: 1 less the edit distance over the length of the longer one.
 * White space does not count. Exact where what differs is up to 1,000 words; longer texts are cut into as many pieces
 * each and compared piece by piece, so that it takes no square of their length and is never said to be more than it is.
 */
export const editSimilarity = (one: string, other: string): number => {
  const from = tokens(one)
  const to = tokens(other)
  const longer = Math.max(from.length, to.length)
  if (longer === 0) return 1
  const shorter = Math.min(from.length, to.length)
  let head = 0
  while (head < shorter && from[head] === to[head]) head++
  let tail = 0
  while (tail < shorter - head && from[from.length - 1 - tail] === to[to.length - 1 - tail]) tail++
  const left = from.slice(head, from.length - tail)
  const right = to.slice(head, to.length - tail)
  const pieces = Math.ceil(Math.max(left.length, right.length) / pieceLength)
  let distance = 0
  for (let piece = 0; piece < pieces; piece++) {
    distance += editDistance(pieceOf(left, piece, pieces), pieceOf(right, piece, pieces))
  }
  return 1 - distance / longer
}

const pieceOf = (tokens: readonly string[], piece: number, pieces: number): readonly string[] =>
  tokens.slice(
    Math.floor((tokens.length * piece) / pieces),
    Math.floor((tokens.length * (piece + 1)) / pieces),
  )

/** Words, numbers and single signs; scripts that write no spaces are taken sign by sign. */
const token = /[[\p{L}\p{M}]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]]+|\p{N}+|\S/gv

const tokens = (text: string): readonly string[] =>
  text.slice(0, mostCharacters).match(token)?.slice(0, mostTokens) ?? []
