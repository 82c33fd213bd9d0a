/** Local days of a time zone, as spans of constant distance from UTC: SQLite knows no time zones, so SQL gets these. */
import { GatewayError } from '../errors.ts'

/** From `from` on, until the next one, local time is UTC plus `offset`. Milliseconds. */
export interface ZoneSpan {
  readonly from: number
  readonly offset: number
}

/** The spans of `zone` (an IANA name such as `Europe/Berlin`, or `UTC`) that cover the time from `from` to `to`. */
export const zoneSpans = (zone: string, from: number, to: number): readonly ZoneSpan[] => {
  if (zone === 'UTC') return [{ from, offset: 0 }]
  const offsetAt = offsetsOf(zone)
  const spans: ZoneSpan[] = [{ from, offset: offsetAt(from) }]
  for (let time = from; time < to; ) {
    const next = Math.min(time + searchStep, to)
    const before = offsetAt(time)
    if (offsetAt(next) !== before) {
      const change = firstChange(offsetAt, time, next)
      spans.push({ from: change, offset: offsetAt(change) })
      time = change
    } else time = next
  }
  return spans
}

/** Whether a text names a time zone. */
export const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** No zone changes twice within this time, in milliseconds: the shortest change is a month of fasting. */
const searchStep = 7 * 86_400_000

const offsetsOf = (zone: string): ((time: number) => number) => {
  if (!isTimeZone(zone))
    throw new GatewayError('gateway_request_invalid', 'time_zone must be a name such as Europe/Berlin', {
      param: 'timeZone',
    })
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', era: 'short' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  })
  return (time) => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(time)) parts[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000
  }
}

/** Changes happen on whole minutes. */
const firstChange = (offsetAt: (time: number) => number, from: number, to: number): number => {
  const before = offsetAt(from)
  let low = Math.floor(from / 60_000)
  let high = Math.ceil(to / 60_000)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle * 60_000) === before) low = middle
    else high = middle
  }
  return high * 60_000
}
