import { z } from 'zod'
import { cacheLayerSettings, toCacheLayer } from '../cache/settings.ts'
import { compressModeSettings } from '../compress/settings.ts'
import { duration, settingMeta, text, wholeNumber } from '../config/index.ts'
import { firewallLayerSettings } from '../firewall/settings.ts'
import { operations, protocolIds, workModes } from '../ir/index.ts'
import { type MarkPolicy, markPolicySetting } from '../prompt-cache/settings.ts'
import { hedgeSettings, toHedgePolicy } from './hedge-settings.ts'
import { patternProblem, type RouteRule, strategies } from './match/index.ts'
import { shadowSettings, toShadowPolicy } from './shadow-settings.ts'

/** Parsed to one shape, however it is written. */
interface WrittenTarget {
  readonly provider: string
  /** Absent: the model that the client asked for. */
  readonly model?: string | undefined
  readonly weight?: number | undefined
  readonly prompt_cache?: MarkPolicy | undefined
}

const provider = () => text().describe('Provider that answers.')
const model = () => text().optional().describe('Model to ask for; without it the one that the client named.')
const expects = 'a provider, or a section with `provider` and `model`'
const toTarget = (written: string | WrittenTarget): WrittenTarget =>
  typeof written === 'string' ? { provider: written } : written

/** One target that nobody is chosen among. */
export const singleTarget = z
  .union([text(), z.strictObject({ provider: provider(), model: model() })])
  .register(settingMeta, { expects })
  .transform(toTarget)

const routeTarget = z
  .union([
    text(),
    z.strictObject({
      provider: provider(),
      model: model(),
      weight: z
        .number()
        .positive()
        .max(1_000_000)
        .optional()
        .register(settingMeta, { expects: 'a number above 0' })
        .describe(
          'Share of the requests with `strategy: weighted`, in proportion to the others; 1 where absent.',
        ),
      prompt_cache: markPolicySetting,
    }),
  ])
  .register(settingMeta, { expects })
  .transform(toTarget)

const pattern = z
  .string()
  .min(1)
  .transform((value, context) => {
    const problem = patternProblem(value)
    if (problem === undefined) return value
    context.issues.push({ code: 'custom', input: value, message: `is no regular expression: ${problem}` })
    return z.NEVER
  })
  .register(settingMeta, {
    expects: 'a model name, with `*` for any text, or a regular expression between slashes',
  })

const patterns = z
  .union([pattern, z.array(pattern).min(1)])
  .register(settingMeta, { expects: 'a model name or a list of them' })
  .transform((written): readonly string[] => (typeof written === 'string' ? [written] : written))

const tokens = () => wholeNumber(0, Number.MAX_SAFE_INTEGER)

const timeOfDay = z
  .string()
  .transform((value, context) => {
    const [, hours, minutes] = /^([01]?\d|2[0-4]):([0-5]\d)$/.exec(value) ?? []
    const total = Number(hours) * 60 + Number(minutes)
    if (total <= 24 * 60) return total
    context.issues.push({ code: 'custom', input: value, message: 'must be a time of day such as "22:00"' })
    return z.NEVER
  })
  .register(settingMeta, { expects: 'a time of day such as "22:00"' })

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const conditions = z
  .strictObject({
    endpoints: z
      .array(z.enum([...protocolIds, ...operations]))
      .min(1)
      .optional()
      .describe(
        'Protocols (`openai-chat`, …) or operations (`generate`, `count-tokens`, `embed`, …) of the request.',
      ),
    keys: z.array(text()).min(1).optional().describe('Names or ids of virtual keys.'),
    teams: z.array(text()).min(1).optional().describe('Ids of teams that the key belongs to.'),
    headers: z
      .record(z.string().min(1), text())
      .optional()
      .describe('Headers of the request: `name: value`, with `*` for any text.'),
    sessions: z
      .array(text())
      .min(1)
      .optional()
      .describe("The client's own name of its session, with `*` for any text."),
    input_tokens: z
      .strictObject({
        over: tokens().optional().describe('More than so many.'),
        up_to: tokens().optional().describe('So many at most.'),
      })
      .optional()
      .describe('Estimated tokens of the request.'),
    tools: z.boolean().optional().describe('Does the request bring tools?'),
    images: z.boolean().optional().describe('Does the request bring pictures?'),
    hours: z
      .strictObject({
        from: timeOfDay.describe('First minute, such as "22:00".'),
        to: timeOfDay.describe('First minute after it; earlier than `from` is over midnight.'),
        days: z
          .array(z.enum(weekdays))
          .min(1)
          .optional()
          .describe(
            'Days of the week; all without it. Hours over midnight belong to the day on which they begin.',
          ),
        zone: z
          .string()
          .prefault('UTC')
          .refine(isTimeZone, { error: 'is no time zone' })
          .register(settingMeta, { expects: 'a time zone such as `Europe/Zurich`' })
          .describe('Time zone of the hours.'),
      })
      .optional()
      .describe('Time of day.'),
  })
  .describe('What else must hold; all of it.')

