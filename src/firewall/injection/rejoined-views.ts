import type { Lexicon } from './lexicon.ts'
import { digit, hashOf, hashStart, hashStep, letter, punctuation, type Tokens } from './tokens.ts'
import { originalOffset, type View, type ViewKind } from './view.ts'

const mostViews = 8
const longestRegion = 16_384
const margin = 160

/**
 * Views of words that were pulled apart or disguised: letters with spaces or dots between them, digits for letters,
 * words cut in two or run together, rot13 and reversed text. Only parts of the text where several known words come
 * out are read again. Linear.
 */
export const rejoinedViews = (view: View, tokens: Tokens, lexicon: Lexicon): readonly View[] => {
  const views: View[] = []
  const survey = surveyTokens(view, tokens, lexicon)
  if (survey.lone) spacedViews(view, tokens, lexicon, views)
  if (survey.mixed) leetView(view, lexicon, views)
  if (survey.chained) unchainedView(view, views)
  if (survey.joins >= 2) joinedView(view, tokens, lexicon, survey, views)
  for (const kind of ['rot13', 'reversed'] as const) {
    const region = kind === 'rot13' ? survey.rotated : survey.reversed
    const named = kind === 'rot13' ? survey.namesRot13 : survey.namesReverse
    if (isDense(region) || (named && region.count >= 1)) disguisedView(view, kind, region, views)
  }
  return views
}

interface Region {
  count: number
  start: number
  end: number
}

/** A disguised text shows a known word every few words; chance does not. */
const isDense = ({ count, start, end }: Region): boolean => count >= 2 && end - start <= count * 36

interface Survey {
  lone: boolean
  mixed: boolean
  /** Five known words in a row with one sign between each two. */
  chained: boolean
  joins: number
  longWords: number
  firstJoin: number
  lastJoin: number
  namesRot13: boolean
  namesReverse: boolean
  readonly rotated: Region
  readonly reversed: Region
}

const rot13Names = new Set(['rot13', 'rot', 'caesar', 'cipher', 'rotated'].map(hashOf))
const reverseNames = new Set(
  ['reverse', 'reversed', 'backwards', 'backward', 'reversing', 'mirror'].map(hashOf),
)

/** Fewer letters are a long word, or two in an identifier. */
const longWord = 24

const surveyTokens = (view: View, tokens: Tokens, lexicon: Lexicon): Survey => {
  const survey: Survey = {
    lone: false,
    mixed: false,
    chained: false,
    joins: 0,
    longWords: 0,
    firstJoin: -1,
    lastJoin: -1,
    namesRot13: false,
    namesReverse: false,
    rotated: { count: 0, start: 0, end: 0 },
    reversed: { count: 0, start: 0, end: 0 },
  }
  const { hashes, starts, ends, kinds, count } = tokens
  let lone = 0
  let chained = 0
  let previous = -1
  let previousKnown = false
  for (let index = 0; index < count; index += 1) {
    const kind = kinds[index] ?? 0
    const start = starts[index] ?? 0
    const end = ends[index] ?? 0
    const width = end - start
    if (kind === punctuation) {
      const code = view.codes[start] ?? 0
      if (width === 1 && (code === 0x40 || code === 0x24 || code === 0x21 || code === 0x7c)) {
        if (isLetterAt(view, start + 1) || (code !== 0x21 && isLetterAt(view, start - 1))) survey.mixed = true
      }
      continue
    }
    if (width === 1 && (kind & (letter | digit)) !== 0) {
      lone += 1
      if (lone >= 6) survey.lone = true
    } else lone = 0
    if (kind === (letter | digit)) survey.mixed = true
    if (kind !== letter) {
      previous = -1
      continue
    }
    const hash = hashes[index] ?? 0
    const known = lexicon.has(hash)
    if (!known) {
      const disguise = width >= 3 ? lexicon.disguise(hash) : 0
      if (disguise !== 0) widen(disguise === 1 ? survey.rotated : survey.reversed, start, end)
      if (width >= longWord) {
        survey.longWords += 1
        noteJoin(survey, index, 2)
      }
      if (rot13Names.has(hash)) survey.namesRot13 = true
    }
    if (known && index > 1 && isChained(view, tokens, index)) {
      chained += 1
      if (chained >= 4) survey.chained = true
    } else chained = 0
    if (reverseNames.has(hash)) survey.namesReverse = true
    if (rot13Names.has(hash)) survey.namesRot13 = true
    if (previous >= 0 && !(known && previousKnown) && isJoin(view, tokens, previous, index, lexicon)) {
      noteJoin(survey, previous, 1)
    }
    previous = index
    previousKnown = known
  }
  return survey
}

const noteJoin = (survey: Survey, index: number, count: number): void => {
  survey.joins += count
  if (survey.firstJoin < 0) survey.firstJoin = index
  survey.lastJoin = index + 1
}

const isLetterAt = (view: View, index: number): boolean => {
  const code = index >= 0 && index < view.length ? (view.codes[index] ?? 0) : 0
  return code >= 0x61 && code <= 0x7a
}

