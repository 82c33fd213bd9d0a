import { boundedEstimator } from './estimate-text.ts'
import type { TokenProfile } from './token-profile.ts'

/** Counts the tokens of a text. */
export type CountText = (text: string) => number

type Encoding = NonNullable<TokenProfile['encoding']>

/**
 * So many characters of one request are counted; beyond, an estimate goes on at the rate that was found so far. Plain
 * text takes 5 ms for them, and the worst text 0.2 s.
 */
const mostCharacters = 100_000

/** Counted in one go, so that no text keeps others waiting for longer than some milliseconds. */
const sliceLength = 8192

/** Opens one of OpenAI's alphabets, which takes some 0.1 s and 60 MB, when it is first needed. */
export const openTokenizer = async (encoding: Encoding): Promise<CountText> => {
  const { countTokens } =
    encoding === 'o200k_base'
      ? await import('gpt-tokenizer/encoding/o200k_base')
      : await import('gpt-tokenizer/encoding/cl100k_base')
  // Words like `<|endoftext|>` in a prompt are text.
  return (text) => countTokens(text, { disallowedSpecial: new Set() })
}

/** Tokens of each of some texts, in their order. Lets others run in between. */
export const countTexts = async (
  texts: readonly string[],
  countExactly: CountText,
): Promise<ReadonlyMap<string, number>> => {
  const tokens = new Map<string, number>()
  const estimate = boundedEstimator()
  let counted = 0
  let estimated = 0
  let room = mostCharacters
  let sinceYield = 0
  for (const text of texts) {
    if (tokens.has(text)) continue
    let total = 0
    let position = 0
    while (position < text.length && room > 0) {
      const end = sliceEnd(text, position, Math.min(sliceLength, room))
      const slice = text.slice(position, end)
      const exact = runsCut(slice).reduce((sum, piece) => sum + countExactly(piece), 0)
      total += exact
      counted += exact
      estimated += estimate(slice)
      room -= end - position
      sinceYield += end - position
      position = end
      if (sinceYield >= sliceLength) {
        sinceYield = 0
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const rate = estimated < 100 ? 1 : Math.min(4, Math.max(0.25, counted / estimated))
    if (position < text.length) total += estimate(text.slice(position)) * rate
    tokens.set(text, total)
  }
  return tokens
}

/** Before a space, where every token ends; in the middle of a text without one. */
const sliceEnd = (text: string, start: number, length: number): number => {
  const limit = start + length
  if (limit >= text.length) return text.length
  const at = text.lastIndexOf(' ', limit)
  if (at > start) return at
  return isLowSurrogate(text.charCodeAt(limit)) ? limit + 1 : limit
}

/** Every such tokenizer takes quadratic time in the length of what it cannot split: this many bytes, about. */
const longestRun = 256

/**
 * The text in pieces that hold no long run; one piece for nearly every text. A tokenizer splits between letters,
 * digits, white space and symbols; what is not ASCII may be any of these but a digit.
 */
export const runsCut = (text: string): readonly string[] => {
  const pieces: string[] = []
  let start = 0
  let letters = 0
  let spaces = 0
  let symbols = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0x80) {
      letters += 3
      spaces += 3
      symbols += 3
    } else if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)) {
      letters++
      spaces = symbols = 0
    } else if (code >= 0x30 && code <= 0x39) letters = spaces = symbols = 0
    else if (code <= 0x20) {
      spaces++
      letters = symbols = 0
    } else {
      symbols++
      letters = spaces = 0
    }
    if ((letters > longestRun || spaces > longestRun || symbols > longestRun) && !isLowSurrogate(code)) {
      pieces.push(text.slice(start, index))
      start = index
      letters = spaces = symbols = 0
    }
  }
  pieces.push(text.slice(start))
  return pieces
}

/** The second half of a pair, which stays together. */
const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff
