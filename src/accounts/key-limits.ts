import { z } from 'zod'

const rate = z.int().min(1).max(1_000_000_000_000).exactOptional()

/**
 * Limits of one key, beside those of the configuration: so much per period, and so many exchanges at once.
 * `burst` is how much may come at once, as a multiple of each window (`2x`).
 */
export const keyLimitsSchema = z
  .strictObject({
    requestsPerSecond: rate,
    requestsPerMinute: rate,
    requestsPerHour: rate,
    requestsPerDay: rate,
    inputTokensPerSecond: rate,
    inputTokensPerMinute: rate,
    inputTokensPerHour: rate,
    inputTokensPerDay: rate,
    outputTokensPerSecond: rate,
    outputTokensPerMinute: rate,
    outputTokensPerHour: rate,
    outputTokensPerDay: rate,
    tokensPerSecond: rate,
    tokensPerMinute: rate,
    tokensPerHour: rate,
    tokensPerDay: rate,
    concurrent: z.int().min(1).max(1_000_000).exactOptional(),
    burst: z
      .string()
      .regex(/^\d{1,6}(?:\.\d{1,3})?x$/, 'must be a multiple such as `2x`')
      .exactOptional(),
  })
  .refine((limits) => Object.keys(limits).some((name) => name !== 'burst'), 'limits nothing')

export type KeyLimits = z.output<typeof keyLimitsSchema>
