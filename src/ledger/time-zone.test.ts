import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isTimeZone, zoneSpans } from './time-zone.ts'

const at = (text: string): number => Date.parse(text)

test('a zone is told by its spans of constant distance from UTC', () => {
  expect(zoneSpans('Europe/Berlin', at('2026-01-01T00:00:00Z'), at('2026-12-31T00:00:00Z'))).toEqual([
    { from: at('2026-01-01T00:00:00Z'), offset: 3_600_000 },
    { from: at('2026-03-29T01:00:00Z'), offset: 7_200_000 },
    { from: at('2026-10-25T01:00:00Z'), offset: 3_600_000 },
  ])
  expect(zoneSpans('Asia/Kathmandu', 0, 1)).toEqual([{ from: 0, offset: 5.5 * 3_600_000 }])
  expect(zoneSpans('Asia/Kathmandu', at('2026-01-01'), at('2027-01-01'))).toEqual([
    { from: at('2026-01-01'), offset: 5.75 * 3_600_000 },
  ])
  expect(zoneSpans('UTC', 0, at('2030-01-01'))).toEqual([{ from: 0, offset: 0 }])
})

test('a name that is no zone is refused', () => {
  expect([isTimeZone('Europe/Berlin'), isTimeZone('Europe/Atlantis'), isTimeZone('')]).toEqual([
    true,
    false,
    false,
  ])
  expect(() => zoneSpans("UTC' or 1=1", 0, 1)).toThrow('Europe/Berlin')
})

test('every moment has the local hour that the calendar of the system gives it', () => {
  const zones = [
    'America/St_Johns',
    'Africa/Casablanca',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Asia/Tehran',
  ]
  const from = at('2010-06-01')
  const to = at('2027-06-01')
  for (const zone of zones) {
    const spans = zoneSpans(zone, from, to)
    const format = new Intl.DateTimeFormat('sv-SE', {
      ...{ timeZone: zone, dateStyle: 'short', timeStyle: 'medium' },
    })
    fc.assert(
      fc.property(fc.integer({ min: from, max: to - 1 }), (time) => {
        const offset = spans.findLast((span) => span.from <= time)?.offset ?? Number.NaN
        const local = new Date(time + offset).toISOString().slice(0, 19).replace('T', ' ')
        expect(local).toBe(format.format(time))
      }),
      { numRuns: 300 },
    )
  }
})
