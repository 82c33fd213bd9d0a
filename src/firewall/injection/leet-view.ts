import { addPart } from './add-view.ts'
import type { Lexicon } from './lexicon.ts'
import { digit, hashStart, hashStep, type Tokens } from './tokens.ts'
import type { View } from './view.ts'

const longestRegion = 16_384
/** So much of the text around is read with it. */
const margin = 160
const mostWords = 4096
const longestWord = 24

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

/** What a letter or sign stands for; 0 for what cannot be part of such a word. */
const leetTable = ((): Uint8Array => {
  const table = new Uint8Array(128)
  for (let code = 0x61; code <= 0x7a; code += 1) table[code] = code
  for (const [from, to] of Object.entries(leetLetters)) table[from.charCodeAt(0)] = to.charCodeAt(0)
  return table
})()

/** The letter that a digit or sign stands for; anything else as it is. */
export const unleet = (code: number): string => {
  const mapped = code < 128 ? (leetTable[code] ?? 0) : code
  return String.fromCharCode(mapped === 0 ? code : mapped)
}

const isLeet = (code: number): boolean => code < 128 && leetTable[code] !== 0

/** Digits and the signs below the letters: a word without one of them is written as it is meant. */
const isSign = (code: number): boolean => code < firstLetter && leetTable[code] !== 0

const firstLetter = 0x61

interface Word {
  readonly start: number
  readonly letters: readonly number[]
}

/** The text around words that digits and signs are letters of, when at least two of them are known words then. */
export const leetView = (view: View, tokens: Tokens, lexicon: Lexicon, views: View[]): void => {
  const words = leetWords(view, tokens, lexicon)
  const first = words[0]
  const last = words.at(-1)
  if (first === undefined || last === undefined) return
  const from = Math.max(0, first.start - margin)
  const to = Math.min(view.length, last.start + margin, from + longestRegion)
  const codes = view.codes.slice(from, to)
  for (const { start, letters } of words) {
    letters.forEach((code, step) => {
      if (start + step < to) codes[start + step - from] = code
    })
  }
  addPart(views, view, 'leet', codes, from)
}

/** Known words among the runs of letters and signs that hold a sign; none when fewer than two are surely meant so. */
const leetWords = ({ codes, length }: View, tokens: Tokens, lexicon: Lexicon): readonly Word[] => {
  const { starts, ends, kinds, count } = tokens
  const words: Word[] = []
  let meant = 0
  let done = 0
  for (let index = 0; index < count; index += 1) {
    const from = starts[index] as number
    // A sign is a digit of a word, or a token's first character.
    if (((kinds[index] as number) & digit) === 0 && !isSign(codes[from] as number)) continue
    const stop = ends[index] as number
    for (let place = Math.max(done, from); place < stop; place += 1) {
      if (!isSign(codes[place] ?? 0)) continue
      let start = place
      while (start > done && isLeet(codes[start - 1] ?? 0)) start -= 1
      let hasLetters = false
      for (done = start; done < length && isLeet(codes[done] ?? 0); done += 1)
        if ((codes[done] ?? 0) >= firstLetter) hasLetters = true
      place = done
      const letters = done - start > longestWord ? undefined : readLeet(codes, start, done, lexicon)
      if (letters === undefined) continue
      if (words.length === mostWords) return meant < 2 ? [] : words
      words.push({ start, letters })
      if (hasLetters && letters.length > 2) meant += 1
    }
  }
  return meant < 2 ? [] : words
}

const one = 0x31
const exclamation = 0x21
const readingsOfOne = [0x69, 0x6c] as const

/** Reads a word with 1 as `i` or `l`; a trailing exclamation mark may be one. */
const readLeet = (
  codes: Uint16Array,
  start: number,
  end: number,
  lexicon: Lexicon,
): readonly number[] | undefined => {
  const shortened = codes[end - 1] === exclamation ? end - 1 : end
  for (const reading of readingsOfOne) {
    for (let stop = end; stop >= shortened; stop -= 1) {
      let hash = hashStart
      for (let index = start; index < stop; index += 1)
        hash = hashStep(hash, leetLetter(codes[index] ?? 0, reading))
      if (stop > start && lexicon.has(hash))
        return Array.from(codes.subarray(start, stop), (code) => leetLetter(code, reading))
    }
  }
  return undefined
}

const leetLetter = (code: number, reading: number): number =>
  code === one || code === exclamation ? reading : (leetTable[code] ?? 0)
