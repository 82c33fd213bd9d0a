import { shiftDecimal } from '../decimal.ts'
import type { Draft } from '../draft.ts'
import type { Section } from '../section.ts'
import type { Place } from '../source-node.ts'

/** One of our price fields; `tier` is the number of input tokens above which it holds. */
export interface Price extends Place {
  readonly field: string
  readonly tier?: number
  /** US dollars per million tokens (per request for `per_request`), a decimal. */
  readonly value: string
}

/** LiteLLM's names, US dollars per token. */
const perToken: Readonly<Record<string, string>> = {
  input_cost_per_token: 'input_per_mtok',
  output_cost_per_token: 'output_per_mtok',
  cache_read_input_token_cost: 'cache_read_per_mtok',
  cache_creation_input_token_cost: 'cache_write_per_mtok',
  cache_creation_input_token_cost_above_1hr: 'cache_write_long_per_mtok',
  output_cost_per_reasoning_token: 'reasoning_per_mtok',
  input_cost_per_audio_token: 'input_audio_per_mtok',
  output_cost_per_audio_token: 'output_audio_per_mtok',
  input_cost_per_image_token: 'input_image_per_mtok',
  output_cost_per_image_token: 'output_image_per_mtok',
}
const tiered = [
  'input_cost_per_token',
  'output_cost_per_token',
  'cache_read_input_token_cost',
  'cache_creation_input_token_cost',
] as const
const tierSizes = [128, 200, 256, 272] as const

/** The prices of a deployment, said in `litellm_params` or `model_info`, where the former count. */
export const readPrices = (params: Section, info: Section | undefined, draft: Draft): readonly Price[] => {
  const read = (key: string, field: string, tier?: number): readonly Price[] => {
    const below = info?.decimal(key)
    const said = params.decimal(key) ?? below
    const value = said === undefined ? undefined : shiftDecimal(said.value, 6)
    if (said === undefined || value === undefined) return []
    return [{ field, value, line: said.line, path: said.path, ...(tier === undefined ? {} : { tier }) }]
  }
  const prices = [
    ...Object.entries(perToken).flatMap(([key, field]) => read(key, field)),
    ...tiered.flatMap((key) =>
      tierSizes.flatMap((size) => read(`${key}_above_${size}k_tokens`, perToken[key] ?? key, size * 1000)),
    ),
  ]
  for (const key of otherPrices) {
    const said = params.decimal(key) ?? info?.decimal(key)
    if (said !== undefined) draft.leave(said, 'prices are per token here')
  }
  return prices
}

const otherPrices = [
  'input_cost_per_second',
  'output_cost_per_second',
  'input_cost_per_character',
  'output_cost_per_character',
  'input_cost_per_image',
  'output_cost_per_image',
  'input_cost_per_token_batches',
  'output_cost_per_token_batches',
] as const

/** An item of `prices`. */
export const priceItem = (match: string, provider: string, prices: readonly Price[]): unknown => {
  const flat = prices.filter(({ tier }) => tier === undefined)
  const sizes = [...new Set(prices.flatMap(({ tier }) => (tier === undefined ? [] : [tier])))].sort(
    (a, b) => a - b,
  )
  const fields = (some: readonly Price[]) =>
    Object.fromEntries(some.map(({ field, value }) => [field, value]))
  return {
    match,
    provider,
    ...fields(flat),
    ...(sizes.length === 0
      ? {}
      : {
          tiers: sizes.map((size) => ({
            above_input_tokens: size,
            ...fields(prices.filter(({ tier }) => tier === size)),
          })),
        }),
  }
}
