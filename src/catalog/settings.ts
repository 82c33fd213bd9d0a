import { z } from 'zod'
import { parseUsd } from '../ir/index.ts'
import type { PriceOverride } from './catalog.ts'
import type { PriceCard, Rates } from './price-card.ts'

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

const price = z
  .strictObject({
    match: z.string().min(1).max(256).describe('model id; * stands for any text'),
    provider: z.string().min(1).optional().describe('provider instance; absent: all but loopback'),
    ...rates,
    per_request: usd.optional(),
    per_thousand_searches: usd.optional(),
    tiers: z.array(tier).optional(),
  })
  .refine(
    ({ match, provider, tiers, ...prices }) => Object.values(prices).some((value) => value !== undefined),
    {
      error: 'expected at least one price, such as input_per_mtok',
    },
  )
  .refine(({ tiers = [] }) => new Set(tiers.map((each) => each.above_input_tokens)).size === tiers.length, {
    error: 'expected every tier to start at another number of tokens',
    path: ['tiers'],
  })

/** The `prices` list of the configuration: the operator's own prices, first match first. */
export const pricesSettings = z.array(price)

export type PricesSettings = z.infer<typeof pricesSettings>

/** Turns the configured prices into those of the catalogue. A tier keeps what it does not name from below it. */
export const toPriceOverrides = (settings: PricesSettings): readonly PriceOverride[] =>
  settings.map(({ match, provider, per_request, per_thousand_searches, tiers = [], ...given }) => {
    const base = toRates(given)
    let below = base
    const upper = tiers
      .toSorted((a, b) => a.above_input_tokens - b.above_input_tokens)
      .map(({ above_input_tokens, ...changed }) => {
        below = { ...below, ...toRates(changed) }
        return { ...below, aboveInputTokens: above_input_tokens }
      })
    const prices: Omit<PriceCard, 'version' | 'source' | 'effectiveFrom'> = {
      ...base,
      ...(per_request !== undefined && { perRequest: parseUsd(per_request) }),
      ...(per_thousand_searches !== undefined && { perThousandSearches: parseUsd(per_thousand_searches) }),
      ...(upper.length > 0 && { tiers: upper }),
    }
    return { match, ...(provider !== undefined && { provider }), prices }
  })

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