const widen = (region: Region, start: number, end: number): void => {
  if (region.count === 0) region.start = start
  region.count += 1
  region.end = end
}

/** Whether two neighbours are one known word of five letters or more. */
const isJoin = (view: View, tokens: Tokens, before: number, after: number, lexicon: Lexicon): boolean => {
  const start = tokens.starts[after] ?? 0
  const end = tokens.ends[after] ?? 0
  const beforeStart = tokens.starts[before] ?? 0
  const beforeEnd = tokens.ends[before] ?? 0
  const length = end - start + beforeEnd - beforeStart
  if (start - beforeEnd !== 1 || length < 5 || length > 16) return false
  let hash = tokens.hashes[before] ?? 0
  for (let index = start; index < end; index += 1) hash = hashStep(hash, view.codes[index] ?? 0)
  return lexicon.has(hash)
}

const push = (
  views: View[],
  source: View,
  kind: ViewKind,
  codes: ArrayLike<number>,
  places: ArrayLike<number>,
): void => {
  if (views.length >= mostViews || codes.length < 4) return
  const offsets = new Int32Array(places.length)
  for (let index = 0; index < places.length; index += 1)
    offsets[index] = originalOffset(source, places[index] ?? 0)
  const [first, last] = [places[0] ?? 0, places[places.length - 1] ?? 0]
  views.push({
    kind,
    codes: Uint16Array.from(codes),
    length: codes.length,
    offsets,
    base: originalOffset(source, Math.min(first, last)),
    end: originalOffset(source, Math.max(first, last) + 1),
  })
}

const pushText = (
  views: View[],
  source: View,
  kind: ViewKind,
  text: string,
  start: number,
  end: number,
): void => {
  if (views.length >= mostViews || text.length < 4) return
  const codes = new Uint16Array(text.length)
  for (let index = 0; index < text.length; index += 1) codes[index] = text.charCodeAt(index)
  const from = originalOffset(source, start)
  views.push({
    kind,
    codes,
    length: text.length,
    offsets: new Int32Array(text.length).fill(from),
    base: from,
    end: originalOffset(source, end),
  })
}

/** Runs of lone letters. Where the gaps differ, the wider ones part the words; else the lexicon does. */
const spacedViews = (view: View, tokens: Tokens, lexicon: Lexicon, views: View[]): void => {
  const { starts, ends, kinds, count } = tokens
  const isLone = (index: number): boolean =>
    (ends[index] ?? 0) - (starts[index] ?? 0) === 1 && ((kinds[index] ?? 0) & (letter | digit)) !== 0
  let index = 0
  while (index < count) {
    if (!isLone(index)) {
      index += 1
      continue
    }
    const places: number[] = []
    const first = index
    for (; index < count && places.length < 4096; index += 1) {
      if (isLone(index)) {
        const place = starts[index] ?? 0
        if (places.length > 0 && place - (places.at(-1) ?? 0) > 8) break
        places.push(place)
      } else if ((kinds[index] ?? 0) !== punctuation) break
    }
    if (index === first) index += 1
    const letters = places.filter((place) => (view.codes[place] ?? 0) >= 0x61).length
    if (letters < 6 || letters < places.length * 0.6) continue
    let text = ''
    const gaps = places.slice(1).map((place, step) => gapOf(view, places[step] ?? 0, place))
    const commonest = mostCommon(gaps)
    places.forEach((place, step) => {
      if (step > 0 && gaps[step - 1] !== commonest) text += ' '
      text += letterFor(view.codes[place] ?? 0)
    })
    const joined = text
      .split(' ')
      .map((piece) => (lexicon.has(hashOf(piece)) ? piece : (lexicon.segment(piece)?.join(' ') ?? piece)))
      .join(' ')
    pushText(views, view, 'spaced', joined, places[0] ?? 0, (places.at(-1) ?? 0) + 1)
  }
}

/** Hash of what stands between two places. */
const gapOf = (view: View, from: number, to: number): number => {
  let gap = hashStart
  for (let index = from + 1; index < to; index += 1) gap = hashStep(gap, view.codes[index] ?? 0)
  return gap
}

const mostCommon = (gaps: readonly number[]): number => {
  const counts = new Map<number, number>()
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1)
  let best = 0
  for (const [gap, count] of counts) if (count > (counts.get(best) ?? 0)) best = gap
  return best
}

const leetLetters: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '+': 't',
}

const leetTable = ((): Uint8Array => {
  const table = new Uint8Array(128)
  for (let code = 0x61; code <= 0x7a; code += 1) table[code] = code
  for (const [from, to] of Object.entries(leetLetters)) table[from.charCodeAt(0)] = to.charCodeAt(0)
  return table
})()

const letterFor = (code: number): string => {
  const mapped = code < 128 ? (leetTable[code] ?? 0) : code
  return String.fromCharCode(mapped === 0 ? code : mapped)
}

