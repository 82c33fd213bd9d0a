import { expect, test } from 'bun:test'
import { createBackoff } from './backoff.ts'

test('the wait doubles from a tenth of a second to ten', () => {
  const backoff = createBackoff()
  const waits = Array.from({ length: 10 }, () => backoff.next(0))
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
})

test('a minute of health begins anew, less does not', () => {
  const backoff = createBackoff()
  for (let failure = 0; failure < 5; failure += 1) backoff.next(0)
  expect(backoff.next(59_999)).toBe(3200)
  expect(backoff.next(60_000)).toBe(100)
  expect(backoff.next(0)).toBe(200)
})

test('the wait stays bounded however often it fails', () => {
  const backoff = createBackoff({ first: 10, maximum: 500 })
  for (let failure = 0; failure < 5000; failure += 1) expect(backoff.next(0)).toBeLessThanOrEqual(500)
})
