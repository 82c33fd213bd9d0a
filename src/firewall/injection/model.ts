import type { Tokens } from './tokens.ts'

/** A linear model over hashed words, pairs of neighbours and pairs one apart. */
export interface Model {
  /** One weight for each of 2^17 feature hashes, in units of `1 / unit`. */
  readonly weights: Int8Array
  readonly unit: number
  readonly bias: number
}

/** What the model file holds. */
export interface ModelFile {
  readonly weights: string
  readonly unit: number
  readonly bias: number
}

export const featureBits = 17
const featureMask = (1 << featureBits) - 1

/** Features of one token: the word, with the one before, with the one before that. */
export const featuresPerToken = 3

/** Windows, in tokens: a sentence and a paragraph. A text shorter than the first is one window. */
export const windowSizes = [16, 64] as const

const mix = (hash: number): number => {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x45d9f3b)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 14)) & featureMask
}

/** Feature of a word alone. */
export const wordFeature = (word: number): number => mix(word)
/** Feature of a word and its neighbour. */
export const pairFeature = (before: number, word: number): number => mix((Math.imul(before, 31) + word) | 0)
/** Feature of a word and the word two before. */
export const skipFeature = (before: number, word: number): number =>
  mix(Math.imul(before, 37) ^ ((word + 7) | 0))

/** Reads a model file's weights. */
export const readModel = (file: ModelFile): Model => {
  const bytes = Buffer.from(file.weights, 'base64')
  return {
    weights: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    unit: file.unit,
    bias: file.bias,
  }
}

/**
 * Adds up the weights of the first n tokens into `sums[n]`, so that any window's weight is a difference.
 * `sums` holds at least `tokens.count + 1` places.
 */
export const sumWeights = (model: Model, tokens: Tokens, sums: Int32Array): void => {
  const { weights } = model
  const { hashes, count } = tokens
  let sum = 0
  let before = 0
  let beforeThat = 0
  sums[0] = 0
  for (let index = 0; index < count; index += 1) {
    const word = hashes[index] ?? 0
    sum += weights[mix(word)] ?? 0
    if (index > 0) sum += weights[mix((Math.imul(before, 31) + word) | 0)] ?? 0
    if (index > 1) sum += weights[mix(Math.imul(beforeThat, 37) ^ ((word + 7) | 0))] ?? 0
    sums[index + 1] = sum
    beforeThat = before
    before = word
  }
}

/** What a window of so many tokens divides its sum by; a few words cannot be sure of anything. */
export const windowNorm = (tokens: number): number => Math.sqrt(Math.max(tokens, 8))
