import { z } from 'zod'
import { duration, settingMeta } from '../config/index.ts'
import type { HedgePolicy } from './match/index.ts'

/** The `hedge` section of a rule. */
export const hedgeSettings = z
  .strictObject({
    after: z
      .union([z.literal('p95'), duration()])
      .prefault('p95')
      .register(settingMeta, { expects: '`p95`, or a duration such as `5s`' })
      .describe(
        'How long an answer may take to its first content before a second call is made: `p95` is what 95 of 100 calls of the same model there took of late (nothing is done until 20 are known), else a time in seconds or with a unit.',
      ),
    at_least: duration()
      .prefault('250ms')
      .describe('However quick a model usually is, with `p95` it gets so long, in seconds or with a unit.'),
  })
  .describe(
    'Makes a second call at the next target, or with another key, when an answer is slow to begin. The first content wins and the other call is ended; both are paid. Never for what may leave something behind at a provider.',
  )

export const toHedgePolicy = ({ after, at_least }: z.output<typeof hedgeSettings>): HedgePolicy => ({
  after,
  atLeast: at_least,
})