/** The text around words that digits and signs are letters of, when at least two of them are known words then. */
const leetView = (view: View, lexicon: Lexicon, views: View[]): void => {
  const { codes, length } = view
  const replacements: { readonly start: number; readonly word: readonly number[] }[] = []
  let index = 0
  let meant = 0
  while (index < length && replacements.length < 4096) {
    const code = codes[index] ?? 0
    if (code >= 128 || leetTable[code] === 0) {
      index += 1
      continue
    }
    const start = index
    let letters = 0
    let signs = 0
    while (index < length) {
      const next = codes[index] ?? 0
      if (next >= 128 || leetTable[next] === 0) break
      if (next >= 0x61) letters += 1
      else signs += 1
      index += 1
    }
    if (signs === 0 || index - start > 24) continue
    const word = readLeet(codes, start, index, lexicon)
    if (word === undefined) continue
    replacements.push({ start, word })
    if (letters > 0 && word.length > 2) meant += 1
  }
  const first = replacements[0]
  const last = replacements.at(-1)
  if (meant < 2 || first === undefined || last === undefined) return
  const from = Math.max(0, first.start - margin)
  const to = Math.min(length, last.start + margin, from + longestRegion)
  const text = Array.from(codes.subarray(from, to))
  for (const { start, word } of replacements) {
    word.forEach((letterCode, step) => {
      if (start + step < to) text[start + step - from] = letterCode
    })
  }
  push(
    views,
    view,
    'leet',
    text,
    Array.from(text, (_, step) => from + step),
  )
}

/** Reads a word with 1 as `i` or `l`; a trailing exclamation mark may be one. */
const readLeet = (
  codes: Uint16Array,
  start: number,
  end: number,
  lexicon: Lexicon,
): readonly number[] | undefined => {
  for (const one of [0x69, 0x6c]) {
    for (const stop of codes[end - 1] === 0x21 ? [end, end - 1] : [end]) {
      const word: number[] = []
      let hash = hashOf('')
      for (let index = start; index < stop; index += 1) {
        const code = codes[index] ?? 0
        const mapped = code === 0x31 || code === 0x21 ? one : (leetTable[code] ?? 0)
        word.push(mapped)
        hash = hashStep(hash, mapped)
      }
      if (word.length > 0 && lexicon.has(hash)) return word
    }
  }
  return undefined
}

/** Whether a word hangs on the one before by one sign: `ignore_all`, `ignore-all`, `ignore/all`. */
const isChained = (view: View, tokens: Tokens, index: number): boolean => {
  const start = tokens.starts[index] ?? 0
  return (
    tokens.kinds[index - 1] === punctuation &&
    tokens.ends[index - 1] === start &&
    tokens.starts[index - 1] === start - 1 &&
    tokens.ends[index - 2] === start - 1 &&
    chains.has(view.codes[start - 1] ?? 0)
  )
}

const chains: ReadonlySet<number> = new Set([...'_-./+*|~'].map((sign) => sign.charCodeAt(0)))

const underscore = 0x5f

/** The text with the signs between words as spaces. */
const unchainedView = (view: View, views: View[]): void => {
  const size = Math.min(view.length, longestRegion * 2)
  const codes = view.codes.slice(0, size)
  const places = new Int32Array(size)
  for (let index = 0; index < size; index += 1) {
    const code = view.codes[index] ?? 0
    const isBefore = isLetterAt(view, index - 1)
    const isAfter = isLetterAt(view, index + 1)
    const isSign =
      chains.has(code) && ((isBefore && isAfter) || (code === underscore && (isBefore || isAfter)))
    if (isSign) codes[index] = 0x20
    places[index] = index
  }
  push(views, view, 'joined', codes, places)
}

/** The region around cut words with the halves put together, and words run together taken apart. */
const joinedView = (view: View, tokens: Tokens, lexicon: Lexicon, survey: Survey, views: View[]): void => {
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
  push(views, view, kind, codes.subarray(0, length), places.subarray(0, length))
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

/** The region in which known words show through rot13 or backwards writing, read in clear. */
const disguisedView = (view: View, kind: 'rot13' | 'reversed', region: Region, views: View[]): void => {
  const from = Math.max(0, region.start - margin)
  const to = Math.min(view.length, region.end + margin, from + longestRegion)
  const codes = Array.from(view.codes.subarray(from, to))
  const places = codes.map((_, step) => from + step)
  if (kind === 'rot13') {
    push(views, view, kind, codes.map(rotate), places)
    return
  }
  push(views, view, kind, codes.toReversed(), places.toReversed())
  push(views, view, kind, reverseWords(codes), places)
}

const rotate = (code: number): number =>
  code >= 0x61 && code <= 0x7a ? ((code - 0x61 + 13) % 26) + 0x61 : code

/** Each word backwards, the order of the words kept. */
const reverseWords = (codes: readonly number[]): readonly number[] => {
  const turned = codes.slice()
  let start = 0
  for (let index = 0; index <= turned.length; index += 1) {
    const code = turned[index] ?? 0x20
    if (code > 0x20) continue
    for (let left = start, right = index - 1; left < right; left += 1, right -= 1) {
      const held = turned[left] ?? 0
      turned[left] = turned[right] ?? 0
      turned[right] = held
    }
    start = index + 1
  }
  return turned
}
