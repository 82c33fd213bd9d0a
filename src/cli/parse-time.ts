import { InvalidArgumentError } from 'commander'

const millisecondsPer: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `30d`, `12h`, `90m`, `2w`: a whole number and a unit, in milliseconds. Throws a usage error. */
export const parseSpan = (text: string): number => {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text.trim()) ?? []
  const span = Number(count) * (millisecondsPer[unit] ?? 0)
  if (span > 0) return span
  throw new InvalidArgumentError('give a number with s, m, h, d or w, such as 30d')
}

/** A moment: `7d` (so long before now), or a date or time as in ISO 8601 (UTC without a zone). Milliseconds. */
export const parseMoment = (text: string, now: number = Date.now()): number => {
  if (/^\d{1,6}[smhdw]$/.test(text.trim())) return now - parseSpan(text)
  const zoned = /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text) ? `${text}Z` : text
  const time = /^\d{4}-\d\d/.test(zoned) ? Date.parse(zoned) : Number.NaN
  if (Number.isFinite(time)) return time
  throw new InvalidArgumentError(
    'give a date such as 2026-11-01, a time such as 2026-11-01T12:00, or a span such as 7d',
  )
}

/** A whole number from `least` to `most`. Throws a usage error. */
export const parseCount =
  (least: number, most: number) =>
  (text: string): number => {
    const count = Number(text)
    if (/^\d+$/.test(text) && count >= least && count <= most) return count
    throw new InvalidArgumentError(`give a whole number from ${least} to ${most}`)
  }

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
]
