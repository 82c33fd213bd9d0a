import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Candidate, createStrategies } from './index.ts'

const candidate = (upstream: string, over: Partial<Candidate> = {}): Candidate => ({
  upstream,
  weight: 1,
  load: () => 0,
  latency: () => undefined,
  cost: () => null,
  ...over,
})

const names = (candidates: readonly Candidate[]): readonly string[] => candidates.map((one) => one.upstream)
const nobody = { route: 'r', session: undefined }

test('no strategy ever loses or doubles a candidate', () => {
  const anyCandidate = fc.record({
    weight: fc.integer({ min: 1, max: 9 }),
    load: fc.nat(5),
    latency: fc.option(fc.nat(900), { nil: undefined }),
    cost: fc.option(fc.bigInt({ min: 0n, max: 99n })),
  })
  const strategies = createStrategies()
  fc.assert(
    fc.property(
      fc.array(anyCandidate, { maxLength: 6 }),
      fc.option(fc.string(), { nil: undefined }),
      (given, session) => {
        const candidates = given.map((one, index) =>
          candidate(`u${index}`, {
            weight: one.weight,
            load: () => one.load,
            latency: () => one.latency,
            cost: () => one.cost,
          }),
        )
        for (const order of Object.values(strategies)) {
          const ordered = order(candidates, { route: 'r', session })
          expect([...names(ordered)].sort()).toEqual([...names(candidates)].sort())
        }
      },
    ),
    { seed: 5 },
  )
})

describe('weighted', () => {
  test('gives each its share over any whole run, without bursts', () => {
    const { weighted } = createStrategies()
    const candidates = [candidate('a', { weight: 5 }), candidate('b', { weight: 2 }), candidate('c')]
    const firsts = Array.from({ length: 800 }, () => weighted(candidates, nobody)[0]?.upstream)
    for (let run = 0; run < 100; run++) {
      const eight = firsts.slice(run * 8, run * 8 + 8)
      expect(eight.filter((one) => one === 'a').length).toBe(5)
      expect(eight.filter((one) => one === 'b').length).toBe(2)
    }
    expect(firsts.slice(0, 8).join('')).not.toContain('aaaa')
  })

  test('keeps a session where it is, in every process, and shares sessions by weight', () => {
    const candidates = [candidate('a', { weight: 3 }), candidate('b')]
    const here = createStrategies().weighted
    const there = createStrategies().weighted
    let atA = 0
    for (let session = 0; session < 4000; session++) {
      const turn = { route: 'r', session: `s${session}` }
      const first = here(candidates, turn)[0]?.upstream
      expect(there([...candidates].reverse(), turn)[0]?.upstream).toBe(first)
      if (first === 'a') atA++
    }
    expect(atA / 4000).toBeCloseTo(0.75, 1)
  })

  test('moves only the sessions of a candidate that goes', () => {
    const { weighted } = createStrategies()
    const three = ['a', 'b', 'c'].map((name) => candidate(name))
    for (let session = 0; session < 300; session++) {
      const turn = { route: 'r', session: `s${session}` }
      const before = names(weighted(three, turn))
      const after = names(weighted(three.slice(0, 2), turn))
      expect(after).toEqual(before.filter((name) => name !== 'c'))
    }
  })
})

test('round-robin goes around, each rule for itself', () => {
  const order = createStrategies()['round-robin']
  const two = [candidate('a', { weight: 9 }), candidate('b')]
  expect([1, 2, 3].map(() => names(order(two, nobody)).join(''))).toEqual(['ab', 'ba', 'ab'])
  expect(names(order(two, { route: 'other', session: undefined }))).toEqual(['a', 'b'])
})

test('least-loaded counts calls for their weight, and equals take turns', () => {
  const order = createStrategies()['least-loaded']
  const heavy = candidate('heavy', { weight: 4, load: () => 4 })
  const light = candidate('light', { load: () => 2 })
  expect(names(order([light, heavy], nobody))).toEqual(['heavy', 'light'])
  const equals = [candidate('a'), candidate('b')]
  expect(new Set([1, 2].map(() => order(equals, nobody)[0]?.upstream))).toEqual(new Set(['a', 'b']))
})

test('lowest-latency tries what it does not know, and then the quickest; near equals take turns', () => {
  const order = createStrategies()['lowest-latency']
  const slow = candidate('slow', { latency: () => 900 })
  const quick = candidate('quick', { latency: () => 100 })
  const unknown = candidate('unknown')
  expect(names(order([slow, quick, unknown], nobody))).toEqual(['unknown', 'quick', 'slow'])
  const alike = [quick, candidate('alike', { latency: () => 105 })]
  expect(new Set([1, 2].map(() => order(alike, nobody)[0]?.upstream))).toEqual(new Set(['quick', 'alike']))
})

test('cheapest goes by price, and unknown is not free', () => {
  const { cheapest } = createStrategies()
  const all = [
    candidate('unknown'),
    candidate('dear', { cost: () => 9n }),
    candidate('cheap', { cost: () => 2n }),
  ]
  expect(names(cheapest(all, nobody))).toEqual(['cheap', 'dear', 'unknown'])
})
