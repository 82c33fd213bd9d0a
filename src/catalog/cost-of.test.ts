import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseUsd } from '../ir/index.ts'
import { type BilledUsage, costOf } from './cost-of.ts'
import type { PriceCard } from './price-card.ts'

const usd = parseUsd
const card = (prices: Omit<PriceCard, 'version' | 'source'>): PriceCard => ({
  version: 'v',
  source: 'test',
  ...prices,
})

const sonnet = card({
  inputPerMtok: usd(3),
  outputPerMtok: usd(15),
  cacheReadPerMtok: usd('0.30'),
  cacheWritePerMtok: usd('3.75'),
  cacheWriteLongPerMtok: usd(6),
  perThousandSearches: usd(10),
  tiers: [
    {
      aboveInputTokens: 200_000,
      inputPerMtok: usd(6),
      outputPerMtok: usd('22.50'),
      cacheReadPerMtok: usd('0.60'),
      cacheWritePerMtok: usd('7.50'),
      cacheWriteLongPerMtok: usd(12),
    },
  ],
})
const flash = card({
  inputPerMtok: usd('0.30'),
  outputPerMtok: usd('2.50'),
  cacheReadPerMtok: usd('0.03'),
  inputAudioPerMtok: usd(1),
  cacheReadAudioPerMtok: usd('0.10'),
})

describe('costOf', () => {
  test('prices every class apart, out of totals that include them', () => {
    const usage = {
      inputTokens: 100_000,
      cacheReadTokens: 50_000,
      cacheWriteTokens: 20_000,
      cacheWriteLongTokens: 10_000,
      outputTokens: 1_000,
      reasoningTokens: 400,
      webSearches: 3,
    }
    // 20,000 × 3 + 50,000 × 0.30 + 20,000 × 3.75 + 10,000 × 6 + 1,000 × 15, per million, and 3 × $0.01
    expect(costOf(sonnet, usage)).toBe(
      usd('0.06') + usd('0.015') + usd('0.075') + usd('0.06') + usd('0.015') + usd('0.03'),
    )
  })

  test('prices the whole request at the tier that its input reaches', () => {
    expect(costOf(sonnet, { inputTokens: 200_000, outputTokens: 100 })).toBe(usd('0.6015'))
    expect(costOf(sonnet, { inputTokens: 200_001, outputTokens: 100 })).toBe(usd('1.202256'))
  })

  test('bills a class without a price as the class that holds it', () => {
    const plain = card({ inputPerMtok: usd(1), outputPerMtok: usd(2) })
    const usage = {
      inputTokens: 1_000_000,
      cacheReadTokens: 300_000,
      cacheWriteTokens: 200_000,
      cacheWriteLongTokens: 100_000,
      inputAudioTokens: 50_000,
      outputTokens: 1_000_000,
      reasoningTokens: 900_000,
    }
    expect(costOf(plain, usage)).toBe(usd(3))
    const short = card({ ...plain, cacheWritePerMtok: usd(10) })
    expect(costOf(short, usage)).toBe(usd('0.7') + usd(3) + usd(2))
  })

  test('bills reasoning apart only where the card does', () => {
    const usage = { inputTokens: 0, outputTokens: 1_000_000, reasoningTokens: 250_000 }
    expect(costOf(card({ inputPerMtok: 0n, outputPerMtok: usd(8) }), usage)).toBe(usd(8))
    expect(costOf(card({ inputPerMtok: 0n, outputPerMtok: usd(8), reasoningPerMtok: usd(3) }), usage)).toBe(
      usd('6.75'),
    )
  })

  test('adds a price per request', () => {
    const sonar = card({ inputPerMtok: usd(1), outputPerMtok: usd(1), perRequest: usd('0.012') })
    expect(costOf(sonar, { inputTokens: 1, outputTokens: 1 })).toBe(usd('0.012002'))
    expect(costOf(card({ perRequest: usd('0.5') }), { inputTokens: 0, outputTokens: 0 })).toBe(usd('0.5'))
  })

  test('rounds half up once, not once per class', () => {
    const tiny = card({ inputPerMtok: 400_000n, outputPerMtok: 400_000n, cacheReadPerMtok: 400_000n })
    expect(costOf(tiny, { inputTokens: 1, outputTokens: 0 })).toBe(0n)
    expect(costOf(tiny, { inputTokens: 1, outputTokens: 1 })).toBe(1n)
    expect(costOf(tiny, { inputTokens: 2, cacheReadTokens: 1, outputTokens: 1 })).toBe(1n)
    expect(
      costOf(card({ inputPerMtok: 500_000n, outputPerMtok: 0n }), { inputTokens: 1, outputTokens: 0 }),
    ).toBe(1n)
  })

  test('stays exact where a float would not', () => {
    const dear = card({ inputPerMtok: 9_007_199_254_740_993n, outputPerMtok: 0n })
    expect(costOf(dear, { inputTokens: 1_000_000, outputTokens: 0 })).toBe(9_007_199_254_740_993n)
  })

  test('is 0, not unknown, where everything is free', () => {
    const free = card({ inputPerMtok: 0n, outputPerMtok: 0n, perThousandSearches: 0n })
    expect(costOf(free, { inputTokens: 5, outputTokens: 5, webSearches: 2 })).toBe(0n)
    expect(costOf(free, {})).toBe(0n)
  })

  test('needs no output of a model that has none', () => {
    const embedding = card({ inputPerMtok: usd('0.13') })
    expect(costOf(embedding, { inputTokens: 1_000_000 })).toBe(usd('0.13'))
    expect(costOf(embedding, { inputTokens: 1_000_000, outputTokens: 0 })).toBe(usd('0.13'))
  })
})

