import { buildLetterTables, type LetterTables } from './confusables.ts'
import { hasInvisible, type InvisibleEvidence, stripInvisible } from './invisible.ts'
import type { View } from './view.ts'

/** The plain view of a text and what folding it brought to light. */
export interface Folded {
  readonly view: View
  readonly invisible: InvisibleEvidence | undefined
  /** Words that mix Latin letters with look-alikes of other scripts. */
  readonly mixedWords: number
  /** Combining marks beyond the second on one Latin letter. */
  readonly stackedMarks: number
}

let tables: LetterTables | undefined

/**
 * Folds a text for reading: invisible characters out, NFKC, marks off Latin letters, look-alikes in words of mixed
 * script to Latin, lower case. Linear; an ASCII text only pays the copy.
 */
export const fold = (text: string): Folded => {
  const ascii = foldAscii(text)
  if (ascii !== undefined) return { view: ascii, invisible: undefined, mixedWords: 0, stackedMarks: 0 }
  const stripped = hasInvisible(text) ? stripInvisible(text) : undefined
  const seen =
    stripped === undefined
      ? text
      : Buffer.from(stripped.codes.buffer, 0, stripped.length * 2).toString('utf16le')
  const visible = seen.replace(sentences, ' ')
  const lowered = lowerCase(visible.normalize('NFKC'))
  const offsets = composeOffsets(stripped?.offsets, visible, lowered)
  return { ...foldLetters(lowered, offsets, text.length), invisible: stripped?.evidence }
}

/** Folds a text that another step decoded; its place in the original is the span it was decoded from. */
export const foldDecoded = (text: string, kind: View['kind'], base: number, end: number): View => {
  const { view } = fold(text)
  return {
    kind,
    codes: view.codes,
    length: view.length,
    offsets: new Int32Array(view.length).fill(base),
    base,
    end,
  }
}

const foldAscii = (text: string): View | undefined => {
  // Beyond ASCII each unit takes more than one byte; nothing tells it sooner.
  if (Buffer.byteLength(text) !== text.length) return undefined
  const length = text.length
  const codes = new Uint16Array(length)
  Buffer.from(codes.buffer).write(text.toLowerCase(), 'utf16le')
  return { kind: 'plain', codes, length, offsets: undefined, base: 0, end: length }
}

/** Two characters that stand for whole sentences: eight and eighteen letters each, the only ones so long. */
const sentences = /[\ufdfa\ufdfb]/g

const lowerCase = (text: string): string => {
  const lowered = text.toLowerCase()
  return lowered.length === text.length ? lowered : text
}

/** Offsets of a normalised text: exact outside of the runs whose length changed, the run's start inside them. */
const composeOffsets = (
  earlier: Int32Array | undefined,
  before: string,
  after: string,
): Int32Array | undefined => {
  if (before.length === after.length) return earlier
  const offsets = new Int32Array(after.length)
  let written = 0
  let index = 0
  while (index < before.length && written < after.length) {
    let end = index + 1
    while (
      end < before.length &&
      !(isAnchor(before.charCodeAt(end)) && isAnchor(before.charCodeAt(end - 1)))
    ) {
      end += 1
      if (end - index > 256 && isAnchor(before.charCodeAt(end - 1))) break
    }
    const width = end - index === 1 ? 1 : before.slice(index, end).normalize('NFKC').length
    for (let step = 0; step < width && written < after.length; step += 1) {
      const place = Math.min(index + step, end - 1)
      offsets[written++] = earlier?.[place] ?? place
    }
    index = end
  }
  while (written < after.length) offsets[written++] = earlier?.[before.length - 1] ?? before.length - 1
  return offsets
}

const isAnchor = (code: number): boolean => code < 0x80

const isMark = (code: number): boolean =>
  (code >= 0x300 && code <= 0x36f) ||
  (code >= 0x1ab0 && code <= 0x1aff) ||
  (code >= 0x1dc0 && code <= 0x1dff) ||
  (code >= 0x20d0 && code <= 0x20ff) ||
  (code >= 0xfe20 && code <= 0xfe2f)

const isLatin = (code: number): boolean => code >= 0x61 && code <= 0x7a

/** Enclosed and regional letters beyond the basic plane: their low surrogates after U+D83C, by first letter. */
const enclosedLetter = (low: number): number => {
  if (low >= 0xdd10 && low <= 0xdd29) return low - 0xdd10 + 0x61
  if (low >= 0xdd30 && low <= 0xdd49) return low - 0xdd30 + 0x61
  if (low >= 0xdd50 && low <= 0xdd69) return low - 0xdd50 + 0x61
  if (low >= 0xdd70 && low <= 0xdd89) return low - 0xdd70 + 0x61
  return low >= 0xdde6 && low <= 0xddff ? low - 0xdde6 + 0x61 : 0
}

const foldLetters = (
  text: string,
  earlier: Int32Array | undefined,
  end: number,
): Omit<Folded, 'invisible'> => {
  tables ??= buildLetterTables()
  const { base, lookalike } = tables
  const codes = new Uint16Array(text.length)
  const offsets = new Int32Array(text.length)
  let length = 0
  let wordStart = 0
  let latinLetters = 0
  let alikes = 0
  let letters = 0
  let mixedWords = 0
  let stackedMarks = 0
  let marks = 0
  for (let index = 0; index < text.length; index += 1) {
    let code = text.charCodeAt(index)
    const offset = earlier === undefined ? index : (earlier[index] ?? end)
    if (code >= 0x80) {
      if (isMark(code)) {
        const under = codes[length - 1] ?? 0
        if (isLatin(under) || lookalike[under] !== 0) {
          marks += 1
          if (marks > 2) stackedMarks += 1
          continue
        }
      }
      const plain = base[code] ?? 0
      if (plain !== 0) code = plain
      else if (code === 0xd83c) {
        const letter = enclosedLetter(text.charCodeAt(index + 1))
        if (letter !== 0) {
          code = letter
          index += 1
        }
      }
    }
    marks = 0
    codes[length] = code
    offsets[length] = offset
    const isWordLetter = isLatin(code) || code >= 0x250
    if (!isWordLetter) {
      if (isDisguised(letters, latinLetters, alikes, mixedWords)) {
        latinize(codes, wordStart, length, lookalike)
        if (latinLetters > 0) mixedWords += 1
      }
      wordStart = length + 1
      latinLetters = 0
      alikes = 0
      letters = 0
    } else {
      letters += 1
      if (code < 0x80) latinLetters += 1
      else if (lookalike[code] !== 0) alikes += 1
    }
    length += 1
  }
  if (isDisguised(letters, latinLetters, alikes, mixedWords)) {
    latinize(codes, wordStart, length, lookalike)
    if (latinLetters > 0) mixedWords += 1
  }
  return { view: { kind: 'plain', codes, length, offsets, base: 0, end }, mixedWords, stackedMarks }
}

/** A word with Latin letters and look-alikes of them; or of look-alikes only, in a text that mixed some before. */
const isDisguised = (letters: number, latinLetters: number, alikes: number, mixedWords: number): boolean =>
  alikes > 0 && (latinLetters > 0 || (mixedWords > 1 && alikes === letters))

/** Puts the Latin letter for each look-alike of a word. */
const latinize = (codes: Uint16Array, from: number, to: number, lookalike: Uint16Array): void => {
  for (let place = from; place < to; place += 1) {
    const latin = lookalike[codes[place] ?? 0] ?? 0
    if (latin !== 0) codes[place] = latin
  }
}
