import type { View } from './view.ts'

/** Tokens of a view: words, single characters of scripts without spaces, and runs of punctuation. */
export interface Tokens {
  count: number
  hashes: Int32Array
  starts: Int32Array
  ends: Int32Array
  /** What each token is made of: `letter`, `digit`, both, `punctuation` or `single`. */
  kinds: Uint8Array
}

/** Bits of a token's kind. */
export const letter = 2
export const digit = 4
export const punctuation = 1
export const single = 8

/** Room for tokens that grows and is used again; one for each scanner. */
export const createTokens = (): Tokens => ({
  count: 0,
  hashes: new Int32Array(1024),
  starts: new Int32Array(1024),
  ends: new Int32Array(1024),
  kinds: new Uint8Array(1024),
})

const basis = 0x811c9dc5 | 0
const prime = 0x01000193

/** Kind of each code unit; 0 is space. `single` is a token by itself: scripts without spaces, pictures. */
const classes = new Uint8Array(0x10000)
let isReady = false

const prepare = (): void => {
  classes.fill(letter)
  for (let code = 0; code < 0x80; code += 1) {
    const isLetter = (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
    const isDigit = code >= 0x30 && code <= 0x39
    classes[code] = code <= 0x20 || code === 0x7f ? 0 : isLetter ? letter : isDigit ? digit : punctuation
  }
  classes.fill(1, 0xa1, 0xbf)
  classes.fill(0, 0x80, 0xa1)
  classes.fill(0, 0x2000, 0x2010)
  classes.fill(1, 0x2010, 0x2070)
  classes.fill(8, 0x2190, 0x2c00)
  classes.fill(8, 0x2e80, 0xa000)
  classes.fill(1, 0x3000, 0x3005)
  classes.fill(1, 0x3008, 0x3021)
  classes[0x3000] = 0
  classes.fill(8, 0xe00, 0x1100)
  classes.fill(8, 0x1780, 0x1800)
  classes.fill(1, 0xff01, 0xff10)
  classes[0x964] = 1
  classes[0x965] = 1
  classes[0x60c] = 1
  classes[0x61b] = 1
  classes[0x61f] = 1
  classes[0x6d4] = 1
  isReady = true
}

/** Hash of a word as the tokenizer computes it, for tables of words. */
export const hashOf = (word: string): number => {
  let hash = basis
  for (let index = 0; index < word.length; index += 1) hash = Math.imul(hash ^ word.charCodeAt(index), prime)
  return hash
}

/** A word's hash step by step: `hashStart`, then `hashStep` for each code unit. */
export const hashStart = basis
export const hashStep = (hash: number, code: number): number => Math.imul(hash ^ code, prime)

/**
 * Cuts `[from, to)` of a view into tokens. Punctuation is kept in runs of the same character, at most three of them
 * counted, so that `###` and `<|` are features and a ruler is one token.
 */
export const tokenize = (view: View, tokens: Tokens): void => {
  if (!isReady) prepare()
  const { codes, length } = view
  let { hashes, starts, ends, kinds } = tokens
  let count = 0
  let index = 0
  // Every index is inside its table: views are as long as they say, and there is a class for each code unit.
  while (index < length) {
    const code = codes[index] as number
    const kind = classes[code] as number
    if (kind === 0) {
      index += 1
      continue
    }
    if (count === hashes.length) {
      grow(tokens)
      ;({ hashes, starts, ends, kinds } = tokens)
    }
    const start = index
    let hash = Math.imul(basis ^ code, prime)
    let bits = kind
    index += 1
    if ((kind & wordBits) !== 0) {
      for (; index < length; index += 1) {
        const next = codes[index] as number
        const nextKind = classes[next] as number
        if ((nextKind & wordBits) === 0) break
        bits |= nextKind
        hash = Math.imul(hash ^ next, prime)
      }
    } else if (kind === punctuation) {
      for (; index < length && codes[index] === code; index += 1) {
        if (index - start < longestRun) hash = Math.imul(hash ^ code, prime)
      }
    }
    hashes[count] = hash
    starts[count] = start
    ends[count] = index
    kinds[count] = bits
    count += 1
  }
  tokens.count = count
}

const wordBits = letter | digit
/** So many of the same sign are told from fewer, and not from more. */
const longestRun = 3

const grow = (tokens: Tokens): void => {
  const size = tokens.hashes.length * 2
  for (const name of ['hashes', 'starts', 'ends'] as const) {
    const larger = new Int32Array(size)
    larger.set(tokens[name])
    tokens[name] = larger
  }
  const kinds = new Uint8Array(size)
  kinds.set(tokens.kinds)
  tokens.kinds = kinds
}
