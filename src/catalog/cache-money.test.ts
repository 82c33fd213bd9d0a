import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { cacheMoneyOf } from './cache-money.ts'
import type { PriceCard } from './price-card.ts'

const card: PriceCard = {
  version: 'v',
  source: 's',
  inputPerMtok: 3_000_000_000n,
  outputPerMtok: 15_000_000_000n,
  cacheReadPerMtok: 300_000_000n,
  cacheWritePerMtok: 3_750_000_000n,
  cacheWriteLongPerMtok: 6_000_000_000n,
}

describe('what a cache did to a bill', () => {
  test('is the difference of prices for the tokens read and written', () => {
    const usage = {
      inputTokens: 111_000,
      outputTokens: 5,
      cacheReadTokens: 100_000,
      cacheWriteTokens: 8_000,
      cacheWriteLongTokens: 2_000,
    }
    expect(cacheMoneyOf(card, usage)).toEqual({
      saved: 100_000n * 2_700n,
      lost: 8_000n * 750n + 2_000n * 3_000n,
    })
  })

  test('is nothing where nothing was read or written, or a price is not known', () => {
    expect(cacheMoneyOf(card, { inputTokens: 5, outputTokens: 5 })).toBeNull()
    const { inputPerMtok: _input, ...unpriced } = card
    expect(cacheMoneyOf(unpriced, { inputTokens: 9, outputTokens: 5, cacheReadTokens: 5 })).toBeNull()
    expect(cacheMoneyOf(card, { inputTokens: 3, outputTokens: 5, cacheReadTokens: 5 })).toBeNull()
  })

  test('has the tier, the class and the margin of the bill', () => {
    const dearer: PriceCard = {
      ...card,
      tiers: [{ ...card, aboveInputTokens: 1_000, inputPerMtok: 6_000_000_000n }],
      classes: { flex: { factor: 500_000n } },
      margin: { version: 'm', factor: 110_000_000n, perRequest: 7n },
    }
    const usage = { inputTokens: 2_000, outputTokens: 5, cacheReadTokens: 1_000 }
    expect(cacheMoneyOf(dearer, usage, { class: 'flex' })?.saved).toBe((1_000n * 5_700n * 11n) / 20n)
  })

  test('is exact to half a nano-dollar for any usage', () => {
    const tokens = fc.integer({ min: 0, max: 10_000_000 })
    fc.assert(
      fc.property(tokens, tokens, tokens, tokens, (plain, read, short, long) => {
        const inputTokens = plain + read + short + long
        const usage = {
          ...{ inputTokens, outputTokens: 1, cacheReadTokens: read, cacheWriteTokens: short },
          cacheWriteLongTokens: long,
        }
        const expected =
          read + short + long === 0
            ? null
            : { saved: BigInt(read) * 2_700n, lost: BigInt(short) * 750n + BigInt(long) * 3_000n }
        expect(cacheMoneyOf(card, usage)).toEqual(expected)
      }),
    )
  })
})
