import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Service } from '../ir/index.ts'
import { boundOf } from './bound-of.ts'
import { type BilledUsage, billOf, costOf } from './cost-of.ts'
import { createMargins } from './margins.ts'
import type { PriceCard, PriceTier, Rates } from './price-card.ts'

/**
 * A second calculator, that shares nothing with the first: it works in fractions of big integers, rate by rate, and
 * rounds once at the end. Prices are complete here, so that no class falls back on another.
 */
interface Fraction {
  readonly over: bigint
  readonly under: bigint
}

const fraction = (over: bigint, under = 1n): Fraction => ({ over, under })
const plus = (a: Fraction, b: Fraction): Fraction =>
  fraction(a.over * b.under + b.over * a.under, a.under * b.under)
const times = (a: Fraction, b: Fraction): Fraction => fraction(a.over * b.over, a.under * b.under)
/** Half up: the largest integer that is not above the number and a half. */
const rounded = ({ over, under }: Fraction): bigint => (2n * over + under) / (2n * under)

const reference = (card: PriceCard, usage: Required<BilledUsage>, service: Required<Service>): bigint => {
  const own = card.classes?.[service.class]
  const base: { readonly rates: Rates; readonly tiers: readonly PriceTier[] } =
    service.class === 'standard' || own?.rates === undefined
      ? { rates: card, tiers: card.tiers ?? [] }
      : { rates: own.rates, tiers: own.tiers ?? [] }
  const reached = base.tiers.filter((tier) => usage.inputTokens > tier.aboveInputTokens)
  const rates = reached.at(-1) ?? base.rates
  const million = fraction(1n, 1_000_000n)
  const classFactor =
    service.class === 'standard' ? fraction(1n) : times(fraction(own?.factor ?? 0n), million)
  const region =
    service.region === 'global'
      ? fraction(1n)
      : times(fraction(card.regions?.[service.region] ?? 0n), million)
  const tokens: readonly (readonly [number, bigint | undefined])[] = [
    [
      usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens - usage.cacheWriteLongTokens,
      rates.inputPerMtok,
    ],
    [usage.cacheReadTokens, rates.cacheReadPerMtok],
    [usage.cacheWriteTokens, rates.cacheWritePerMtok],
    [usage.cacheWriteLongTokens, rates.cacheWriteLongPerMtok],
    [usage.outputTokens - usage.reasoningTokens, rates.outputPerMtok],
    [usage.reasoningTokens, rates.reasoningPerMtok],
  ]
  let total = fraction(0n)
  for (const [count, rate] of tokens) {
    const price = times(fraction(BigInt(count) * (rate ?? 0n)), million)
    total = plus(total, times(price, times(classFactor, region)))
  }
  total = plus(total, fraction(BigInt(usage.webSearches) * (card.perThousandSearches ?? 0n), 1000n))
  total = plus(total, fraction(card.perRequest ?? 0n))
  const charged = times(total, fraction(card.margin?.factor ?? 100_000_000n, 100_000_000n))
  return rounded(charged) + (card.margin?.perRequest ?? 0n)
}

/** Round ones, and ones that no float has. */
const rate = fc.oneof(
  fc.bigInt(0n, 20n),
  fc.bigInt(0n, 100_000_000_000n),
  fc.bigInt(9_007_199_254_740_993n, 9_007_199_254_741_993n),
)
const rates = fc.record({
  inputPerMtok: rate,
  outputPerMtok: rate,
  cacheReadPerMtok: rate,
  cacheWritePerMtok: rate,
  cacheWriteLongPerMtok: rate,
  reasoningPerMtok: rate,
})
const borders = [1_000, 128_000, 200_000]
const tiers = fc
  .array(fc.tuple(fc.constantFrom(...borders), rates), { maxLength: 3 })
  .map((list) =>
    [...new Map(list)]
      .toSorted(([a], [b]) => a - b)
      .map(([aboveInputTokens, own]): PriceTier => ({ ...own, aboveInputTokens })),
  )
const factor = fc.bigInt(0n, 7_000_000n)
const words = ['batch', 'flex', 'priority', 'fast']
const classes = fc.dictionary(
  fc.constantFrom(...words),
  fc.oneof(fc.record({ factor }), fc.record({ factor, rates, tiers })),
)
const margin = fc.option(
  fc.record({
    version: fc.constant('m'),
    factor: fc.bigInt(0n, 300_000_000n),
    perRequest: fc.bigInt(0n, 5_000_000n),
  }),
  { nil: undefined },
)
const cards = fc
  .record({
    base: rates,
    tiers,
    classes,
    regions: fc.dictionary(fc.constantFrom('us', 'eu'), factor),
    margin,
    perRequest: rate,
    perThousandSearches: rate,
  })
  .map(
    ({ base, margin: added, ...rest }): PriceCard => ({
      version: 'test',
      source: 'test',
      ...base,
      ...rest,
      ...(added !== undefined && { margin: added }),
    }),
  )

const count = fc.oneof(fc.nat(30), fc.nat(100_000), fc.constantFrom(999, 1_000, 1_001))
const usages = fc
  .record({
    plain: fc.oneof(count, fc.constantFrom(127_999, 128_000, 128_001, 199_999, 200_000, 200_001)),
    read: count,
    short: count,
    long: count,
    said: count,
    thought: count,
    webSearches: fc.nat(20),
  })
  .map(({ plain, read, short, long, said, thought, webSearches }) => ({
    inputTokens: plain + read + short + long,
    outputTokens: said + thought,
    cacheReadTokens: read,
    cacheWriteTokens: short,
    cacheWriteLongTokens: long,
    reasoningTokens: thought,
    toolPromptTokens: 0,
    inputAudioTokens: 0,
    outputAudioTokens: 0,
    inputImageTokens: 0,
    outputImageTokens: 0,
    cacheReadAudioTokens: 0,
    cacheReadImageTokens: 0,
    webSearches,
    webFetches: 0,
  }))
const services = fc.record({
  class: fc.constantFrom('standard', ...words, 'scale'),
  region: fc.constantFrom('global', 'us', 'eu', 'mars'),
})

const isPriced = (card: PriceCard, service: Required<Service>): boolean =>
  (service.class === 'standard' || card.classes?.[service.class] !== undefined) &&
  (service.region === 'global' || card.regions?.[service.region] !== undefined)

describe('what something costs', () => {
  test('is what fractions say, in every class and region, with every margin, to the last nano-dollar', () => {
    fc.assert(
      fc.property(cards, usages, services, (card, usage, service) => {
        const cost = costOf(card, usage, service)
        if (!isPriced(card, service)) return cost === null
        return cost === reference(card, usage, service)
      }),
      { numRuns: 5_000 },
    )
  })

  test('is never more than the bound, whatever class and region is billed', () => {
    fc.assert(
      fc.property(cards, usages, services, fc.nat(50), (card, usage, service, more) => {
        const cost = costOf(card, usage, service)
        const bound = boundOf(card, {
          inputTokens: usage.inputTokens + more,
          outputTokens: usage.outputTokens + more,
          webSearches: usage.webSearches,
        })
        return bound !== null && (cost === null || cost <= bound)
      }),
      { numRuns: 5_000 },
    )
  })

  test('is never more than the bound of the classes that may be billed', () => {
    const some = fc.subarray(words)
    fc.assert(
      fc.property(
        cards,
        usages,
        some,
        fc.subarray(['us', 'eu']),
        fc.nat(),
        (card, usage, may, regions, pick) => {
          const { inputTokens, outputTokens, webSearches } = usage
          const bound = boundOf(card, { inputTokens, outputTokens, webSearches, classes: may, regions })
          const classes = ['standard', ...may]
          const places = ['global', ...regions]
          const service = {
            class: classes[pick % classes.length] ?? 'standard',
            region: places[pick % places.length] ?? 'global',
          }
          const cost = costOf(card, usage, service)
          return bound !== null && (cost === null || cost <= bound)
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test('adds up: the parts of a bill are rounded together, once', () => {
    fc.assert(
      fc.property(cards, fc.array(usages, { minLength: 1, maxLength: 4 }), (card, list) => {
        const plain = { ...card, margin: undefined, perRequest: 0n }
        const { margin: _, ...unmarked } = plain
        const bill = billOf(list.map((usage) => ({ card: unmarked, usage })))
        const apart = list.map((usage) => costOf(unmarked, usage) ?? 0n)
        const sum = apart.reduce((total, cost) => total + cost, 0n)
        if (bill === null) return false
        // Each rounding is at most half off; the whole bill has one.
        const difference = bill.cost > sum ? bill.cost - sum : sum - bill.cost
        return bill.cost === bill.charged && difference * 2n <= BigInt(list.length + 1)
      }),
      { numRuns: 2_000 },
    )
  })

  test('grows by exactly one token at a time, but at the border of a tier, where the whole request changes', () => {
    const card: PriceCard = {
      version: 'test',
      source: 'test',
      inputPerMtok: 3_000_000_000n,
      outputPerMtok: 0n,
      tiers: [{ aboveInputTokens: 200_000, inputPerMtok: 6_000_000_000n, outputPerMtok: 0n }],
    }
    const cost = (inputTokens: number) => costOf(card, { inputTokens, outputTokens: 0 }) ?? -1n
    expect(cost(200_000) - cost(199_999)).toBe(3_000n)
    expect(cost(200_000)).toBe(600_000_000n)
    expect(cost(200_001)).toBe(1_200_006_000n)
  })

  test('is rounded half up, after the margin and not before it', () => {
    const card: PriceCard = { version: 't', source: 't', inputPerMtok: 400_000n, outputPerMtok: 0n }
    const usage = { inputTokens: 1, outputTokens: 0 }
    const [rule] = [{ percent: '25', perRequestUsd: '0.000000001' }]
    const dearer = createMargins([rule]).apply(card, 'openai', 'm', 'o')
    // 0.4 nano-USD: alone nothing; with a quarter more a half, which is one.
    expect(billOf([{ card, usage }])).toEqual({ cost: 0n, charged: 0n })
    expect(billOf([{ card: dearer, usage }])).toEqual({ cost: 0n, charged: 2n })
  })

  test('is not known in a class without a price, nor above the size that the class is sold for', () => {
    const card: PriceCard = {
      version: 't',
      source: 't',
      inputPerMtok: 1_000_000n,
      outputPerMtok: 1_000_000n,
      cacheReadPerMtok: 1_000_000n,
      classes: {
        priority: { factor: 2_500_000n, upToInputTokens: 10 },
        flex: { factor: 500_000n, cacheReads: 'unknown' },
      },
    }
    const usage = { inputTokens: 10, outputTokens: 0 }
    expect(costOf(card, usage, { class: 'priority' })).toBe(25n)
    expect(costOf(card, { ...usage, inputTokens: 11 }, { class: 'priority' })).toBeNull()
    expect(costOf(card, usage, { class: 'scale' })).toBeNull()
    expect(costOf(card, usage, { class: 'toString' })).toBeNull()
    expect(costOf(card, usage, { region: 'us' })).toBeNull()
    expect(costOf(card, usage, { class: 'flex' })).toBe(5n)
    expect(costOf(card, { ...usage, cacheReadTokens: 1 }, { class: 'flex' })).toBeNull()
  })
})

describe('margins', () => {
  const card: PriceCard = { version: 'v', source: 's', inputPerMtok: 1_000_000n, outputPerMtok: 1_000_000n }
  const margins = createMargins([
    { provider: 'openai', model: 'gpt-*', organisation: 'acme', percent: '12.5' },
    { model: 'GPT-5', percent: -10 },
    { organisation: 'free', percent: '-100' },
  ])
  const factorFor = (...of: readonly [string, string, string]) => margins.apply(card, ...of).margin?.factor

  test('are those of the first rule whose every condition fits', () => {
    expect(factorFor('openai', 'gpt-5', 'acme')).toBe(112_500_000n)
    expect(factorFor('azure', 'gpt-5', 'acme')).toBe(90_000_000n)
    expect(factorFor('azure', 'other', 'acme')).toBeUndefined()
    expect(factorFor('azure', 'other', 'free')).toBe(0n)
  })

  test('make another version, and one card of one card', () => {
    const one = margins.apply(card, 'openai', 'gpt-5', 'acme')
    expect(one.version).toMatch(/^v\+margin=[0-9a-f]{8}$/)
    expect(margins.apply(card, 'openai', 'gpt-5.1', 'acme')).toBe(one)
    expect(margins.apply(card, 'x', 'y', 'z')).toBe(card)
  })
})

test('no float touches money: the arithmetic has neither conversions to numbers nor functions on them', () => {
  for (const file of ['cost-of', 'bound-of', 'price-card', 'margins', 'millionths', 'billed-version']) {
    const source = readFileSync(join(import.meta.dir, `${file}.ts`), 'utf8').replace(
      /\/\*[\s\S]*?\*\/|\/\/.*/g,
      '',
    )
    expect(source.match(/\bNumber\(|parseFloat|Math\.|toFixed|\.\d+e|\b\d+\.\d/g)?.join() ?? '').toBe('')
  }
})