describe('costOf does not know the cost', () => {
  const unknown = (prices: PriceCard, usage: BilledUsage) => expect(costOf(prices, usage)).toBeNull()

  test('when the provider did not report a side that costs something', () => {
    unknown(sonnet, {})
    unknown(sonnet, { inputTokens: 10 })
    unknown(sonnet, { outputTokens: 10 })
    unknown(
      card({ inputPerMtok: 0n, outputPerMtok: 0n, tiers: [{ aboveInputTokens: 9, inputPerMtok: 1n }] }),
      { outputTokens: 1 },
    )
  })

  test('when tokens were used that have no price', () => {
    unknown(card({ inputPerMtok: usd(1) }), { inputTokens: 1, outputTokens: 1 })
    unknown(card({ outputPerMtok: usd(1) }), { inputTokens: 1, outputTokens: 1 })
    unknown(card({ outputPerMtok: usd(1) }), { outputTokens: 1 })
    unknown(card({ unmetered: ['audio_hours'] }), { inputTokens: 0, outputTokens: 0 })
    unknown(card({}), {})
  })

  test('when web searches were made that have no price', () => {
    unknown(flash, { inputTokens: 1, outputTokens: 1, webSearches: 1 })
    expect(costOf(flash, { inputTokens: 1_000_000, outputTokens: 0, webSearches: 0 })).toBe(usd('0.3'))
  })

  test('when counters contradict each other', () => {
    unknown(sonnet, { inputTokens: 10, outputTokens: 1, cacheReadTokens: 11 })
    unknown(sonnet, {
      inputTokens: 10,
      outputTokens: 1,
      cacheReadTokens: 5,
      cacheWriteTokens: 3,
      cacheWriteLongTokens: 3,
    })
    unknown(flash, { inputTokens: 10, outputTokens: 1, inputAudioTokens: 11 })
    unknown(flash, {
      inputTokens: 10,
      outputTokens: 1,
      inputAudioTokens: 2,
      cacheReadTokens: 5,
      cacheReadAudioTokens: 3,
    })
    unknown(flash, {
      inputTokens: 10,
      outputTokens: 1,
      inputAudioTokens: 9,
      cacheReadTokens: 2,
      cacheReadAudioTokens: 3,
    })
  })

  test('when a counter is not a whole number', () => {
    for (const inputTokens of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
      unknown(sonnet, { inputTokens, outputTokens: 1 })
  })

  test('when it cannot be told how much of the audio was cached', () => {
    const usage = {
      inputTokens: 1_000_000,
      outputTokens: 0,
      cacheReadTokens: 500_000,
      inputAudioTokens: 400_000,
    }
    unknown(flash, usage)
    expect(costOf(flash, { ...usage, cacheReadAudioTokens: 100_000 })).toBe(
      (usd('0.03') * 4n) / 10n + usd('0.1') / 10n + (usd('1') * 3n) / 10n + (usd('0.3') * 2n) / 10n,
    )
    expect(costOf(flash, { ...usage, inputAudioTokens: 0 })).toBe(usd('0.165'))
    expect(costOf(flash, { ...usage, cacheReadTokens: 1_000_000 })).toBe(
      (usd('0.1') * 4n) / 10n + (usd('0.03') * 6n) / 10n,
    )
    expect(costOf(flash, { ...usage, inputAudioTokens: 1_000_000 })).toBe(usd('0.05') + usd('0.5'))
  })
})

test('costOf never throws and never goes below 0, whatever a provider reports', () => {
  const counter = fc.option(fc.oneof(fc.nat(1_000_000), fc.double(), fc.integer()), { nil: undefined })
  const usage = fc.record({
    inputTokens: counter,
    outputTokens: counter,
    cacheReadTokens: counter,
    cacheWriteTokens: counter,
    cacheWriteLongTokens: counter,
    inputAudioTokens: counter,
    webSearches: counter,
  })
  fc.assert(
    fc.property(fc.constantFrom(sonnet, flash), usage, (prices, counters) => {
      const known = Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== undefined))
      const cost = costOf(prices, known)
      return cost === null || cost >= 0n
    }),
    { numRuns: 2000 },
  )
})
