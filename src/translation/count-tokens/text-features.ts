/**
 * Counts of what tokenizers tend to cut a text into. One pass, one step per character; no regular expressions, so no
 * text takes longer than another of its length.
 */
export interface TextFeatures {
  /** Runs of Latin letters, and their letters beyond what one token often holds. */
  words: number
  longWordLetters: number
  /** Upper case behind lower case within a word. */
  humps: number
  /** Groups of up to three digits. */
  digitGroups: number
  punctuationRuns: number
  punctuation: number
  /** Runs of two spaces or more, and of line ends. */
  spaceRuns: number
  lineRuns: number
  /** Letters of other alphabets, Chinese, Japanese and Korean characters, and everything else. */
  otherLetters: number
  ideographs: number
  symbols: number
}

const usualWordLength = 7

const letter = 0
const digit = 1
const space = 2
const line = 3
const punctuation = 4
const otherLetter = 5
const ideograph = 6
const symbol = 7

export const textFeatures = (text: string): TextFeatures => {
  const found: TextFeatures = {
    words: 0,
    longWordLetters: 0,
    humps: 0,
    digitGroups: 0,
    punctuationRuns: 0,
    punctuation: 0,
    spaceRuns: 0,
    lineRuns: 0,
    otherLetters: 0,
    ideographs: 0,
    symbols: 0,
  }
  let kind = -1
  let run = 0
  let wasLower = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const next = code < 0x80 ? (asciiKinds[code] ?? symbol) : kindBeyondAscii(code)
    run = next === kind ? run + 1 : 1
    kind = next
    switch (next) {
      case letter: {
        const isUpper = code < 0x61
        if (run === 1) found.words++
        else if (isUpper && wasLower) found.humps++
        if (run > usualWordLength) found.longWordLetters++
        wasLower = !isUpper
        break
      }
      case digit:
        if (run % 3 === 1) found.digitGroups++
        break
      case punctuation:
        if (run === 1) found.punctuationRuns++
        found.punctuation++
        break
      case space:
        if (run === 2) found.spaceRuns++
        break
      case line:
        if (run === 1) found.lineRuns++
        break
      case otherLetter:
        found.otherLetters++
        break
      case ideograph:
        found.ideographs++
        break
      default:
        found.symbols++
    }
  }
  return found
}

/** Looked up, not compared, as this runs for every character of every prompt. */
const asciiKinds: Uint8Array = Uint8Array.from({ length: 0x80 }, (_, code) => {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)) return letter
  if (code === 0x20 || code === 0x09) return space
  if (code === 0x0a || code === 0x0d) return line
  return code >= 0x30 && code <= 0x39 ? digit : punctuation
})

const kindBeyondAscii = (code: number): number => {
  if (code < 0x2000) return code < 0xa0 ? symbol : otherLetter
  if (code >= 0x3040 && code <= 0x9fff) return ideograph
  if (code >= 0xac00 && code <= 0xd7a3) return ideograph
  return code >= 0xf900 && code <= 0xfaff ? ideograph : symbol
}
