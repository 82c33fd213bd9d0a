import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import { mixChange, numberChange } from './change-point.ts'
import { holm } from './holm.ts'
import { createRandomSource, type RandomSource } from './random-source.ts'

/** One standard normal number. */
const normal = (random: RandomSource): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

const distributions: Readonly<Record<string, (random: RandomSource) => number>> = {
  uniform: (random) => random(),
  normal,
  'log-normal, as latencies are': (random) => Math.exp(normal(random)),
  'heavy tails without a mean': (random) => Math.tan(Math.PI * (random() - 0.5)),
  'two peaks': (random) => normal(random) + (random() < 0.3 ? 10 : 0),
  'whole numbers with many ties': (random) => Math.floor(random() * 4),
  'rare errors': (random) => (random() < 0.03 ? 1 : 0),
  'always the same': () => 7,
}

const sequence = (length: number, draw: (index: number) => number): readonly number[] =>
  Array.from({ length }, (_, index) => draw(index))

const runs = propertyRuns(300)
/** Beyond this many alarms among the runs, the level is broken with a certainty of more than 99.9 %. */
const mostAlarms = (level: number): number => runs * level + 3.3 * Math.sqrt(runs * level * (1 - level))

describe('without a change', () => {
  for (const [name, draw] of Object.entries(distributions)) {
    for (const length of [20, 50, 333]) {
      test(`${length} values, ${name}: no more alarms than the level allows`, () => {
        const random = createRandomSource(`stationary ${name} ${length}`)
        const pValues = sequence(runs, (run) => {
          const values = sequence(length, () => draw(random))
          const scan = { random: createRandomSource(`scan ${run}`), permutations: 399 }
          return numberChange(values, scan)?.pValue ?? 1
        })
        for (const level of [0.01, 0.05, 0.2]) {
          const alarms = pValues.filter((pValue) => pValue <= level).length
          expect(alarms).toBeLessThanOrEqual(mostAlarms(level))
        }
      })
    }
  }

  test('a mix of names: no more alarms than the level allows', () => {
    const random = createRandomSource('stationary mix')
    const name = (): string => (random() < 0.9 ? 'usual' : `rare-${Math.floor(random() * 12)}`)
    const pValues = sequence(runs, (run) => {
      const names = Array.from({ length: 120 }, name)
      return mixChange(names, { random: createRandomSource(`mix ${run}`), permutations: 399 })?.pValue ?? 1
    })
    for (const level of [0.01, 0.05, 0.2]) {
      expect(pValues.filter((pValue) => pValue <= level).length).toBeLessThanOrEqual(mostAlarms(level))
    }
  })

  test('neighbours that resemble each other: few alarms, though each value alone is no chance', () => {
    const random = createRandomSource('moving average')
    const alarms = sequence(runs, (run) => {
      // Each value is the mean of three draws, two of which it shares with its neighbour.
      const noise = sequence(302, () => normal(random))
      const values = sequence(300, (index) =>
        noise.slice(index, index + 3).reduce((sum, one) => sum + one, 0),
      )
      const scan = { random: createRandomSource(`scan ${run}`), permutations: 399 }
      return (numberChange(values, scan)?.pValue ?? 1) <= 0.05 ? 1 : 0
    }).filter((alarm) => alarm === 1).length
    expect(alarms).toBeLessThanOrEqual(runs * 0.15)
  })
})

