import { z } from 'zod'
import { settingMeta, text, wholeNumber } from '../config/index.ts'
import { parseUsd } from '../ir/index.ts'
import type { ShadowPolicy } from './match/index.ts'

const isUsd = (value: string | number): boolean => {
  try {
    parseUsd(value)
    return true
  } catch {
    return false
  }
}

/** The `shadow` section of a rule. */
export const shadowSettings = z
  .strictObject({
    provider: text().describe('Provider that answers the copies.'),
    model: text().optional().describe('Model to ask there; without it the one that the client named.'),
    share: z
      .number()
      .min(0)
      .max(1)
      .prefault(0.01)
      .register(settingMeta, { expects: 'a number from 0 to 1' })
      .describe('Share of the exchanges that are copied, 0 to 1.'),
    concurrent: wholeNumber(1, 1000)
      .prefault(4)
      .describe('Copies that run at once; more are dropped and counted.'),
    daily_budget_usd: z
      .union([z.string(), z.number()])
      .refine(isUsd, { error: 'expected US dollars as a decimal, like "5.00"' })
      .optional()
      .register(settingMeta, { expects: 'US dollars as a decimal, like "5.00"' })
      .describe(
        'US dollars that copies may cost per UTC day. A copy counts with the most that it can cost until its cost is known; without a known price none is sent.',
      ),
  })
  .describe(
    'Copies a share of the exchanges to another target once they are answered, to compare how it answers (`tgw shadow report`).',
  )

export type ShadowSettings = z.output<typeof shadowSettings>

export const toShadowPolicy = ({ daily_budget_usd, model, ...settings }: ShadowSettings): ShadowPolicy => ({
  ...settings,
  ...(model === undefined ? {} : { model }),
  ...(daily_budget_usd === undefined ? {} : { dailyBudget: parseUsd(daily_budget_usd) }),
})
