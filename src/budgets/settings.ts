import { createHash } from 'node:crypto'
import { z } from 'zod'
import { duration, settingMeta } from '../config/index.ts'
import { parseUsd } from '../ir/index.ts'
import { type Budget, budgetLevels, budgetModes } from './budget.ts'
import { calendarPeriods, isTimezone, type Period } from './calendar.ts'

/** Counters are exact up to 2^53 nano-USD. */
const mostUsd = 9_000_000n * 1_000_000_000n
const mostTokens = 9_000_000_000_000_000
/** Rolling periods are at least a minute and at most a year. */
const shortest = 60_000
const longest = 366 * 86_400_000

const usd = z
  .union([z.string(), z.number()])
  .refine(
    (value) => {
      try {
        const parsed = parseUsd(value)
        return parsed > 0n && parsed <= mostUsd
      } catch {
        return false
      }
    },
    { error: 'expected US dollars above 0 and up to 9000000, like "100.00"' },
  )
  .describe('US dollars, as a decimal string or number.')

const rolling = duration({ days: 366 }).refine(
  (milliseconds) => milliseconds >= shortest && milliseconds <= longest,
  {
    error: 'a rolling period is between one minute and 366 days',
  },
)

const period = z
  .union([z.enum([...calendarPeriods, 'forever']), rolling])
  .register(settingMeta, {
    expects: '`day`, `week`, `month`, `quarter`, `forever`, or a rolling time like `24h` or `30d`',
  })
  .describe('A calendar period of the time zone, `forever`, or a rolling time like `24h`.')

/** What a configuration, or whoever uses the admin API, says of a budget. */
export const budgetSettings = z
  .strictObject({
    level: z
      .enum(budgetLevels)
      .describe('Whom it is for: each organisation, key, session, … has a counter of its own.'),
    match: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('Only those whose id or name is this; `*` stands for any text.'),
    limit_usd: usd.optional(),
    limit_tokens: z.int().min(1).max(mostTokens).optional().describe('Input and output tokens together.'),
    period: period.prefault('month'),
    timezone: z
      .string()
      .refine(isTimezone, { error: 'expected a time zone such as Europe/Berlin' })
      .prefault('UTC')
      .describe('Time zone of calendar periods, such as `Europe/Berlin`.'),
    mode: z
      .enum(budgetModes)
      .prefault('metered')
      .describe(
        '`hard` is never overshot, `metered` by at most one slice for each open stream, `soft` only warns.',
      ),
    amber_at: z
      .number()
      .gt(0)
      .max(1)
      .prefault(0.8)
      .describe('Share of the limit from which on answers carry a warning.'),
    amber_max_output_tokens: z
      .int()
      .min(1)
      .optional()
      .describe('While amber, answers get no longer than this.'),
    amber_model: z
      .string()
      .regex(/^[^/\s]+\/\S+$/)
      .optional()
      .register(settingMeta, { expects: '`provider/model`' })
      .describe('While amber, `provider/model` answers instead of what was asked for.'),
    unbounded: z
      .enum(['refuse', 'admit', 'key'])
      .prefault('key')
      .describe('What happens to an attempt whose cost has no bound; `key` leaves it to the key.'),
  })
  .refine(({ limit_usd, limit_tokens }) => (limit_usd === undefined) !== (limit_tokens === undefined), {
    error: 'expected either limit_usd or limit_tokens',
  })
  .refine(({ level, match }) => level !== 'global' || match === undefined, {
    error: 'a global budget has no match',
    path: ['match'],
  })

/** `budgets_when_away`: what holds while the others cannot be asked. */
export const budgetsWhenAwaySettings = z
  .enum(['refuse', 'local'])
  .prefault('refuse')
  .describe(
    'While Redis is away: `refuse` answers 503 where a budget applies, `local` gives each gateway process its share of what is left.',
  )

export type BudgetSettings = z.output<typeof budgetSettings>

/** The `budgets` list of the configuration. */
export const budgetsSettings = z
  .array(budgetSettings)
  .max(500)
  .prefault([])
  .register(settingMeta, {
    reloads: true,
    expects: 'a list of budgets with `level` and `limit_usd` or `limit_tokens`',
  })
  .describe('How much may be spent, by whom and how often; all that apply must have room.')

/** @param id absent: one that stays the same while what is counted does */
export const toBudget = (
  settings: BudgetSettings,
  organisation: string | null = null,
  id?: string,
): Budget => {
  const { level, match, limit_usd, limit_tokens = 0, timezone, mode, amber_at, unbounded } = settings
  const period: Period = typeof settings.period === 'number' ? { rolling: settings.period } : settings.period
  const unit = limit_usd === undefined ? 'tokens' : 'usd'
  return {
    id: id ?? namedAfter({ level, match, unit, period: settings.period, timezone, mode, organisation }),
    level,
    match: match ?? null,
    organisation,
    unit,
    limit: limit_usd === undefined ? BigInt(limit_tokens) : parseUsd(limit_usd),
    period,
    timezone,
    mode,
    amberPpm: Math.round(amber_at * 1_000_000),
    amber: { maxOutputTokens: settings.amber_max_output_tokens ?? null, model: settings.amber_model ?? null },
    unbounded,
  }
}

const namedAfter = (what: object): string =>
  createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 16)