describe('a change', () => {
  const cases: readonly [string, (random: RandomSource, isAfter: boolean) => number][] = [
    ['a mean that moves by one deviation', (random, isAfter) => normal(random) + (isAfter ? 1 : 0)],
    ['latencies of twice the size', (random, isAfter) => Math.exp(0.6 * normal(random)) * (isAfter ? 2 : 1)],
    ['errors from 2 % to 35 %', (random, isAfter) => (random() < (isAfter ? 0.35 : 0.02) ? 1 : 0)],
  ]
  for (const [name, draw] of cases) {
    for (const share of [0.3, 0.5, 0.8]) {
      test(`${name}, after ${share * 100} % of 400 values, is found and located`, () => {
        const truth = 400 * share
        const found = sequence(60, (run) => {
          const random = createRandomSource(`change ${name} ${share} ${run}`)
          const values = sequence(400, (index) => draw(random, index >= truth))
          const change = numberChange(values, { random, permutations: 1_999 })
          return change !== null && change.pValue <= 0.002 ? change.at : Number.NaN
        }).filter((at) => !Number.isNaN(at))
        expect(found.length).toBeGreaterThanOrEqual(57)
        const misses = found.map((at) => Math.abs(at - truth)).toSorted((one, other) => one - other)
        expect(misses[found.length >> 1]).toBeLessThanOrEqual(16)
        expect(misses[Math.floor(found.length * 0.9)]).toBeLessThanOrEqual(70)
      })
    }
  }

  test('that is clear is found in the fewest calls that the settings want, among the series of ten upstreams', () => {
    for (const at of [10, 25, 40]) {
      const values = sequence(50, (index) => (index < at ? 400 : 900) + ((index * 7) % 11))
      const change = numberChange(values, { random: createRandomSource('few'), permutations: 10_000 })
      expect((change?.pValue ?? 1) * 50).toBeLessThanOrEqual(0.01)
      expect(Math.abs((change?.at ?? 0) - at)).toBeLessThanOrEqual(1)
    }
  })

  test('of errors from 2 % to 20 % is found more often than not: what permuting blocks costs', () => {
    // Single values would find nine of ten, and would take neighbours that resemble each other for changes.
    const found = sequence(100, (run) => {
      const random = createRandomSource(`few errors ${run}`)
      const values = sequence(400, (index) => (random() < (index >= 120 ? 0.2 : 0.02) ? 1 : 0))
      return (numberChange(values, { random, permutations: 1_999 })?.pValue ?? 1) <= 0.002 ? 1 : 0
    }).filter((hit) => hit === 1).length
    expect(found).toBeGreaterThanOrEqual(60)
  })

  test('of the names in a quarter of the calls is found and located', () => {
    const found = sequence(40, (run) => {
      const random = createRandomSource(`names ${run}`)
      const names = Array.from({ length: 400 }, (_, index) =>
        index >= 250 && random() < 0.25 ? 'small' : random() < 0.5 ? 'large-1' : 'large-2',
      )
      const change = mixChange(names, { random, permutations: 1_999 })
      return change !== null && change.pValue <= 0.002 ? change.at : Number.NaN
    }).filter((at) => Math.abs(at - 250) <= 40)
    expect(found.length).toBeGreaterThanOrEqual(36)
  })
})

describe('whatever the values', () => {
  const scan = () => ({ random: createRandomSource('any'), permutations: 99 })

  test('a p-value is one, the place is within them, and both are the same the next time', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 200 }), (values) => {
        const change = numberChange(values, scan())
        expect(numberChange(values, scan())).toEqual(change)
        if (values.length < 20) return expect(change).toBeNull()
        expect(change?.pValue).toBeGreaterThan(0)
        expect(change?.pValue).toBeLessThanOrEqual(1)
        expect(change?.at).toBeGreaterThan(0)
        expect(change?.at).toBeLessThan(values.length)
      }),
    )
  })

  test('only their order counts: a growing function of them changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 20, maxLength: 80 }), (values) => {
        const grown = values.map((value) => value ** 3 + 5)
        expect(numberChange(grown, scan())).toEqual(numberChange(values, scan()))
      }),
    )
  })

  test('a clean step is found where it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 90 }), fc.integer({ min: 12, max: 90 }), (before, after) => {
        const values = sequence(before + after, (index) => (index < before ? 1 : 2))
        const change = numberChange(values, { ...scan(), permutations: 999 })
        // A few of the permutations may be as extreme by chance.
        expect(change?.pValue).toBeLessThanOrEqual(0.01)
        // Nearer to an end than a side of a change may be, the place is the nearest that may be.
        expect(Math.abs((change?.at ?? 0) - before)).toBeLessThanOrEqual(2)
      }),
    )
  })

  test('100,000 values take no long time', () => {
    const random = createRandomSource('many')
    const values = sequence(100_000, (index) => normal(random) + (index > 60_000 ? 0.2 : 0))
    const begun = processorTime()
    const change = numberChange(values, { random, permutations: 9_999 })
    expect(processorTime() - begun).toBeLessThan(5_000)
    expect(change?.pValue).toBeLessThanOrEqual(0.0001)
    expect(Math.abs((change?.at ?? 0) - 60_000)).toBeLessThan(1_500)
  })
})

describe('p-values of several tests', () => {
  test('are adjusted as Holm says', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02])
    expect(holm([])).toEqual([])
    expect(holm([0.5, 0.9])).toEqual([1, 1])
  })

  test('keep their order, are no smaller, and no larger than Bonferroni’s', () => {
    const pValue = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(pValue, { maxLength: 30 }), (pValues) => {
        const adjusted = holm(pValues)
        for (const [index, own] of pValues.entries()) {
          const mine = adjusted[index] ?? 0
          expect(mine).toBeGreaterThanOrEqual(own)
          expect(mine).toBeLessThanOrEqual(Math.min(1, own * pValues.length))
          for (const [other, value] of pValues.entries())
            if (value > own) expect(adjusted[other]).toBeGreaterThanOrEqual(mine)
        }
      }),
    )
  })
})
