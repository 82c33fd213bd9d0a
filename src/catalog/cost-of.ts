import { type NanoUsd, type Service, servedAs, type Usage } from '../ir/index.ts'
import {
  hasPrice,
  highestRate,
  inputRateNames,
  million,
  outputRateNames,
  type PriceCard,
  type Rates,
  ratesFor,
  regionFactor,
  type Tariff,
  tariffOf,
} from './price-card.ts'

/** Usage with what Gemini's `cacheTokensDetails` adds: the audio and image tokens among the cache reads. */
export interface BilledUsage extends Usage {
  readonly cacheReadAudioTokens?: number
  readonly cacheReadImageTokens?: number
}

/** Something that is billed: so much at the prices of a card. */
export interface BilledPart {
  readonly card: PriceCard
  readonly usage: BilledUsage
}

export interface Bill {
  /** What it costs whoever asked: the provider's price with the card's margin. */
  readonly charged: NanoUsd
  /** What the provider bills. */
  readonly cost: NanoUsd
}

/**
 * What an attempt cost, in nano-USD, rounded half up once; null when that is not known, never a guess:
 * - the service class or the region has no known price
 * - a side (input, output) has tokens outside the classes that are priced, and no price of its own
 * - the provider did not report a side that costs something
 * - counters contradict each other (parts larger than their whole, negative or fractional numbers)
 * - audio or images were both read from the cache and sent anew at different prices, and nobody said how many
 * - web searches were made and have no price
 *
 * The rules for a class of tokens without a price are those of genai-prices (see `Rates`), and so is the tier: one for
 * the whole request, by its input. A class that is not reported counts as none of it. Audio and images outside the
 * cache reads are taken as not written to the cache. Fetching web pages costs only its tokens. Service class and
 * region change the price of tokens alone, the margin that of everything.
 */
export const costOf = (card: PriceCard, usage: BilledUsage, service: Service = {}): NanoUsd | null =>
  billOf([{ card, usage }], service)?.charged ?? null

/**
 * The bill of one attempt, of which other models may have done a part. The parts are added up exactly and rounded
 * once; a margin's amount per request is that of the first part. Null when one of them is not known.
 */
export const billOf = (parts: readonly BilledPart[], service: Service = {}): Bill | null => {
  let cost = 0n
  let charged = 0n
  for (const { card, usage } of parts) {
    const exact = exactCost(card, usage, service)
    if (exact === null) return null
    cost += exact
    charged += exact * (card.margin?.factor ?? wholeMargin)
  }
  const [first] = parts
  return {
    cost: halfUp(cost, units),
    charged: halfUp(charged, units * wholeMargin) + (first?.card.margin?.perRequest ?? 0n),
  }
}

/** The provider's cost in units of 10^-18 nano-USD, which no price, factor or count has a fraction of. */
export const exactCost = (card: PriceCard, usage: BilledUsage, service: Service): bigint | null => {
  if (!hasPrice(card) || !isCounted(usage)) return null
  const served = servedAs(service, undefined)
  const tariff = tariffOf(card, served.class)
  const factor = regionFactor(card, served.region)
  const inputTokens = usage.inputTokens ?? 0
  if (tariff === undefined || factor === undefined || inputTokens > tariff.upToInputTokens) return null
  if (tariff.cacheReads === 'unknown' && (usage.cacheReadTokens ?? 0) > 0) return null
  const rates = ratesFor(tariff, inputTokens)
  const input = inputCost(tariff, rates, usage)
  const output = outputCost(tariff, rates, usage)
  const searches = searchCost(card, usage.webSearches ?? 0)
  if (input === null || output === null || searches === null) return null
  return (
    (input + output) * tariff.factor * factor +
    (searches + (card.perRequest ?? 0n) * million) * million * million
  )
}

export const units = million ** 3n

/** Hundred-millionths: no margin. */
export const wholeMargin = 100_000_000n

export const halfUp = (amount: bigint, unit: bigint): bigint => (amount + unit / 2n) / unit

/** In millionths of a nano-USD, the unit of "nano-USD per million tokens times tokens". */
export const searchCost = (card: PriceCard, searches: number): bigint | null => {
  if (searches === 0) return 0n
  return card.perThousandSearches === undefined ? null : BigInt(searches) * card.perThousandSearches * 1000n
}

