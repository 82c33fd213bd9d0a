import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseUsd } from '../ir/index.ts'
import { type BoundPart, boundOf } from './bound-of.ts'
import { type BilledUsage, costOf } from './cost-of.ts'
import { inputRateNames, outputRateNames, type PriceCard, type PriceTier, type Rates } from './price-card.ts'

const rate = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: 1n, max: 3_000_000n }),
  fc.bigInt({ min: 0n, max: parseUsd(600) }),
)
const rates: fc.Arbitrary<Rates> = fc
  .tuple(...[...inputRateNames, ...outputRateNames].map(() => fc.option(rate, { nil: undefined })))
  .map((drawn) => {
    const names = [...inputRateNames, ...outputRateNames]
    return Object.fromEntries(
      names.flatMap((name, at) => (drawn[at] === undefined ? [] : [[name, drawn[at]]])),
    )
  })
const tiers: fc.Arbitrary<readonly PriceTier[]> = fc
  .uniqueArray(fc.nat(2_000), { maxLength: 3 })
  .chain((starts) =>
    fc.tuple(...starts.toSorted((a, b) => a - b).map((start) => fc.tuple(fc.constant(start), rates))),
  )
  .map((drawn) => drawn.map(([aboveInputTokens, prices]) => ({ ...prices, aboveInputTokens })))
const cards: fc.Arbitrary<PriceCard> = fc
  .tuple(rates, tiers, fc.option(rate, { nil: undefined }), fc.option(rate, { nil: undefined }))
  .map(([base, upper, perRequest, perThousandSearches]) => ({
    version: 'v',
    source: 'test',
    ...base,
    tiers: upper,
    ...(perRequest !== undefined && { perRequest }),
    ...(perThousandSearches !== undefined && { perThousandSearches }),
  }))

const limits = fc.record({ inputTokens: fc.nat(3_000), outputTokens: fc.nat(3_000), webSearches: fc.nat(3) })
const shares = fc.array(fc.nat(1_000), { minLength: 16, maxLength: 16 })

/** Any usage within the limits, without the given parts. */
const within = (
  limit: { readonly inputTokens: number; readonly outputTokens: number; readonly webSearches: number },
  drawn: readonly number[],
  without: readonly BoundPart[],
): BilledUsage => {
  const share = (index: number, part?: BoundPart): number =>
    part && without.includes(part) ? 0 : (drawn[index] ?? 0)
  const long = without.includes('cacheWrite') ? 0 : share(4, 'cacheWriteLong')
  const input = [
    share(0),
    share(1),
    share(2, 'audio'),
    share(3, 'cacheWrite'),
    long,
    share(5, 'audio'),
    share(6, 'image'),
  ]
  const output = [share(7), share(8), share(9, 'audio'), share(10, 'image')]
  const fit = (parts: readonly number[], total: number): readonly number[] => {
    const sum = parts.reduce((all, part) => all + part, 0)
    return parts.map((part) => (sum <= total ? part : Math.floor((part * total) / sum)))
  }
  const [plain = 0, read = 0, readAudio = 0, short = 0, longWrite = 0, audio = 0, image = 0] = fit(
    input,
    limit.inputTokens,
  )
  const [text = 0, reasoning = 0, spoken = 0, drawnImage = 0] = fit(output, limit.outputTokens)
  return {
    inputTokens: plain + read + readAudio + short + longWrite + audio + image,
    cacheReadTokens: read + readAudio,
    cacheReadAudioTokens: readAudio,
    cacheReadImageTokens: 0,
    cacheWriteTokens: short,
    cacheWriteLongTokens: longWrite,
    inputAudioTokens: audio + readAudio,
    inputImageTokens: image,
    outputTokens: text + reasoning + spoken + drawnImage,
    reasoningTokens: reasoning,
    outputAudioTokens: spoken,
    outputImageTokens: drawnImage,
    webSearches: Math.min(share(11), limit.webSearches),
  }
}

describe('boundOf', () => {
  test('is never below the cost of any usage within it', () => {
    const parts = fc.subarray<BoundPart>(['cacheWrite', 'cacheWriteLong', 'audio', 'image'])
    let compared = 0
    fc.assert(
      fc.property(cards, limits, shares, parts, (card, limit, drawn, without) => {
        const bound = boundOf(card, { ...limit, without })
        const cost = costOf(card, within(limit, drawn, without))
        if (bound === null || cost === null) return true
        compared++
        return cost <= bound
      }),
      { numRuns: 5_000 },
    )
    expect(compared).toBeGreaterThan(300)
  })

  test('exists wherever some usage within it costs something that is known', () => {
    const priced: fc.Arbitrary<PriceCard> = cards.map((card) => ({
      inputPerMtok: 1n,
      outputPerMtok: 1n,
      perThousandSearches: 1n,
      ...card,
      tiers: (card.tiers ?? []).map((tier) => ({ inputPerMtok: 1n, outputPerMtok: 1n, ...tier })),
    }))
    fc.assert(fc.property(priced, limits, (card, limit) => boundOf(card, limit) !== null))
  })

  test('takes the dearest class of each side and rounds up', () => {
    const card: PriceCard = {
      version: 'v',
      source: 'test',
      inputPerMtok: parseUsd(3),
      cacheWriteLongPerMtok: parseUsd(6),
      cacheReadPerMtok: parseUsd('0.3'),
      outputPerMtok: parseUsd(15),
      reasoningPerMtok: parseUsd(1),
    }
    expect(boundOf(card, { inputTokens: 1_000, outputTokens: 1_000 })).toBe(parseUsd('0.021'))
    expect(boundOf(card, { inputTokens: 1_000, outputTokens: 1_000, without: ['cacheWriteLong'] })).toBe(
      parseUsd('0.018'),
    )
    expect(
      boundOf(
        { ...card, inputPerMtok: 1n, cacheWriteLongPerMtok: 1n, cacheReadPerMtok: 0n },
        { inputTokens: 1, outputTokens: 0 },
      ),
    ).toBe(1n)
  })

  test('takes a dearer tier only when so much input can reach it', () => {
    const card: PriceCard = {
      version: 'v',
      source: 'test',
      inputPerMtok: parseUsd(1),
      outputPerMtok: parseUsd(1),
      tiers: [{ aboveInputTokens: 1_000, inputPerMtok: parseUsd(2), outputPerMtok: parseUsd(5) }],
    }
    expect(boundOf(card, { inputTokens: 1_000, outputTokens: 1_000 })).toBe(parseUsd('0.002'))
    expect(boundOf(card, { inputTokens: 1_001, outputTokens: 1_000 })).toBe(parseUsd('0.007002'))
  })

  test('is unknown without the prices that it needs', () => {
    const bare = { version: 'v', source: 'test' }
    expect(boundOf(bare, { inputTokens: 0, outputTokens: 0 })).toBeNull()
    expect(boundOf({ ...bare, inputPerMtok: 1n }, { inputTokens: 1, outputTokens: 1 })).toBeNull()
    expect(boundOf({ ...bare, inputPerMtok: 1n }, { inputTokens: 1_000_000, outputTokens: 0 })).toBe(1n)
    expect(
      boundOf(
        { ...bare, inputPerMtok: 1n, outputPerMtok: 1n },
        { inputTokens: 1, outputTokens: 1, webSearches: 1 },
      ),
    ).toBeNull()
    expect(
      boundOf(
        { ...bare, inputPerMtok: 1n, outputPerMtok: 1n },
        { inputTokens: Number.POSITIVE_INFINITY, outputTokens: 1 },
      ),
    ).toBeNull()
  })
})
