import { type TextFeatures, textFeatures } from './text-features.ts'

/**
 * Tokens of a text in OpenAI's `o200k` alphabet, estimated. Fitted by non-negative least squares on one half of 4,700
 * texts of recorded prompts, answers, code and messages in 16 languages, 2026-11-21; on the other half the mean error
 * was 8.4 %, and 5.4 % (95th percentile 15 %) for texts of 200 tokens and more. Four characters a token: 20 %.
 */
export const estimateText = (text: string): number => {
  const features = textFeatures(text)
  let tokens = 0
  for (const [name, weight] of weights) tokens += features[name] * weight
  return tokens
}

const weights: readonly (readonly [keyof TextFeatures, number])[] = [
  ['words', 1.084],
  ['longWordLetters', 0.039],
  ['humps', 0.618],
  ['digitGroups', 1.227],
  ['punctuationRuns', 0.51],
  ['punctuation', 0.09],
  ['spaceRuns', 0.602],
  ['lineRuns', 1.218],
  ['otherLetters', 0.444],
  ['ideographs', 0.596],
  ['symbols', 0.269],
]

/** So many characters of one request are looked at; the rest is taken to be like them. */
const mostCharacters = 1_000_000

/** An estimator for the texts of one request, whose time is bounded whatever its length. */
export const boundedEstimator = (): ((text: string) => number) => {
  let characters = 0
  let tokens = 0
  return (text) => {
    const head = text.slice(0, Math.max(0, mostCharacters - characters))
    const estimated = estimateText(head)
    characters += head.length
    tokens += estimated
    const left = text.length - head.length
    return left === 0 ? estimated : estimated + (left * tokens) / characters
  }
}
