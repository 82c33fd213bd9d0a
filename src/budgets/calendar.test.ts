import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { calendarPeriods, partOf, rollingParts, spanAt } from './calendar.ts'

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
const span = (period: Parameters<typeof spanAt>[0], timezone: string, at: string) => {
  const { start, end, name } = spanAt(period, timezone, Date.parse(at))
  return [iso(start), iso(end), name]
}

describe('a period', () => {
  test('follows the calendar of its time zone', () => {
    expect(span('day', 'UTC', '2026-11-21T12:00:00Z')).toEqual([
      '2026-11-21T00:00:00.000Z',
      '2026-11-22T00:00:00.000Z',
      'day-2026-11-21',
    ])
    expect(span('day', 'Asia/Kolkata', '2026-11-21T18:29:59.999Z')).toEqual([
      '2026-11-20T18:30:00.000Z',
      '2026-11-21T18:30:00.000Z',
      'day-2026-11-21',
    ])
    expect(span('month', 'America/New_York', '2026-12-01T04:59:59Z')[2]).toBe('month-2026-11-01')
    expect(span('month', 'America/New_York', '2026-12-01T05:00:00Z')[2]).toBe('month-2026-12-01')
  })

  test('begins weeks on Monday, and quarters with January, April, July and October', () => {
    expect(span('week', 'UTC', '2026-11-22T23:59:59Z')[2]).toBe('week-2026-11-16')
    expect(span('week', 'UTC', '2026-11-23T00:00:00Z')[2]).toBe('week-2026-11-23')
    expect(span('quarter', 'UTC', '2026-12-31T23:59:59Z')).toEqual([
      '2026-10-01T00:00:00.000Z',
      '2027-01-01T00:00:00.000Z',
      'quarter-2026-10-01',
    ])
  })

  test('knows the length of months and leap years', () => {
    expect(span('month', 'UTC', '2028-02-29T23:59:59Z')[1]).toBe('2028-03-01T00:00:00.000Z')
    expect(span('month', 'UTC', '2026-02-28T23:59:59Z')[1]).toBe('2026-03-01T00:00:00.000Z')
  })

  test('has days of 23 and 25 hours where the clock is changed, also at midnight', () => {
    expect(span('day', 'Europe/Berlin', '2026-03-29T12:00:00Z').slice(0, 2)).toEqual([
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ])
    expect(span('day', 'Europe/Berlin', '2026-10-25T12:00:00Z').slice(0, 2)).toEqual([
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ])
    // In Beirut the day of the change begins at 01:00.
    expect(span('day', 'Asia/Beirut', '2026-03-29T12:00:00Z')[0]).toBe('2026-03-28T22:00:00.000Z')
  })

  test('is there without a day that a zone left out', () => {
    // Samoa had no 30 December 2011.
    expect(span('day', 'Pacific/Apia', '2011-12-30T09:59:59Z').slice(1)).toEqual([
      '2011-12-30T10:00:00.000Z',
      'day-2011-12-29',
    ])
    expect(span('day', 'Pacific/Apia', '2011-12-30T10:00:00Z')[2]).toBe('day-2011-12-31')
  })

  test('holds its moment, and the next begins where it ends, in every zone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...calendarPeriods),
        fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
        fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2040, 0) }),
        (period, timezone, at) => {
          const { start, end, name } = spanAt(period, timezone, at)
          expect(start).toBeLessThanOrEqual(at)
          expect(end).toBeGreaterThan(at)
          if (end === null) throw new Error('a calendar period ends')
          expect(spanAt(period, timezone, end).start).toBe(end)
          expect(spanAt(period, timezone, end).name).not.toBe(name)
          expect(spanAt(period, timezone, start)).toEqual({ start, end, name })
        },
      ),
      { numRuns: 150 },
    )
  })

  test('rolls in parts, and looks back at least as long as it says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60_000, max: 366 * 86_400_000 }),
        fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) }),
        (rolling, at) => {
          const { start, end } = spanAt({ rolling }, 'UTC', at)
          expect(end).toBeNull()
          expect(at - start).toBeGreaterThanOrEqual(rolling)
          expect(at - start).toBeLessThanOrEqual(rolling + 2 * partOf({ rolling }) + rollingParts)
        },
      ),
    )
  })
})
