import { z } from 'zod'
import { parseUsd } from '../ir/index.ts'
import type { PriceOverride } from './catalog.ts'
import { type MarginRule, readPercent } from './margins.ts'
import { readMillionths } from './millionths.ts'
import { type ClassPrice, million, type PriceCard, type PriceTier, type Rates } from './price-card.ts'

const isUsd = (value: string | number): boolean => {
  try {
    parseUsd(value)
    return true
  } catch {
    return false
  }
}

const usd = z
  .union([z.string(), z.number()])
  .refine(isUsd, { error: 'expected US dollars as a decimal, like "0.075"' })
  .describe('US dollars, as a decimal string or number')

const isSome = (members: object): boolean => Object.values(members).some((value) => value !== undefined)

/** USD per million tokens. */
const rates = {
  input_per_mtok: usd.optional(),
  output_per_mtok: usd.optional(),
  cache_read_per_mtok: usd.optional(),
  cache_write_per_mtok: usd.optional(),
  cache_write_long_per_mtok: usd.optional(),
  reasoning_per_mtok: usd.optional(),
  input_audio_per_mtok: usd.optional(),
  output_audio_per_mtok: usd.optional(),
  cache_read_audio_per_mtok: usd.optional(),
  input_image_per_mtok: usd.optional(),
  output_image_per_mtok: usd.optional(),
  cache_read_image_per_mtok: usd.optional(),
}

const tier = z.strictObject({
  above_input_tokens: z.int().min(0).describe('the tier holds for requests with more input tokens than this'),
  ...rates,
})

const multiplier = z
  .union([z.string(), z.number()])
  .refine((value) => readMillionths(value) !== undefined, {
    error: 'expected a multiplier with up to six decimal places, like "0.5"',
  })
  .describe('times the standard prices of tokens, like "0.5"')

const classPrice = z
  .strictObject({
    multiplier: multiplier.optional(),
    up_to_input_tokens: z
      .int()
      .positive()
      .optional()
      .describe('with more input tokens the price in this class is unknown'),
    ...rates,
  })
  .refine(({ multiplier, up_to_input_tokens: _, ...own }) => (multiplier === undefined) === isSome(own), {
    error: 'expected either a multiplier or prices of its own',
  })

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/)

/** The prices of one model, without saying which. */
export const modelPrices = {
  ...rates,
  per_request: usd.optional(),
  per_thousand_searches: usd.optional(),
  tiers: z.array(tier).optional(),
  classes: z
    .record(name, classPrice)
    .optional()
    .describe(
      'other service classes: batch, flex, priority, fast; a class that is not named has no known price',
    ),
  regions: z
    .record(name, multiplier)
    .optional()
    .describe('multipliers where a model must run in a region (Anthropic `inference_geo`)'),
}

const price = z
  .strictObject({
    match: z.string().min(1).max(256).describe('model id; * stands for any text'),
    provider: z.string().min(1).optional().describe('provider instance; absent: all but loopback'),
    ...modelPrices,
  })
  .refine(({ match, provider, tiers, classes, regions, ...prices }) => isSome(prices), {
    error: 'expected at least one price, such as input_per_mtok',
  })
  .refine(({ tiers = [] }) => new Set(tiers.map((each) => each.above_input_tokens)).size === tiers.length, {
    error: 'expected every tier to start at another number of tokens',
    path: ['tiers'],
  })

/** The `prices` list of the configuration: the operator's own prices, first match first. */
export const pricesSettings = z.array(price)

export type PricesSettings = z.infer<typeof pricesSettings>

const margin = z
  .strictObject({
    provider: z.string().min(1).optional().describe('provider instance; absent: every one'),
    model: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('model id; * stands for any text; absent: every one'),
    organisation: z.string().min(1).optional().describe('id of an organisation; absent: every one'),
    percent: z
      .union([z.string(), z.number()])
      .refine((value) => readPercent(value) !== undefined, {
        error: 'expected a percentage with up to six decimal places, not below -100, like "12.5"',
      })
      .optional()
      .describe('added to what the provider bills, in percent; negative takes off'),
    per_request_usd: usd.optional().describe('US dollars for every call that is billed'),
  })
  .refine(({ percent, per_request_usd }) => percent !== undefined || per_request_usd !== undefined, {
    error: 'expected percent or per_request_usd',
  })