export const route = z.strictObject({
  match: patterns.describe(
    'Model name, or a list of them: exact, with `*` for any text (`gpt-*`, `*-turbo`, `*claude*`), or a regular expression between slashes (`/^gpt-[45]/`).',
  ),
  targets: z
    .array(routeTarget)
    .min(1)
    .describe(
      'Who answers, in the order in which they are tried: `openai` or `{ provider: openai, model: gpt-5.1 }`.',
    ),
  name: text().optional().describe('Name of the rule in logs and headers.'),
  when: conditions.optional(),
  strategy: z
    .enum(strategies)
    .prefault('fallback')
    .describe(
      'Who is asked first: `fallback` the first that works, `weighted` by weight, `round-robin` in turn, `least-loaded` with the fewest calls under way, `lowest-latency` quickest to its first token, `cheapest` by price.',
    ),
  sticky: z
    .boolean()
    .optional()
    .describe(
      'Does a session stay with who answered it last, while that works? On, but for `fallback`. Provider prompt caches and encrypted reasoning are good only there.',
    ),
  tries: wholeNumber(1, 20)
    .optional()
    .describe('Calls to one target before the next; other than `retry.tries`.'),
  work_mode: z
    .enum(workModes)
    .optional()
    .describe('Other work mode than that of the port and the gateway; what a virtual key says wins over it.'),
  firewall: firewallLayerSettings
    .optional()
    .describe('Other firewall modes than those of the gateway; what a virtual key says wins over them.'),
  cache: cacheLayerSettings
    .optional()
    .register(settingMeta, { expects: '`on`, `off`, or a section such as `{ exact: on, ttl: 10m }`' })
    .describe(
      'Other settings of the cache than those of the gateway; what a virtual key says wins over them.',
    ),
  compress: compressModeSettings
    .optional()
    .describe(
      'Other than `compress.mode`: are comments taken out of code that people paste? What a virtual key says wins over it.',
    ),
  prompt_cache: markPolicySetting,
  timeouts: z
    .strictObject({
      connect: duration().optional().describe('Longest wait for a connection, in seconds or with a unit.'),
      first_byte: duration()
        .optional()
        .describe('Longest wait for the first byte of an answer, in seconds or with a unit.'),
      idle: duration().optional().describe('Longest silence within an answer, in seconds or with a unit.'),
      total: duration({ zero: 'no bound' })
        .optional()
        .describe('Longest that an upstream call may take, in seconds or with a unit; 0 = no bound.'),
    })
    .optional()
    .describe('Other timeouts than those of the provider.'),
  hedge: hedgeSettings.optional(),
  shadow: shadowSettings.optional(),
})

/** A rule as routing has it. */
export const toRouteRule = (written: z.output<typeof route>): RouteRule => {
  const {
    match,
    name,
    targets,
    strategy,
    sticky,
    tries,
    work_mode,
    timeouts,
    hedge,
    shadow,
    firewall,
    cache,
    prompt_cache,
  } = written
  return {
    match,
    name,
    when: written.when && toConditions(written.when),
    targets: targets.map(({ prompt_cache: promptCache, ...target }) => ({ ...target, promptCache })),
    policy: {
      strategy,
      sticky: sticky ?? strategy !== 'fallback',
      ...(tries === undefined ? {} : { tries }),
      ...(work_mode === undefined ? {} : { workMode: work_mode }),
      ...(firewall === undefined ? {} : { firewall }),
      ...(cache === undefined ? {} : { cache: toCacheLayer(cache) }),
      ...(written.compress === undefined ? {} : { compress: written.compress }),
      ...(prompt_cache === undefined ? {} : { promptCache: prompt_cache }),
      ...(timeouts === undefined ? {} : { timeouts: toTimeouts(timeouts) }),
      ...(hedge === undefined ? {} : { hedge: toHedgePolicy(hedge) }),
      ...(shadow === undefined ? {} : { shadow: toShadowPolicy(shadow) }),
    },
  }
}

const toConditions = ({
  input_tokens,
  hours,
  ...same
}: z.output<typeof conditions>): NonNullable<RouteRule['when']> => ({
  ...same,
  inputTokens: input_tokens && { over: input_tokens.over, upTo: input_tokens.up_to },
  hours: hours && { ...hours, days: hours.days?.map((day) => weekdays.indexOf(day)) },
})

type WrittenTimeouts = NonNullable<z.output<typeof route>['timeouts']>

const toTimeouts = ({ connect, first_byte, idle, total }: WrittenTimeouts) => ({
  ...(connect === undefined ? {} : { connect }),
  ...(first_byte === undefined ? {} : { firstByte: first_byte }),
  ...(idle === undefined ? {} : { idle }),
  ...(total === undefined ? {} : { total }),
})
