import { describe, expect, test } from 'bun:test'
import { parseCount, parseMoment, parseSpan } from './parse-time.ts'

describe('a span', () => {
  test('is a whole number and a unit', () => {
    expect(parseSpan('30d')).toBe(30 * 86_400_000)
    expect(parseSpan('90s')).toBe(90_000)
    expect(parseSpan('2w')).toBe(14 * 86_400_000)
  })

  test('of any other form is a usage error', () => {
    for (const text of ['', '30', 'd', '0d', '-1d', '1.5h', '1y', '30 d x'])
      expect(() => parseSpan(text)).toThrow()
  })
})

describe('a moment', () => {
  const now = Date.UTC(2026, 10, 21, 12)

  test('is a date, a time in UTC, a time with a zone, or so long ago', () => {
    expect(parseMoment('2026-11-01', now)).toBe(Date.UTC(2026, 10, 1))
    expect(parseMoment('2026-11-01T12:00', now)).toBe(Date.UTC(2026, 10, 1, 12))
    expect(parseMoment('2026-11-01T12:00:00+02:00', now)).toBe(Date.UTC(2026, 10, 1, 10))
    expect(parseMoment('7d', now)).toBe(now - 7 * 86_400_000)
  })

  test('of any other form is a usage error', () => {
    for (const text of ['', 'yesterday', '11/01/2026', '2026-13-01'])
      expect(() => parseMoment(text, now)).toThrow()
  })
})

test('a count keeps to its bounds', () => {
  expect(parseCount(0, 65_535)('8081')).toBe(8081)
  for (const text of ['-1', '65536', '1e3', 'x', '']) expect(() => parseCount(0, 65_535)(text)).toThrow()
})
