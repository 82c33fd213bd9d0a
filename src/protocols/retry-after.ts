/**
 * Seconds after which a provider wants to be asked again: `retry-after-ms`, or `retry-after` in seconds or as an HTTP
 * date, counted from the answer's own `date` where it has one. Undefined where it says nothing that can be read.
 */
export const retryAfter = (headers: Headers): number | undefined => {
  const milliseconds = numberOf(headers.get('retry-after-ms'))
  if (milliseconds !== undefined) return milliseconds / 1000
  const value = headers.get('retry-after')
  const seconds = numberOf(value)
  if (seconds !== undefined || value === null) return seconds
  // A date begins with its weekday; `Date` would take a bare number for a year.
  const until = /^\s*[a-z]/i.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(until)) return undefined
  const sent = Date.parse(headers.get('date') ?? '')
  return Math.max(0, (until - (Number.isNaN(sent) ? Date.now() : sent)) / 1000)
}

const numberOf = (value: string | null): number | undefined =>
  value !== null && /^\d{1,12}(?:\.\d+)?$/.test(value.trim()) ? Number(value) : undefined
