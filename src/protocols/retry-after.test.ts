import { expect, test } from 'bun:test'
import { retryAfter } from './retry-after.ts'

const after = (headers: Record<string, string>) => retryAfter(new Headers(headers))

test('a provider says in milliseconds, seconds or as a date when to come back', () => {
  expect(after({ 'retry-after': '3', 'retry-after-ms': '250' })).toBe(0.25)
  expect(after({ 'retry-after': '3' })).toBe(3)
  expect(after({ 'retry-after': '1.5' })).toBe(1.5)
  expect(after({ 'retry-after': '0' })).toBe(0)
  const date = 'Tue, 01 Sep 2026 10:00:10 GMT'
  expect(after({ 'retry-after': date, date: 'Tue, 01 Sep 2026 10:00:00 GMT' })).toBe(10)
  expect(after({ 'retry-after': date, date: 'Tue, 01 Sep 2026 10:00:20 GMT' })).toBe(0)
  const soon = new Date(Date.now() + 60_000).toUTCString()
  expect(after({ 'retry-after': soon })).toBeGreaterThan(50)
})

test('what cannot be read says nothing', () => {
  expect(after({})).toBeUndefined()
  expect(after({ 'retry-after': 'soon' })).toBeUndefined()
  expect(after({ 'retry-after': '' })).toBeUndefined()
  expect(after({ 'retry-after': '-5' })).toBeUndefined()
  expect(after({ 'retry-after-ms': 'NaN', 'retry-after': '2' })).toBe(2)
})
