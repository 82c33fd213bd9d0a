import type { KeyLimits } from '../accounts/index.ts'

/** Whom a limit is for: one counter for each of them, but for `global`. */
export const limitLevels = [
  'global',
  'organisation',
  'team',
  'user',
  'key',
  'model',
  'provider',
  'ip',
  'session',
  'tag',
] as const

export type LimitLevel = (typeof limitLevels)[number]

/** What a bucket holds. `tokens` are input and output together; cached input counts like any other. */
export const limitUnits = ['requests', 'input_tokens', 'output_tokens', 'tokens'] as const

export type LimitUnit = (typeof limitUnits)[number]

/** In milliseconds. */
export const limitPeriods = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

export type LimitPeriod = keyof typeof limitPeriods

const camelUnits = {
  requests: 'requests',
  input_tokens: 'inputTokens',
  output_tokens: 'outputTokens',
  tokens: 'tokens',
} as const
const capitals = { second: 'Second', minute: 'Minute', hour: 'Hour', day: 'Day' } as const

/** So much in a period, evenly; `capacity` of it may come at once. */
export interface Rate {
  readonly unit: LimitUnit
  readonly per: LimitPeriod
  readonly limit: number
  readonly capacity: number
}

export interface LimitRule {
  readonly level: LimitLevel
  /** Id or name, `*` stands for any text; null: everybody has a limit of their own. */
  readonly match: string | null
  readonly rates: readonly Rate[]
  /** Exchanges under way at once; null for no bound. */
  readonly concurrent: number | null
}

/** What the provider allows: held for each of its credentials, or for all of them together. */
export interface ProviderLimits {
  readonly per: 'credential' | 'provider'
  readonly rates: readonly Rate[]
  readonly concurrent: number | null
  /** Calls that are too many wait here when no other target is left; null: they do not. */
  readonly queue: QueueBounds | null
}

export interface QueueBounds {
  /** Milliseconds. */
  readonly longestWait: number
  readonly mostWaiting: number
}

/** Windows as configurations write them: `requests_per_minute: 600`, `burst: 2x`. */
export type WrittenWindows = Readonly<
  Partial<Record<`${LimitUnit}_per_${LimitPeriod}`, number | undefined>>
> & {
  readonly concurrent?: number | undefined
  readonly burst?: number | string | undefined
}

/** Every window that is named, with what may come at once. */
export const ratesOf = (written: WrittenWindows): readonly Rate[] =>
  windowNames.flatMap(({ name, unit, per }) => {
    const limit = written[name]
    return limit === undefined ? [] : [{ unit, per, limit, capacity: capacityOf(limit, written.burst) }]
  })

/** The same as keys have them: `requestsPerMinute: 600`. */
export const ratesOfKey = (limits: KeyLimits): readonly Rate[] =>
  windowNames.flatMap(({ camel, unit, per }) => {
    const limit = limits[camel]
    return limit === undefined ? [] : [{ unit, per, limit, capacity: capacityOf(limit, limits.burst) }]
  })

/** `requests_per_second` and all the others. */
const windowNames = limitUnits.flatMap((unit) =>
  (['second', 'minute', 'hour', 'day'] as const).map((per) => ({
    name: `${unit}_per_${per}` as const,
    camel: `${camelUnits[unit]}Per${capitals[per]}` as const,
    unit,
    per,
  })),
)

export const burstPattern = /^\d{1,6}(?:\.\d{1,3})?x$/

const capacityOf = (limit: number, burst: number | string | undefined): number => {
  if (burst === undefined) return limit
  if (typeof burst === 'number') return burst
  return Math.max(1, Math.floor(limit * Number(burst.slice(0, -1))))
}

/** Why the windows make no sense together; undefined where they do. */
export const windowsFault = (written: WrittenWindows): string | undefined => {
  const rates = windowNames.filter(({ name }) => written[name] !== undefined).length
  if (rates === 0 && written.concurrent === undefined) {
    return 'limits nothing: name a window such as `requests_per_minute`, or `concurrent`'
  }
  if (typeof written.burst === 'number' && rates !== 1) {
    return 'a `burst` in numbers belongs to one window; write it as a multiple, like `2x`, or split the rule'
  }
  return undefined
}
