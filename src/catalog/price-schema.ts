import { z } from 'zod'
import type { MatchRule, PriceData } from './price-data.ts'

/** What `price-data.ts` describes, for data that comes back from a database. */

const amount = z.int().min(0)

const rates = {
  input: amount.optional(),
  output: amount.optional(),
  cacheRead: amount.optional(),
  cacheWrite: amount.optional(),
  cacheWriteLong: amount.optional(),
  reasoning: amount.optional(),
  inputAudio: amount.optional(),
  outputAudio: amount.optional(),
  cacheReadAudio: amount.optional(),
  inputImage: amount.optional(),
  outputImage: amount.optional(),
  cacheReadImage: amount.optional(),
}

const tiers = z.array(z.strictObject({ above: amount, ...rates })).optional()

const rule: z.ZodType<MatchRule> = z.lazy(() =>
  z.union([z.string(), z.strictObject({ all: z.array(rule) }), z.strictObject({ not: z.array(rule) })]),
)

const row = z.strictObject({
  from: z.string().optional(),
  daily: z.strictObject({ start: amount, end: amount }).optional(),
  ...rates,
  tiers,
  request: amount.optional(),
  searches: amount.optional(),
  classes: z
    .record(
      z.string(),
      z.strictObject({
        factor: amount.optional(),
        ...rates,
        tiers,
        upTo: amount.optional(),
        cacheReads: z.boolean().optional(),
      }),
    )
    .optional(),
  regions: z.record(z.string(), amount).optional(),
  unmetered: z.array(z.string()).optional(),
})

const schema = z.strictObject({
  source: z.string(),
  version: z.string(),
  date: z.string(),
  licence: z.string(),
  providers: z.record(
    z.string(),
    z.strictObject({
      models: z.record(
        z.string(),
        z.strictObject({ match: z.array(rule).optional(), prices: z.array(row).optional() }),
      ),
    }),
  ),
})

/** Throws for what is not in this release's form. Zod's types call an absent member undefined, which JSON never is. */
export const priceData = (value: unknown): PriceData => schema.parse(value) as PriceData
