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

/** The rates for a request with so much input. */
export const ratesFor = (card: PriceCard, inputTokens: number): Rates => {
  let rates: Rates = card
  for (const tier of card.tiers ?? []) if (inputTokens > tier.aboveInputTokens) rates = tier
  return rates
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
