import { type Lexicon, rotatedRank } from './lexicon.ts'
import { digit, hashOf, hashStep, letter, punctuation, type Tokens } from './tokens.ts'
import type { View } from './view.ts'

/** What a view's tokens say about which of its parts should be read in another way. */
export interface TokenSurvey {
  /** Six letters in a row stand alone. */
  lone: boolean
  /** A word is mixed of letters and digits or signs. */
  mixed: boolean
  /** Five known words in a row with one sign between each two. */
  chained: boolean
  joins: number
  longWords: number
  /** First and last token that may be joined to its neighbour or cut. */
  firstJoin: number
  lastJoin: number
  /** Where known words show through rot13 and backwards writing. */
  readonly rotated: Region
  readonly reversed: Region
}

/** A part of a view, and how many words were found in it. */
export interface Region {
  count: number
  start: number
  end: number
}

/** Fewer letters are a long word, or two in an identifier. */
export const longWord = 24

/** Reads a view's tokens once. */
export const surveyTokens = (view: View, tokens: Tokens, lexicon: Lexicon): TokenSurvey => {
  const survey: TokenSurvey = {
    lone: false,
    mixed: false,
    chained: false,
    joins: 0,
    longWords: 0,
    firstJoin: -1,
    lastJoin: -1,
    rotated: { count: 0, start: 0, end: 0 },
    reversed: { count: 0, start: 0, end: 0 },
  }
  const { hashes, starts, ends, kinds, count } = tokens
  let lone = 0
  let chained = 0
  let previous = -1
  let previousKnown = false
  for (let index = 0; index < count; index += 1) {
    const kind = kinds[index] as number
    const start = starts[index] as number
    const width = (ends[index] as number) - start
    if (kind !== letter) {
      if (kind === punctuation) {
        if (width === 1 && !survey.mixed) survey.mixed = isSignOfWord(view, start)
        continue
      }
      lone = width === 1 && kind === digit ? lone + 1 : 0
      if (lone >= loneInRow) survey.lone = true
      if (kind === (letter | digit)) survey.mixed = true
      previous = -1
      continue
    }
    lone = width === 1 ? lone + 1 : 0
    if (lone >= loneInRow) survey.lone = true
    const rank = lexicon.rank(hashes[index] as number)
    const known = rank > 0
    if (known) {
      chained = isChained(view, tokens, index) ? chained + 1 : 0
      if (chained >= 4) survey.chained = true
    } else {
      chained = 0
      if (rank < 0 && width >= 3) widen(rank === rotatedRank ? survey.rotated : survey.reversed, start, width)
      if (width >= longWord) {
        survey.longWords += 1
        noteJoin(survey, index, 2)
      }
    }
    if (previous >= 0 && !(known && previousKnown) && isJoin(view, tokens, previous, index, lexicon))
      noteJoin(survey, previous, 1)
    previous = index
    previousKnown = known
  }
  return survey
}

const loneInRow = 6

/** Whether one of `@ $ ! |` stands where a letter of a word might: before one or, but for `!`, behind one. */
const isSignOfWord = (view: View, place: number): boolean => {
  const code = view.codes[place] ?? 0
  if (code !== 0x40 && code !== 0x24 && code !== 0x21 && code !== 0x7c) return false
  return isLetterAt(view, place + 1) || (code !== 0x21 && isLetterAt(view, place - 1))
}

const noteJoin = (survey: TokenSurvey, index: number, count: number): void => {
  survey.joins += count
  if (survey.firstJoin < 0) survey.firstJoin = index
  survey.lastJoin = index + 1
}

const widen = (region: Region, start: number, width: number): void => {
  if (region.count === 0) region.start = start
  region.count += 1
  region.end = start + width
}

/** Whether one of the letters a to z stands there. */
export const isLetterAt = (view: View, index: number): boolean => {
  const code = index >= 0 && index < view.length ? (view.codes[index] ?? 0) : 0
  return code >= 0x61 && code <= 0x7a
}

/** Whether two neighbours are one known word of five letters or more. */
export const isJoin = (
  { codes }: View,
  { hashes, starts, ends }: Tokens,
  before: number,
  after: number,
  lexicon: Lexicon,
): boolean => {
  const start = starts[after] as number
  const end = ends[after] as number
  const beforeEnd = ends[before] as number
  const length = end - start + beforeEnd - (starts[before] as number)
  if (start - beforeEnd !== 1 || length < 5 || length > 16) return false
  let hash = hashes[before] as number
  for (let index = start; index < end; index += 1) hash = hashStep(hash, codes[index] as number)
  return lexicon.has(hash)
}

/** Whether a word hangs on the one before by one sign: `ignore_all`, `ignore-all`, `ignore/all`. */
const isChained = (view: View, { starts, ends, kinds }: Tokens, index: number): boolean => {
  const start = starts[index] ?? 0
  return (
    index > 1 &&
    kinds[index - 1] === punctuation &&
    ends[index - 1] === start &&
    starts[index - 1] === start - 1 &&
    ends[index - 2] === start - 1 &&
    isChainSign(view.codes[start - 1] ?? 0)
  )
}

const chainSigns: ReadonlySet<number> = new Set([...'_-./+*|~'].map((sign) => sign.charCodeAt(0)))

/** Whether a sign stands between words where a space is meant. */
export const isChainSign = (code: number): boolean => chainSigns.has(code)

const rot13Names = new Set(['rot', 'caesar', 'cipher', 'rotated'].map(hashOf))
const reverseNames = new Set(
  ['reverse', 'reversed', 'backwards', 'backward', 'reversing', 'mirror'].map(hashOf),
)

/** Whether the text says that it is rot13, or backwards. */
export const namesDisguise = ({ hashes, kinds, count }: Tokens, kind: 'rot13' | 'reversed'): boolean => {
  const names = kind === 'rot13' ? rot13Names : reverseNames
  for (let index = 0; index < count; index += 1)
    if (kinds[index] === letter && names.has(hashes[index] ?? 0)) return true
  return false
}
