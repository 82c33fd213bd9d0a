import type { NanoUsd } from '../ir/index.ts'
import { searchCost, wholeMargin } from './cost-of.ts'
import {
  hasPrice,
  highestRate,
  inputRateNames,
  million,
  outputRateNames,
  type PriceCard,
  type Rates,
  regionFactor,
  tariffOf,
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
  /** The service classes that may be billed (`billableClasses`); all that have a price when absent. */
  readonly classes?: readonly string[] | undefined
  /** The regions that may be billed (`billableRegions`); all that have a price when absent. */
  readonly regions?: readonly string[] | undefined
}

/** `cacheWrite` stands for short and long writes, `audio` and `image` for both directions. */
export type BoundPart = 'cacheWrite' | 'cacheWriteLong' | 'audio' | 'image'

/**
 * An upper bound, in nano-USD and rounded up, of `costOf` any usage within the given numbers, in any of the given
 * classes and regions: every token at the dearest class of tokens, in the dearest tier that so much input can reach.
 * null when a standard price is missing, so that there is no bound, or a number is not a whole one. A class or region
 * without a known price has no known cost, and so no part in the bound.
 */
export const boundOf = (card: PriceCard, bounds: Bounds): NanoUsd | null => {
  const { inputTokens, outputTokens, webSearches = 0, without = [] } = bounds
  const searches = isCount(webSearches) ? searchCost(card, webSearches) : null
  if (!hasPrice(card) || searches === null || !isCount(inputTokens) || !isCount(outputTokens)) return null
  const dearestOf = dearestWithout(without)
  let tokens = 0n
  for (const serviceClass of ['standard', ...(bounds.classes ?? Object.keys(card.classes ?? {}))]) {
    const tariff = tariffOf(card, serviceClass)
    if (tariff === undefined) continue
    for (const rates of [
      tariff.rates,
      ...tariff.tiers.filter((tier) => inputTokens > tier.aboveInputTokens),
    ]) {
      const isKnown =
        (inputTokens === 0 || rates.inputPerMtok !== undefined) &&
        (outputTokens === 0 || rates.outputPerMtok !== undefined)
      if (!isKnown && serviceClass === 'standard') return null
      const { input, output } = dearestOf(rates)
      const amount = (BigInt(inputTokens) * input + BigInt(outputTokens) * output) * tariff.factor
      if (amount > tokens) tokens = amount
    }
  }
  const regions = bounds.regions ?? Object.keys(card.regions ?? {})
  const dearest = regions.reduce((highest, region) => max(highest, regionFactor(card, region) ?? 0n), million)
  const cost = tokens * dearest + (searches + (card.perRequest ?? 0n) * million) * million * million
  const unit = million ** 3n * wholeMargin
  const { factor = wholeMargin, perRequest = 0n } = card.margin ?? {}
  return (cost * factor + unit - 1n) / unit + perRequest
}

interface Dearest {
  readonly input: NanoUsd
  readonly output: NanoUsd
}

const dearestWithout = (without: readonly BoundPart[]): ((rates: Rates) => Dearest) => {
  if (without.length === 0) return dearestOfAll
  const left = new Set<keyof Rates>(without.flatMap((part) => ratesOf[part]))
  const inputNames = inputRateNames.filter((name) => !left.has(name))
  const outputNames = outputRateNames.filter((name) => !left.has(name))
  return (rates) => ({ input: highestRate(rates, inputNames), output: highestRate(rates, outputNames) })
}

/** Asked for several times for each attempt. */
const dearestOfAll = (rates: Rates): Dearest => {
  let known = dearestRates.get(rates)
  if (known === undefined) {
    known = { input: highestRate(rates, inputRateNames), output: highestRate(rates, outputRateNames) }
    dearestRates.set(rates, known)
  }
  return known
}

/** Rates are never changed: new prices are new objects. */
const dearestRates = new WeakMap<Rates, Dearest>()

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other)

const ratesOf: Readonly<Record<BoundPart, readonly (keyof Rates)[]>> = {
  cacheWrite: ['cacheWritePerMtok', 'cacheWriteLongPerMtok'],
  cacheWriteLong: ['cacheWriteLongPerMtok'],
  audio: ['inputAudioPerMtok', 'cacheReadAudioPerMtok', 'outputAudioPerMtok'],
  image: ['inputImagePerMtok', 'cacheReadImagePerMtok', 'outputImagePerMtok'],
}

const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0