/** The `margins` list of the configuration: what is charged beyond the provider's price, first match first. */
export const marginsSettings = z.array(margin)

export type MarginsSettings = z.infer<typeof marginsSettings>

export const toMarginRules = (settings: MarginsSettings): readonly MarginRule[] =>
  settings.map(({ provider, model, organisation, percent, per_request_usd }) => ({
    ...(provider !== undefined && { provider }),
    ...(model !== undefined && { model }),
    ...(organisation !== undefined && { organisation }),
    ...(percent !== undefined && { percent }),
    ...(per_request_usd !== undefined && { perRequestUsd: per_request_usd }),
  }))

/** Turns the configured prices into those of the catalogue. A tier keeps what it does not name from below it. */
export const toPriceOverrides = (settings: PricesSettings): readonly PriceOverride[] =>
  settings.map(({ match, provider, ...given }) => ({
    match,
    ...(provider !== undefined && { provider }),
    prices: toPrices(given),
  }))

const toPrices = (
  given: Omit<PricesSettings[number], 'match' | 'provider'>,
): Omit<PriceCard, 'version' | 'source' | 'effectiveFrom'> => {
  const { per_request, per_thousand_searches, tiers = [], classes, regions, ...own } = given
  const base = toRates(own)
  const upper = toTiers(base, tiers)
  return {
    ...base,
    ...(per_request !== undefined && { perRequest: parseUsd(per_request) }),
    ...(per_thousand_searches !== undefined && { perThousandSearches: parseUsd(per_thousand_searches) }),
    ...(upper.length > 0 && { tiers: upper }),
    ...(classes !== undefined && { classes: mapValues(classes, toClass) }),
    ...(regions !== undefined && {
      regions: mapValues(regions, (factor) => readMillionths(factor) ?? million),
    }),
  }
}

const toTiers = (base: Rates, tiers: readonly z.infer<typeof tier>[]): readonly PriceTier[] => {
  let below = base
  return tiers
    .toSorted((a, b) => a.above_input_tokens - b.above_input_tokens)
    .map(({ above_input_tokens, ...changed }) => {
      below = { ...below, ...toRates(changed) }
      return { ...below, aboveInputTokens: above_input_tokens }
    })
}

const toClass = ({ multiplier, up_to_input_tokens, ...own }: z.infer<typeof classPrice>): ClassPrice => ({
  factor: (multiplier === undefined ? undefined : readMillionths(multiplier)) ?? million,
  ...(multiplier === undefined && { rates: toRates(own) }),
  ...(up_to_input_tokens !== undefined && { upToInputTokens: up_to_input_tokens }),
})

const mapValues = <From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Readonly<Record<string, To>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))

type RateSettings = { readonly [K in keyof typeof rates]?: string | number | undefined }

const rateNames = [
  ['input_per_mtok', 'inputPerMtok'],
  ['output_per_mtok', 'outputPerMtok'],
  ['cache_read_per_mtok', 'cacheReadPerMtok'],
  ['cache_write_per_mtok', 'cacheWritePerMtok'],
  ['cache_write_long_per_mtok', 'cacheWriteLongPerMtok'],
  ['reasoning_per_mtok', 'reasoningPerMtok'],
  ['input_audio_per_mtok', 'inputAudioPerMtok'],
  ['output_audio_per_mtok', 'outputAudioPerMtok'],
  ['cache_read_audio_per_mtok', 'cacheReadAudioPerMtok'],
  ['input_image_per_mtok', 'inputImagePerMtok'],
  ['output_image_per_mtok', 'outputImagePerMtok'],
  ['cache_read_image_per_mtok', 'cacheReadImagePerMtok'],
] as const satisfies readonly (readonly [keyof typeof rates, keyof Rates])[]

const toRates = (given: RateSettings): Rates => {
  const known: { -readonly [K in keyof Rates]: Rates[K] } = {}
  for (const [key, name] of rateNames) {
    const value = given[key]
    if (value !== undefined) known[name] = parseUsd(value)
  }
  return known
}
