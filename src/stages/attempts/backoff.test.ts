import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { pause } from '../../pipeline/index.ts'
import { backoff } from './backoff.ts'
import { createRetryBudget } from './retry-budget.ts'

const settings = { backoff: 250, longestWait: 8000 }

describe('the wait before a retry', () => {
  test('is never longer than its bound, doubled with each failure, and uses the whole of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, draw) => {
        const wait = backoff(settings, n, undefined, () => draw)
        expect(wait).toBe(Math.floor(draw * Math.min(8000, 250 * 2 ** Math.min(n - 1, 30))))
      }),
      { seed: 3 },
    )
    expect(backoff(settings, 1, undefined, () => 0)).toBe(0)
  })

  test('is at least what the provider asked for, and there is none where it asks for too much', () => {
    expect(backoff(settings, 1, 3000, () => 0.5)).toBe(3000)
    expect(backoff(settings, 1, 8000, () => 0.5)).toBe(8000)
    expect(backoff(settings, 1, 8001, () => 0.5)).toBeUndefined()
  })

  test('ends at once when the client leaves', async () => {
    const leaving = new AbortController()
    const waiting = pause(60_000, leaving.signal)
    leaving.abort(new Error('left'))
    expect(waiting).rejects.toThrow('left')
    expect(pause(60_000, leaving.signal)).rejects.toThrow('left')
  })
})

describe('the retry budget', () => {
  test('lets a share of the traffic be repeated, and a reserve besides', () => {
    const budget = createRetryBudget(() => 0)
    let repeated = 0
    for (let exchange = 0; exchange < 10_000; exchange++) {
      budget.deposit(0.1)
      while (budget.withdraw()) repeated++
    }
    expect(repeated).toBeGreaterThanOrEqual(1000)
    expect(repeated).toBeLessThanOrEqual(1051)
  })

  test('comes back with time, so that a quiet gateway may repeat as well', () => {
    let time = 0
    const budget = createRetryBudget(() => time)
    while (budget.withdraw());
    expect(budget.withdraw()).toBe(false)
    time = 2000
    expect(budget.withdraw()).toBe(true)
    expect(budget.withdraw()).toBe(false)
  })
})
