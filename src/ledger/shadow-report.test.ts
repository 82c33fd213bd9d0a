import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ShadowMeasures } from './shadow-copy.ts'
import { type ShadowRecord, shadowReport } from './shadow-report.ts'

interface Case {
  readonly ours?: bigint | null
  readonly theirs?: bigint | null
  readonly latencies?: readonly [number, number]
  readonly measures?: Partial<ShadowMeasures>
  readonly target?: string
}

const record = ({ ours = 1_000n, theirs = 400n, latencies, measures, target }: Case): ShadowRecord => ({
  copy: 'copy',
  exchange: 'exchange',
  at: 0,
  tenant: { organisation: 'o', team: null, user: null, key: null },
  route: 'rule',
  primary: { provider: 'a', model: 'x', latencyMs: latencies?.[0] ?? 100, costNanoUsd: ours },
  provider: 'b',
  model: target ?? 'y',
  reservedNanoUsd: null,
  end: {
    result: 'compared',
    error: null,
    latencyMs: latencies?.[1] ?? 150,
    costNanoUsd: theirs,
    measures: {
      sameStop: true,
      sameToolCalls: null,
      primaryJson: null,
      copyJson: null,
      primaryLength: 10,
      copyLength: 10,
      similarity: 1,
      ...measures,
    },
  },
})

const only = (cases: readonly Case[]) => {
  const [pair, ...others] = shadowReport(cases.map(record), [], true).pairs
  if (pair === undefined || others.length > 0) throw new Error('one pair is expected')
  return pair
}

describe('what a switch saves', () => {
  test('is the mean of the differences, with what the spread of the differences allows', () => {
    // Differences 100, 200, 300: mean 200, deviation 100, t of two degrees 4.3027: 200 ± 248.41.
    const { cost } = only([
      { ours: 600n, theirs: 500n },
      { ours: 700n, theirs: 500n },
      { ours: 800n, theirs: 500n },
    ])
    expect(cost).toMatchObject({ copies: 3, primaryNanoUsd: 2_100n, shadowNanoUsd: 1_500n })
    expect(cost.savedPerThousand?.value).toBe(200_000n)
    expect(Math.abs(Number(cost.savedPerThousand?.low) + 48_414)).toBeLessThan(5)
    expect(Math.abs(Number(cost.savedPerThousand?.high) - 448_414)).toBeLessThan(5)
  })

  test('is negative where the other costs more, and unsure with one copy', () => {
    expect(only([{ ours: 100n, theirs: 101n }]).cost.savedPerThousand).toEqual({
      value: -1_000n,
      low: null,
      high: null,
    })
  })

  test('leaves out copies with an unknown cost, and says nothing without any', () => {
    expect(only([{ ours: null }, { theirs: null }]).cost).toEqual({
      copies: 0,
      primaryNanoUsd: 0n,
      shadowNanoUsd: 0n,
      savedPerThousand: null,
    })
    expect(only([{ ours: null }, {}]).cost).toMatchObject({ copies: 1, primaryNanoUsd: 1_000n })
  })

  test('is exact to half a nano-dollar for any costs, and lies within its bounds', () => {
    const cost = fc.bigInt({ min: 0n, max: 10n ** 12n })
    fc.assert(
      fc.property(fc.array(fc.tuple(cost, cost), { minLength: 1, maxLength: 30 }), (costs) => {
        const { savedPerThousand } = only(costs.map(([ours, theirs]) => ({ ours, theirs }))).cost
        const total = costs.reduce((sum, [ours, theirs]) => sum + ours - theirs, 0n) * 1_000n
        const { value, low, high } = savedPerThousand ?? { value: null, low: null, high: null }
        if (value === null) throw new Error('a value is expected')
        const error = 2n * (value * BigInt(costs.length) - total)
        expect(error <= BigInt(costs.length) && error > -BigInt(costs.length)).toBe(true)
        expect(low === null || low <= value).toBe(true)
        expect(high === null || high >= value).toBe(true)
      }),
    )
  })
})

test('equivalent is what ends alike, calls the same tools, and keeps to JSON where that was kept to', () => {
  const cases: readonly [Partial<ShadowMeasures>, boolean][] = [
    [{}, true],
    [{ similarity: 0 }, true],
    [{ sameStop: false }, false],
    [{ sameToolCalls: true }, true],
    [{ sameToolCalls: false }, false],
    [{ primaryJson: true, copyJson: true }, true],
    [{ primaryJson: true, copyJson: false }, false],
    [{ primaryJson: true, copyJson: null }, false],
    [{ primaryJson: false, copyJson: false }, true],
  ]
  for (const [measures, isEquivalent] of cases) {
    expect(only([{ measures }]).equivalent.hits).toBe(isEquivalent ? 1 : 0)
  }
})

test('the latency is compared exchange by exchange', () => {
  const cases = [10, 20, 30, 40, 50, 60, 70].map((more) => ({ latencies: [1_000, 1_000 + more] as const }))
  expect(only(cases).latency).toEqual({
    copies: 7,
    primaryP50: 1_000,
    shadowP50: 1_040,
    differenceP50: { value: 40, low: 10, high: 70 },
  })
})

test('targets are told apart, and the most copied comes first', () => {
  const records = [{ target: 'y' }, { target: 'z' }, { target: 'z' }].map(record)
  const { pairs } = shadowReport(records, [], true)
  expect(pairs.map(({ shadow, copies }) => [shadow.model, copies.compared])).toEqual([
    ['z', 2],
    ['y', 1],
  ])
})

test('a similarity is never said to be beyond 1', () => {
  const { mean } = only([{ measures: { similarity: 1 } }, { measures: { similarity: 0.9 } }]).similarity
  expect(mean).toMatchObject({ value: 0.95, high: 1 })
  expect(mean?.low).toBeGreaterThanOrEqual(0)
})
