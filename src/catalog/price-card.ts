import type { NanoUsd } from '../ir/index.ts'

/**
 * Prices of token classes in nano-USD per million tokens. A class without a price of its own is billed as the class
 * that holds it: cached, written, audio and image input as input (audio read from the cache as cache read), the long
 * cache write as the short one, reasoning, audio and image output as output. Without `inputPerMtok` or
 * `outputPerMtok` the rest of that side has no known price.
 */
export interface Rates {
  readonly inputPerMtok?: NanoUsd
  readonly outputPerMtok?: NanoUsd
  readonly cacheReadPerMtok?: NanoUsd
  /** Written for a short life (5 or 30 minutes). */
  readonly cacheWritePerMtok?: NanoUsd
  /** Written for a long life (1 or 12 hours). */
  readonly cacheWriteLongPerMtok?: NanoUsd
  /** Only where reasoning is billed apart from other output. */
  readonly reasoningPerMtok?: NanoUsd
  readonly inputAudioPerMtok?: NanoUsd
  readonly outputAudioPerMtok?: NanoUsd
  readonly cacheReadAudioPerMtok?: NanoUsd
  readonly inputImagePerMtok?: NanoUsd
  readonly outputImagePerMtok?: NanoUsd
  readonly cacheReadImagePerMtok?: NanoUsd
}

/** Rates that hold for the whole request once its input exceeds a number of tokens; complete, nothing is inherited. */
export interface PriceTier extends Rates {
  readonly aboveInputTokens: number
}

/** Prices of a service class other than the standard one. */
export interface ClassPrice {
  /** Millionths of the rates: 500,000 is half the price. */
  readonly factor: bigint
  /** Rates of its own, complete like a tier's; absent: the standard ones. */
  readonly rates?: Rates
  readonly tiers?: readonly PriceTier[]
  /** Requests with more input than this have no known price in this class. */
  readonly upToInputTokens?: number
  /** Nobody says what reading from the cache costs in this class. */
  readonly cacheReads?: 'unknown'
}

/** What the operator adds to (or takes off) what a provider bills. */
export interface Margin {
  /** Names this very margin, for the price version. */
  readonly version: string
  /** Hundred-millionths of the provider's cost: 112,500,000 is 12.5 percent more. Never negative. */
  readonly factor: bigint
  /** Nano-USD for every attempt that is billed. */
  readonly perRequest: NanoUsd
}

export interface PriceCard extends Rates {
  /** Names these very prices for the ledger; other prices have another version. */
  readonly version: string
  /** Where the prices come from, with the date of that source where it has one. */
  readonly source: string
  /** From midnight UTC of this day on, `YYYY-MM-DD`. */
  readonly effectiveFrom?: string
  /** Ascending by `aboveInputTokens`. */
  readonly tiers?: readonly PriceTier[]
  /** Nano-USD for every attempt, on top of its tokens. */
  readonly perRequest?: NanoUsd
  /** Nano-USD per thousand web searches. */
  readonly perThousandSearches?: NanoUsd
  /** Prices of the other service classes, by name. A class that is not here has no known price. */
  readonly classes?: Readonly<Record<string, ClassPrice>>
  /** Millionths of every token's price where a model must run in a region. Other regions have no known price. */
  readonly regions?: Readonly<Record<string, bigint>>
  /** Included in what a card's usage costs; the provider's own bill is without it. */
  readonly margin?: Margin
  /**
   * What the provider bills as well and no usage report counts: seconds of audio, pages, file searches. A cost
   * leaves them out; a card that has nothing else gives no cost.
   */
  readonly unmetered?: readonly string[]
}

export const inputRateNames = [
  'inputPerMtok',
  'cacheReadPerMtok',
  'cacheWritePerMtok',
  'cacheWriteLongPerMtok',
  'inputAudioPerMtok',
  'cacheReadAudioPerMtok',
  'inputImagePerMtok',
  'cacheReadImagePerMtok',
] as const satisfies readonly (keyof Rates)[]

export const outputRateNames = [
  'outputPerMtok',
  'reasoningPerMtok',
  'outputAudioPerMtok',
  'outputImagePerMtok',
] as const satisfies readonly (keyof Rates)[]

/** The prices of a service class, with the factor that holds for all of them. */
export interface Tariff {
  readonly rates: Rates
  readonly tiers: readonly PriceTier[]
  /** Millionths. */
  readonly factor: bigint
  readonly upToInputTokens: number
  readonly cacheReads?: 'unknown' | undefined
}

/** What a class costs; undefined when that is not known. */
export const tariffOf = (card: PriceCard, serviceClass: string): Tariff | undefined => {
  const { tiers = [], classes } = card
  if (serviceClass === 'standard')
    return { rates: card, tiers, factor: million, upToInputTokens: Number.MAX_SAFE_INTEGER }
  const known =
    classes !== undefined && Object.hasOwn(classes, serviceClass) ? classes[serviceClass] : undefined
  if (known === undefined) return undefined
  const { factor, upToInputTokens = Number.MAX_SAFE_INTEGER, cacheReads } = known
  if (known.rates === undefined) return { rates: card, tiers, factor, upToInputTokens, cacheReads }
  return { rates: known.rates, tiers: known.tiers ?? [], factor, upToInputTokens, cacheReads }
}

/** Millionths that a region adds; undefined when that is not known. */
export const regionFactor = ({ regions }: PriceCard, region: string): bigint | undefined =>
  region === 'global'
    ? million
    : regions !== undefined && Object.hasOwn(regions, region)
      ? regions[region]
      : undefined

export const million = 1_000_000n

/** The rates for a request with so much input. */
export const ratesFor = ({ rates, tiers }: Pick<Tariff, 'rates' | 'tiers'>, inputTokens: number): Rates => {
  let found = rates
  for (const tier of tiers) if (inputTokens > tier.aboveInputTokens) found = tier
  return found
}

/** The highest of the named rates that are known, else 0. */
export const highestRate = (rates: Rates, names: readonly (keyof Rates)[]): NanoUsd =>
  names.reduce((highest, name) => {
    const rate = rates[name] ?? 0n
    return rate > highest ? rate : highest
  }, 0n)

/** Does the card price anything that a usage report counts? */
export const hasPrice = (card: PriceCard): boolean =>
  card.inputPerMtok !== undefined || card.outputPerMtok !== undefined || card.perRequest !== undefined