const inputCost = (tariff: Tariff, rates: Rates, usage: BilledUsage): bigint | null => {
  const total = usage.inputTokens
  if (total === undefined)
    return tariff.rates.inputPerMtok !== undefined && highestOf(tariff, inputRateNames) === 0n ? 0n : null
  const read = priced(rates.cacheReadPerMtok, usage.cacheReadTokens)
  const long = priced(rates.cacheWriteLongPerMtok, usage.cacheWriteLongTokens)
  const short = priced(
    rates.cacheWritePerMtok,
    (usage.cacheWriteTokens ?? 0) + (usage.cacheWriteLongTokens ?? 0) - long,
  )
  const audio = priced(rates.inputAudioPerMtok, usage.inputAudioTokens)
  const image = priced(rates.inputImagePerMtok, usage.inputImageTokens)
  const audioReadRate = rates.cacheReadAudioPerMtok ?? rates.cacheReadPerMtok
  const imageReadRate = rates.cacheReadImagePerMtok ?? rates.cacheReadPerMtok
  const audioRead = cachedPart(total, read, audio, usage.cacheReadAudioTokens)
  const imageRead = cachedPart(total, read, image, usage.cacheReadImageTokens)
  if (audioRead === undefined || imageRead === undefined) return null
  return sum(total, rates.inputPerMtok, [
    [read - audioRead - imageRead, rates.cacheReadPerMtok],
    [audioRead, audioReadRate],
    [imageRead, imageReadRate],
    [short, rates.cacheWritePerMtok],
    [long, rates.cacheWriteLongPerMtok],
    [audio - audioRead, rates.inputAudioPerMtok],
    [image - imageRead, rates.inputImagePerMtok],
  ])
}

const outputCost = (tariff: Tariff, rates: Rates, usage: BilledUsage): bigint | null => {
  const total = usage.outputTokens
  // An embedding has no output, and its card no price for it.
  if (total === undefined) return highestOf(tariff, outputRateNames) === 0n ? 0n : null
  return sum(total, rates.outputPerMtok, [
    [priced(rates.reasoningPerMtok, usage.reasoningTokens), rates.reasoningPerMtok],
    [priced(rates.outputAudioPerMtok, usage.outputAudioTokens), rates.outputAudioPerMtok],
    [priced(rates.outputImagePerMtok, usage.outputImageTokens), rates.outputImagePerMtok],
  ])
}

/** Tokens of a class that has its own price; the others stay in the class that holds them. */
const priced = (rate: NanoUsd | undefined, tokens: number | undefined): number =>
  rate === undefined ? 0 : (tokens ?? 0)

/** How many tokens of one medium were read from the cache; undefined when that cannot be told. */
const cachedPart = (
  total: number,
  read: number,
  medium: number,
  reported: number | undefined,
): number | undefined => {
  if (read === 0 || medium === 0) return 0
  if (reported !== undefined) return reported <= medium ? reported : undefined
  if (medium === total) return read
  return read === total ? medium : undefined
}

const sum = (
  total: number,
  restRate: NanoUsd | undefined,
  classes: readonly (readonly [tokens: number, rate: NanoUsd | undefined])[],
): bigint | null => {
  let rest = total
  let amount = 0n
  for (const [tokens, rate] of classes) {
    if (tokens < 0) return null
    if (tokens === 0) continue
    if (rate === undefined) return null
    rest -= tokens
    amount += BigInt(tokens) * rate
  }
  if (rest < 0 || (rest > 0 && restRate === undefined)) return null
  return amount + BigInt(rest) * (restRate ?? 0n)
}

const highestOf = ({ rates, tiers }: Tariff, names: readonly (keyof Rates)[]): NanoUsd =>
  [rates, ...tiers].reduce((highest, one) => {
    const rate = highestRate(one, names)
    return rate > highest ? rate : highest
  }, 0n)

const isCounted = (usage: BilledUsage): boolean =>
  Object.values(usage).every((count) => count === undefined || (Number.isSafeInteger(count) && count >= 0))
