/**
 * Shape of `data/prices.json` (written by `tools/build-catalog.ts`) and `data/models.json` (kept by hand).
 * Prices are integer nano-USD: per million tokens, `request` per request, `searches` per thousand web searches.
 */
export interface PriceData {
  readonly source: string
  readonly version: string
  /** When this version of the source was published, `YYYY-MM-DD`. */
  readonly date: string
  readonly licence: string
  readonly providers: Readonly<Record<string, ProviderData>>
}

export interface ProviderData {
  /** Providers whose models and prices this one resells under the same names, asked in this order. */
  readonly fallback?: readonly string[]
  /** In matching order: the first model whose rule fits is meant. */
  readonly models: Readonly<Record<string, ModelData>>
}

export interface ModelData {
  readonly name?: string
  readonly contextWindow?: number
  readonly deprecated?: boolean
  /** Any of these rules; absent: the model's own id. See `model-matcher.ts`. */
  readonly match?: readonly MatchRule[]
  /** Absent: nothing is known. Several rows: the last whose condition holds counts, else the first. */
  readonly prices?: readonly PriceRow[]
}

/** What `data/models.json` says of a model. With prices it is a model of its own, asked before those of the source. */
export interface ModelFacts extends ModelData {
  readonly source: string
  readonly maxInputTokens?: number
  readonly maxOutputTokens?: number
}

export interface FactData {
  /** When the entries were last compared with their sources, `YYYY-MM-DD`. */
  readonly date: string
  readonly providers: Readonly<Record<string, Readonly<Record<string, ModelFacts>>>>
}

export type MatchRule =
  | string
  | { readonly all: readonly MatchRule[] }
  | { readonly not: readonly MatchRule[] }

export interface RateData {
  readonly input?: number
  readonly output?: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly cacheWriteLong?: number
  readonly reasoning?: number
  readonly inputAudio?: number
  readonly outputAudio?: number
  readonly cacheReadAudio?: number
  readonly inputImage?: number
  readonly outputImage?: number
  readonly cacheReadImage?: number
}

export interface TierData extends RateData {
  /** The tier counts from one input token more than this; classes it does not name keep the price below it. */
  readonly above: number
}

/** Prices of another service class: the standard ones times a factor, or its own. */
export interface ClassData extends RateData {
  /** Millionths of the standard prices. Absent: the class has prices of its own. */
  readonly factor?: number
  readonly tiers?: readonly TierData[]
  /** Requests with more input tokens have no known price in this class. */
  readonly upTo?: number
  /** False: nobody says what reading from the cache costs in this class. */
  readonly cacheReads?: boolean
}

/** Shape of `data/classes.json`, which is kept by hand. Every rule that fits a model's id counts for it. */
export interface ClassRules {
  readonly note: string
  readonly date: string
  readonly providers: Readonly<Record<string, readonly ClassRule[]>>
}

export interface ClassRule {
  readonly match: readonly string[]
  readonly classes?: Readonly<Record<string, ClassData>>
  /** Millionths of the prices of tokens, by region. */
  readonly regions?: Readonly<Record<string, number>>
  readonly source: string
}

export interface PriceRow extends RateData {
  /** Holds from midnight UTC of this day on, `YYYY-MM-DD`. */
  readonly from?: string
  /** Holds in this part of every UTC day, in seconds; wraps past midnight when `end` is the smaller. */
  readonly daily?: { readonly start: number; readonly end: number }
  readonly tiers?: readonly TierData[]
  readonly request?: number
  readonly searches?: number
  readonly classes?: Readonly<Record<string, ClassData>>
  readonly regions?: Readonly<Record<string, number>>
  /** The source's names of what else is billed, for which a usage report has no counter. */
  readonly unmetered?: readonly string[]
}
