import { addPart, addView } from './add-view.ts'
import type { Lexicon } from './lexicon.ts'
import { isChainSign, isJoin, isLetterAt, longWord, type TokenSurvey } from './token-survey.ts'
import { letter, punctuation, type Tokens } from './tokens.ts'
import type { View } from './view.ts'

const longestRegion = 16_384
const underscore = 0x5f

/** The text with the signs between words as spaces. */
export const unchainedView = (view: View, { starts, ends, kinds, count }: Tokens, views: View[]): void => {
  const size = Math.min(view.length, longestRegion * 2)
  const codes = view.codes.slice(0, size)
  for (let index = 0; index < count; index += 1) {
    const first = starts[index] ?? 0
    if (kinds[index] !== punctuation || !isChainSign(view.codes[first] ?? 0)) continue
    // Of a run of signs only the ends stand beside letters.
    const last = (ends[index] ?? 0) - 1
    const isBefore = isLetterAt(view, first - 1)
    const isAfter = isLetterAt(view, last + 1)
    if (view.codes[first] === underscore) {
      if (isBefore && first < size) codes[first] = 0x20
      if (isAfter && last < size) codes[last] = 0x20
    } else if (first === last && isBefore && isAfter && first < size) codes[first] = 0x20
  }
  addPart(views, view, 'joined', codes, 0)
}

/** The region around cut words with the halves put together, and words run together taken apart. */
export const joinedView = (
  view: View,
  tokens: Tokens,
  lexicon: Lexicon,
  survey: TokenSurvey,
  views: View[],
): void => {
  const { starts, ends, kinds, hashes, count } = tokens
  const first = Math.max(0, survey.firstJoin - 32)
  const last = Math.min(count, survey.lastJoin + 32)
  const isUnspaced = survey.longWords * 30 >= count
  const shortest = isUnspaced ? shortestRun : longWord
  const room = Math.min(longestRegion, ((ends[last - 1] ?? 0) - (starts[first] ?? 0)) * 2 + 64)
  const codes = new Uint16Array(room)
  const places = new Int32Array(room)
  let length = 0
  let changes = 0
  const append = (from: number, to: number): void => {
    for (let index = from; index < to && length < room; index += 1) {
      codes[length] = view.codes[index] ?? 0
      places[length++] = index
    }
  }
  const space = (place: number): void => {
    if (length === room) return
    codes[length] = 0x20
    places[length++] = place
  }
  for (let index = first; index < last && length < room; index += 1) {
    const start = starts[index] ?? 0
    const end = ends[index] ?? 0
    const words = isRunTogether(view, tokens, index, lexicon, shortest)
      ? cutWord(view, start, end, lexicon)
      : undefined
    if (words !== undefined) {
      let place = start
      for (const word of words) {
        append(place, place + word.length)
        space(place)
        place += word.length
      }
      changes += 2
      continue
    }
    append(start, end)
    let next = index + 1
    if (next < last && kinds[next] === punctuation && next + 1 < last) next += 1
    const isPair = kinds[index] === letter && next < last && kinds[next] === letter
    const bothKnown = isPair && lexicon.has(hashes[index] ?? 0) && lexicon.has(hashes[next] ?? 0)
    const isCut = next === index + 2 && view.codes[starts[index + 1] ?? 0] === hyphen
    if (isPair && (isCut || !bothKnown) && isJoin(view, tokens, index, next, lexicon)) {
      append(starts[next] ?? 0, ends[next] ?? 0)
      index = next
      changes += 1
    }
    space(end)
  }
  if (changes < 2) return
  const kind = isUnspaced ? 'unspaced' : 'joined'
  addView(views, view, kind, codes.slice(0, length), places.subarray(0, length))
}

const isRunTogether = (
  view: View,
  { starts, ends, kinds, hashes }: Tokens,
  index: number,
  lexicon: Lexicon,
  shortest: number,
): boolean => {
  const start = starts[index] ?? 0
  const width = (ends[index] ?? 0) - start
  return (
    kinds[index] === letter &&
    width >= shortest &&
    isLetterAt(view, start) &&
    !lexicon.has(hashes[index] ?? 0)
  )
}

/** Words that a long one is made of, of which most are not mere letters. */
const cutWord = (view: View, start: number, end: number, lexicon: Lexicon): readonly string[] | undefined => {
  const words = lexicon.segment(
    String.fromCharCode(...view.codes.subarray(start, Math.min(end, start + longestRun))),
  )
  return words !== undefined && words.length > 1 ? words : undefined
}

const hyphen = 0x2d
const longestRun = 2048
/** Where long words are common, so many letters that are no word are taken apart as well. */
const shortestRun = 9
