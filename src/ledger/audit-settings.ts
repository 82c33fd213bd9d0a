import { z } from 'zod'
import { duration, settingMeta, text, wholeNumber } from '../config/index.ts'

const canarySettings = z.strictObject({
  provider: text().describe('Provider that is asked.'),
  model: text().describe('Model that is asked, as the provider names it.'),
  prompt: text().describe('What is asked. It has one right answer that a model gives again and again.'),
  every: duration()
    .prefault('1h')
    .describe('How often, in seconds or with a unit. All processes on one database share the turns.'),
  expect: text()
    .optional()
    .describe(
      'The text of a right answer, where `*` stands for anything; capitals and space around it do not matter. Without it any text is right.',
    ),
  max_output_tokens: wholeNumber(1, 16_384)
    .prefault(256)
    .describe('Tokens that the answer may have. What a model thinks counts.'),
})

/** The `audit` section. Durations are parsed to milliseconds. */
export const auditSettings = z
  .strictObject({
    check_every: duration({ zero: 'never' })
      .prefault('1h')
      .describe('How often upstreams are checked for drift, in seconds or with a unit; 0 = never.'),
    window: duration({ days: 90 })
      .prefault('7d')
      .describe('How far back a check looks, in seconds or with a unit.'),
    minimum: wholeNumber(20, 100_000)
      .prefault(50)
      .describe('Calls of an upstream within the window before anything is said about it.'),
    retention: duration({ days: 3650, zero: 'for ever' })
      .prefault('365d')
      .describe(
        'How long announced changes, counts of calls and what canaries came to are kept, in seconds or with a unit, but never shorter than `window`; 0 = for ever. The ledger is not touched.',
      ),
    count_share: z
      .number()
      .min(0)
      .max(1)
      .prefault(0.05)
      .register(settingMeta, { expects: 'a number from 0 to 1' })
      .describe(
        'Share of the calls whose tokens are counted here as well, after the answer, and held against what the provider reports, 0 to 1; 0 = none. The first calls of each model after a start are always counted. Only numbers are kept.',
      ),
    canaries: z
      .array(canarySettings)
      .prefault([])
      .describe(
        'Prompts that are asked regularly, to see whether the answers stay right. They cost what calls cost.',
      ),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('Tells when an upstream begins to answer otherwise than it did (`tgw audit`).')

export type AuditSettings = z.output<typeof auditSettings>
export type CanarySettings = AuditSettings['canaries'][number]
