import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import {
  certainties,
  certaintyStep,
  chanceToAsk,
  leastSimilarity,
  type Observed,
  observedStep,
  observedSteps,
} from './error-bound.ts'

type Seen = readonly [similarity: number, isRight: boolean]

const observedOf = (seen: readonly Seen[]): (Observed | undefined)[] => {
  const observed: (Observed | undefined)[] = Array.from({ length: observedSteps }, () => undefined)
  for (const [similarity, isRight] of seen) {
    const step = observedStep(similarity)
    const { right, wrong } = observed[step] ?? { right: 0, wrong: 0 }
    observed[step] = { right: right + (isRight ? 1 : 0), wrong: wrong + (isRight ? 0 : 1) }
  }
  return observed
}

const certaintyAt = (seen: readonly Seen[], similarity: number): number => {
  const step = certaintyStep(similarity)
  return step === undefined ? 0 : (certainties(observedOf(seen))[step] ?? 0)
}

const times = (count: number, similarity: number, isRight: boolean): readonly Seen[] =>
  Array.from({ length: count }, () => [similarity, isRight] as const)

test('nothing is certain before anything was compared, nor below the least similarity', () => {
  expect(certaintyAt([], 1)).toBeLessThan(0.6)
  expect(certaintyStep(leastSimilarity - 0.01)).toBeUndefined()
  expect(chanceToAsk(certaintyAt([], 1), 0.2)).toBe(1)
})

test('certainty needs about as many right answers as the bound says, and never comes of a few', () => {
  expect(certaintyAt(times(5, 0.9, true), 0.9)).toBeLessThan(0.8)
  expect(certaintyAt(times(30, 0.9, true), 0.9)).toBeLessThan(0.9)
  expect(certaintyAt(times(60, 0.9, true), 0.9)).toBeGreaterThan(0.9)
  // One wrong among n has a likelihood near its greatest as long as n is below 1 / share.
  expect(certaintyAt(times(100, 0.9, true), 0.9)).toBeLessThan(0.99)
  expect(certaintyAt(times(1_000, 0.9, true), 0.9)).toBeGreaterThan(0.99)
})

test('what was wrong at one similarity says nothing good of those below, and little of those far above', () => {
  const seen = [...times(80, 0.95, true), ...times(20, 0.75, false)]
  expect(certaintyAt(seen, 0.75)).toBeLessThan(0.2)
  expect(certaintyAt(seen, 0.96)).toBeGreaterThan(0.9)
  expect(certaintyAt(times(50, 0.95, false), 1)).toBeLessThan(0.5)
})

test('more right answers never make it less certain, wrong ones never more, and it grows with similarity', () => {
  const similarity = fc.double({ min: 0.61, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(similarity, fc.boolean()), { maxLength: 40 }),
      similarity,
      (seen, asked) => {
        const before = certaintyAt(seen, asked)
        const step = certaintyStep(asked) ?? 0
        const all = certainties(observedOf(seen))
        for (let at = 1; at < all.length; at++)
          expect(all[at]).toBeGreaterThanOrEqual((all[at - 1] ?? 0) - 1e-6)
        expect(all[step]).toBe(before)
        expect(before).toBeGreaterThanOrEqual(0)
        expect(before).toBeLessThan(1)
        expect(certaintyAt([...seen, ...times(20, asked, true)], asked)).toBeGreaterThanOrEqual(before - 0.02)
        expect(certaintyAt([...seen, ...times(20, asked, false)], asked)).toBeLessThanOrEqual(before + 0.02)
      },
    ),
    { numRuns: propertyRuns(60) },
  )
})

test('asking makes up for what is not certain, so that the share of wrong answers stays below the bound', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0.001, max: 0.2, noNaN: true }),
      (certainty, mostError) => {
        const asks = chanceToAsk(certainty, mostError)
        expect(asks).toBeGreaterThanOrEqual(0)
        expect(asks).toBeLessThanOrEqual(1)
        expect((1 - asks) * (1 - certainty)).toBeLessThanOrEqual(mostError + 1e-9)
      },
    ),
  )
})

/** Pseudo-random numbers that are the same in each run. */
const seeded = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
  return seed / 0x7fffffff
}

test.each([0.01, 0.05])(
  'questions with thresholds of their own get at most %p of wrong answers',
  (mostError) => {
    const random = seeded(7)
    let [answers, given, wrong] = [0, 0, 0]
    for (let question = 0; question < 60; question++) {
      const threshold = 0.55 + random() * 0.5
      const slope = 5 + random() * 60
      const observed = observedOf([])
      let known: Float32Array | undefined
      for (let asked = 0; asked < 150; asked++) {
        const similarity = 0.6 + random() * 0.4
        const isRight = random() < 1 / (1 + Math.exp(-slope * (similarity - threshold)))
        const certainty = known?.[certaintyStep(similarity) ?? 0] ?? 0
        answers++
        if (random() >= chanceToAsk(certainty, mostError)) {
          given++
          if (!isRight) wrong++
          continue
        }
        const step = observedStep(similarity)
        const { right, wrong: others } = observed[step] ?? { right: 0, wrong: 0 }
        observed[step] = { right: right + (isRight ? 1 : 0), wrong: others + (isRight ? 0 : 1) }
        // As often as matters here: each takes some milliseconds.
        if (asked % 5 === 0) known = certainties(observed)
      }
    }
    expect(given).toBeGreaterThan(100)
    expect(wrong / answers).toBeLessThanOrEqual(mostError)
  },
)
