/** What a budget is counted over: a calendar period, a rolling one in milliseconds, or for ever. */
export type Period = CalendarPeriod | RollingPeriod | 'forever'

export const calendarPeriods = ['day', 'week', 'month', 'quarter'] as const

export type CalendarPeriod = (typeof calendarPeriods)[number]

export interface RollingPeriod {
  /** Milliseconds. */
  readonly rolling: number
}

/** One run of a period. Times are milliseconds since 1970. */
export interface Span {
  /** What was spent before counts no more. */
  readonly start: number
  /** When all of it is given back; null where it never is at one moment. */
  readonly end: number | null
  /** Names the run among those of the same budget. */
  readonly name: string
}

/** A rolling period is counted in so many parts; the part that is half over counts whole. */
export const rollingParts = 60

/** How long one part of a rolling period is, in milliseconds. */
export const partOf = ({ rolling }: RollingPeriod): number =>
  Math.max(1_000, Math.ceil(rolling / rollingParts))

/**
 * The run of the period that a moment belongs to, by the calendar of a time zone. Weeks begin on Monday, days when the
 * local date changes, which is not always at midnight.
 */
export const spanAt = (period: Period, timezone: string, at: number): Span => {
  if (period === 'forever') return { start: 0, end: null, name: 'forever' }
  if (typeof period === 'object') {
    const part = partOf(period)
    return {
      start: (Math.floor(at / part) - rollingParts) * part,
      end: null,
      name: `rolling-${period.rolling}`,
    }
  }
  const today = localDate(timezone, at)
  const first = firstDay(period, today)
  const next = nextFirstDay(period, first)
  return {
    start: beginOf(timezone, first),
    end: beginOf(timezone, next),
    name: `${period}-${textOf(first)}`,
  }
}

/** Is it a zone that the calendar knows? */
export const isTimezone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** A day of the calendar, as the midnight UTC that bears its name: arithmetic on days knows no zones. */
type Day = number

const dayLength = 86_400_000

const formats = new Map<string, Intl.DateTimeFormat>()

const localDate = (timezone: string, at: number): Day => {
  let format = formats.get(timezone)
  if (format === undefined) {
    const parts = { year: 'numeric', month: 'numeric', day: 'numeric', era: 'short' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, calendar: 'gregory', ...parts })
    formats.set(timezone, format)
  }
  const found = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const part = (name: 'year' | 'month' | 'day'): number => Number(found.get(name))
  return Date.UTC(part('year'), part('month') - 1, part('day'))
}

const firstDay = (period: CalendarPeriod, day: Day): Day => {
  const date = new Date(day)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  switch (period) {
    case 'day':
      return day
    case 'week':
      return day - ((date.getUTCDay() + 6) % 7) * dayLength
    case 'month':
      return Date.UTC(year, month)
    case 'quarter':
      return Date.UTC(year, month - (month % 3))
  }
}

const nextFirstDay = (period: CalendarPeriod, first: Day): Day => {
  const date = new Date(first)
  switch (period) {
    case 'day':
      return first + dayLength
    case 'week':
      return first + 7 * dayLength
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
    case 'quarter':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 3)
  }
}

/** Zones are at most so far from UTC, and change their offset by whole minutes. */
const farthest = 15 * 3_600_000
const minute = 60_000

/** The first moment at which the local date is this day or a later one: a zone may leave a day out. */
const beginOf = (timezone: string, day: Day): number => {
  let before = Math.floor((day - farthest) / minute)
  let reached = Math.ceil((day + farthest) / minute)
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2)
    if (localDate(timezone, middle * minute) >= day) reached = middle
    else before = middle
  }
  return reached * minute
}

const textOf = (day: Day): string => new Date(day).toISOString().slice(0, 10)
