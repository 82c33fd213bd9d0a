import { z } from 'zod'
import { duration, settingMeta, text, wholeNumber } from '../config/index.ts'
import {
  burstPattern,
  type LimitPeriod,
  type LimitRule,
  type LimitUnit,
  limitLevels,
  type ProviderLimits,
  ratesOf,
  type WrittenWindows,
  windowsFault,
} from './limit-rule.ts'

/** Counters are exact far beyond. */
const most = 1_000_000_000_000

const unitWords: Readonly<Record<LimitUnit, string>> = {
  requests: 'Requests',
  input_tokens: 'Input tokens, cached ones too,',
  output_tokens: 'Output tokens',
  tokens: 'Input and output tokens together',
}

const rate = (unit: LimitUnit, per: LimitPeriod) =>
  wholeNumber(1, most).optional().describe(`${unitWords[unit]} per ${per}.`)

const windows = {
  requests_per_second: rate('requests', 'second'),
  requests_per_minute: rate('requests', 'minute'),
  requests_per_hour: rate('requests', 'hour'),
  requests_per_day: rate('requests', 'day'),
  input_tokens_per_second: rate('input_tokens', 'second'),
  input_tokens_per_minute: rate('input_tokens', 'minute'),
  input_tokens_per_hour: rate('input_tokens', 'hour'),
  input_tokens_per_day: rate('input_tokens', 'day'),
  output_tokens_per_second: rate('output_tokens', 'second'),
  output_tokens_per_minute: rate('output_tokens', 'minute'),
  output_tokens_per_hour: rate('output_tokens', 'hour'),
  output_tokens_per_day: rate('output_tokens', 'day'),
  tokens_per_second: rate('tokens', 'second'),
  tokens_per_minute: rate('tokens', 'minute'),
  tokens_per_hour: rate('tokens', 'hour'),
  tokens_per_day: rate('tokens', 'day'),
  concurrent: wholeNumber(1, 1_000_000).optional().describe('Exchanges under way at once.'),
  burst: z
    .union([z.int().min(1).max(most), z.string().regex(burstPattern)])
    .optional()
    .register(settingMeta, { expects: 'a multiple such as `2x` or `0.5x`, or a number' })
    .describe(
      'How much may come at once: a multiple of the window (`2x`), or a number where there is one window; without it the window.',
    ),
}

/** Refuses windows that make no sense together, in the words of `windowsFault`. */
const sensible = (written: WrittenWindows, context: z.RefinementCtx): void => {
  const message = windowsFault(written)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
}

export const limitSettings = z
  .strictObject({
    level: z
      .enum(limitLevels)
      .describe('Whom it is for: each organisation, key, session, … has a limit of its own.'),
    match: text()
      .max(256)
      .optional()
      .describe('Only those whose id or name is this; `*` stands for any text.'),
    ...windows,
  })
  .superRefine(sensible)
  .refine(({ level, match }) => level !== 'global' || match === undefined, {
    error: 'a global limit has no match',
    path: ['match'],
  })

export type LimitSettings = z.output<typeof limitSettings>

/** The `limits` list of the configuration. */
export const limitsSettings = z
  .array(limitSettings)
  .max(500)
  .prefault([])
  .register(settingMeta, {
    reloads: true,
    expects: 'a list of limits with `level` and windows such as `requests_per_minute`',
  })
  .describe('How often, how much and how many at once; all that apply must have room, else 429.')

export const toLimitRule = (written: LimitSettings): LimitRule => ({
  level: written.level,
  match: written.match ?? null,
  rates: ratesOf(written),
  concurrent: written.concurrent ?? null,
})

/** `providers.<id>.limits`. */
export const providerLimitsSettings = z
  .strictObject({
    per: z
      .enum(['credential', 'provider'])
      .prefault('credential')
      .describe('`credential`: each key of the provider has these limits; `provider`: all together.'),
    ...windows,
    queue: z
      .strictObject({
        longest_wait: duration().prefault('2s').describe('No call waits longer, in seconds or with a unit.'),
        most_waiting: wholeNumber(1, 100_000).prefault(100).describe('More are refused at once.'),
      })
      .optional()
      .describe(
        'Calls that are too many wait here for their turn when no other target is left: organisations in turn, and their keys in turn.',
      ),
  })
  .superRefine(sensible)

export const toProviderLimits = (written: z.output<typeof providerLimitsSettings>): ProviderLimits => ({
  per: written.per,
  rates: ratesOf(written),
  concurrent: written.concurrent ?? null,
  queue:
    written.queue === undefined
      ? null
      : { longestWait: written.queue.longest_wait, mostWaiting: written.queue.most_waiting },
})

/** The same body again and again: a client that is stuck. */
export const limitsRunawaySettings = z
  .union([
    z.literal('off'),
    z.strictObject({
      repeats: wholeNumber(1, 100_000)
        .prefault(20)
        .describe('So often the same body may come within `window`.'),
      window: duration().prefault('10s').describe('How far back it looks, in seconds or with a unit.'),
    }),
  ])
  .prefault({})
  .register(settingMeta, { reloads: true, expects: '`off`, or a section with `repeats` and `window`' })
  .describe(
    'Stops clients that send the same body again and again in one session, or with one key where they name none.',
  )

export const limitsWhenAwaySettings = z
  .enum(['local', 'refuse'])
  .prefault('local')
  .register(settingMeta, { reloads: true })
  .describe(
    'While what gateways share cannot be reached: `local` counts here alone, each limit divided by the gateways last seen; `refuse` answers 503 where a limit applies.',
  )

export const limitsLongestWaitSettings = duration()
  .prefault('250ms')
  .register(settingMeta, { reloads: true })
  .describe(
    'So long a decision about limits may take before the shared counters are taken to be away, in seconds or with a unit.',
  )
