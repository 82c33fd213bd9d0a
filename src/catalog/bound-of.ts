import type { NanoUsd } from '../ir/index.ts'
import { searchCost } from './cost-of.ts'
import {
  hasPrice,
  highestRate,
  inputRateNames,
  outputRateNames,
  type PriceCard,
  type Rates,
} from './price-card.ts'

export interface Bounds {
  /** At most so many input tokens, of whatever class. */
  readonly inputTokens: number
  /** At most so many output tokens, reasoning included. */
  readonly outputTokens: number
  /** At most so many web searches; none when absent. */
  readonly webSearches?: number
  /**
   * What cannot occur in this attempt. Audio and images can cost twelve times the price of text, writing to the
   * cache up to twice that of input: leaving out what a request does not use keeps its reservation small.
   */
  readonly without?: readonly BoundPart[]
}

/** `cacheWrite` stands for short and long writes, `audio` and `image` for both directions. */
export type BoundPart = 'cacheWrite' | 'cacheWriteLong' | 'audio' | 'image'

/**
 * An upper bound, in nano-USD and rounded up, of `costOf` any usage within the given numbers: every token at the
 * dearest class, in the dearest tier that so much input can reach. null when a price is missing, so that there is
 * no bound, or a number is not a whole one.
 */
export const boundOf = (card: PriceCard, bounds: Bounds): NanoUsd | null => {
  const { inputTokens, outputTokens, webSearches = 0, without = [] } = bounds
  const searches = isCount(webSearches) ? searchCost(card, webSearches) : null
  if (!hasPrice(card) || searches === null || !isCount(inputTokens) || !isCount(outputTokens)) return null
  const left = new Set<keyof Rates>(without.flatMap((part) => ratesOf[part]))
  const inputNames = inputRateNames.filter((name) => !left.has(name))
  const outputNames = outputRateNames.filter((name) => !left.has(name))
  let highest = 0n
  for (const rates of [card, ...(card.tiers ?? []).filter((tier) => inputTokens > tier.aboveInputTokens)]) {
    if (inputTokens > 0 && rates.inputPerMtok === undefined) return null
    if (outputTokens > 0 && rates.outputPerMtok === undefined) return null
    const amount =
      BigInt(inputTokens) * highestRate(rates, inputNames) +
      BigInt(outputTokens) * highestRate(rates, outputNames)
    if (amount > highest) highest = amount
  }
  return (highest + searches + (card.perRequest ?? 0n) * perMillion + perMillion - 1n) / perMillion
}

const perMillion = 1_000_000n

const ratesOf: Readonly<Record<BoundPart, readonly (keyof Rates)[]>> = {
  cacheWrite: ['cacheWritePerMtok', 'cacheWriteLongPerMtok'],
  cacheWriteLong: ['cacheWriteLongPerMtok'],
  audio: ['inputAudioPerMtok', 'cacheReadAudioPerMtok', 'outputAudioPerMtok'],
  image: ['inputImagePerMtok', 'cacheReadImagePerMtok', 'outputImagePerMtok'],
}

const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0
