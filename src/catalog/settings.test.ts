import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { parseUsd } from '../ir/index.ts'
import { createCatalog } from './catalog.ts'
import { costOf } from './cost-of.ts'
import { marginsSettings, pricesSettings, toMarginRules, toPriceOverrides } from './settings.ts'

const usd = parseUsd
const problems = (value: unknown): readonly string[] => {
  const result = pricesSettings.safeParse(value)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

describe('the prices of the configuration', () => {
  test('are decimals in strings or numbers, in USD per million tokens', () => {
    const settings = pricesSettings.parse([
      { match: 'my-model', input_per_mtok: '0.075', output_per_mtok: 0.3 },
    ])
    expect(toPriceOverrides(settings)).toEqual([
      { match: 'my-model', prices: { inputPerMtok: usd('0.075'), outputPerMtok: usd('0.30') } },
    ])
  })

  test('may name every class, a provider, requests, searches and tiers', () => {
    const settings = pricesSettings.parse([
      {
        match: 'm',
        provider: 'my-vllm',
        input_per_mtok: 1,
        output_per_mtok: 2,
        cache_read_per_mtok: 3,
        cache_write_per_mtok: 4,
        cache_write_long_per_mtok: 5,
        reasoning_per_mtok: 6,
        input_audio_per_mtok: 7,
        output_audio_per_mtok: 8,
        cache_read_audio_per_mtok: 9,
        input_image_per_mtok: 10,
        output_image_per_mtok: 11,
        cache_read_image_per_mtok: 12,
        per_request: '0.001',
        per_thousand_searches: 10,
      },
    ])
    expect(toPriceOverrides(settings)).toEqual([
      {
        match: 'm',
        provider: 'my-vllm',
        prices: {
          inputPerMtok: usd(1),
          outputPerMtok: usd(2),
          cacheReadPerMtok: usd(3),
          cacheWritePerMtok: usd(4),
          cacheWriteLongPerMtok: usd(5),
          reasoningPerMtok: usd(6),
          inputAudioPerMtok: usd(7),
          outputAudioPerMtok: usd(8),
          cacheReadAudioPerMtok: usd(9),
          inputImagePerMtok: usd(10),
          outputImagePerMtok: usd(11),
          cacheReadImagePerMtok: usd(12),
          perRequest: usd('0.001'),
          perThousandSearches: usd(10),
        },
      },
    ])
  })

  test('keep in a tier what it does not name, whatever order the tiers are in', () => {
    const tiers = [
      { above_input_tokens: 500_000, input_per_mtok: 4 },
      { above_input_tokens: 200_000, input_per_mtok: 2, output_per_mtok: 10 },
    ]
    const settings = pricesSettings.parse([{ match: '*', input_per_mtok: 1, output_per_mtok: 5, tiers }])
    const card = createCatalog({ overrides: toPriceOverrides(settings) }).price('p', 'm', 0)
    expect(card?.tiers).toEqual([
      { aboveInputTokens: 200_000, inputPerMtok: usd(2), outputPerMtok: usd(10) },
      { aboveInputTokens: 500_000, inputPerMtok: usd(4), outputPerMtok: usd(10) },
    ])
    const cost = (inputTokens: number) => card && costOf(card, { inputTokens, outputTokens: 1_000_000 })
    expect([cost(200_000), cost(200_001), cost(600_000)]).toEqual([usd('5.2'), usd('10.400002'), usd('12.4')])
  })

  test('may be 0, which is a price', () => {
    const settings = pricesSettings.parse([{ match: '*', input_per_mtok: 0, output_per_mtok: 0 }])
    const card = createCatalog({ overrides: toPriceOverrides(settings) }).price('ollama', 'llama', 0)
    expect(card && costOf(card, { inputTokens: 9, outputTokens: 9 })).toBe(0n)
  })

  test('are refused with the place when they are no amounts, unknown, or missing', () => {
    expect(problems([{ match: 'm', input_per_mtok: '$1' }])).toEqual([
      '0.input_per_mtok: expected US dollars as a decimal, like "0.075"',
    ])
    expect(problems([{ match: 'm', input_per_mtok: -1 }])).toHaveLength(1)
    expect(problems([{ match: 'm', input_per_token: 1 }]).join()).toContain('input_per_token')
    expect(problems([{ match: 'm' }]).join()).toContain('at least one price')
    expect(problems([{ match: '', input_per_mtok: 1 }])).toHaveLength(1)
    const same = { above_input_tokens: 1, input_per_mtok: 1 }
    expect(problems([{ match: 'm', input_per_mtok: 1, tiers: [same, same] }]).join()).toContain('0.tiers')
  })

  test('can be published as a JSON Schema', () => {
    expect(JSON.stringify(z.toJSONSchema(pricesSettings, { io: 'input' }))).toContain(
      '"cache_write_long_per_mtok"',
    )
  })
})

describe('service classes, regions and margins of the configuration', () => {
  const one = (more: object) => [{ match: 'm', input_per_mtok: 1, output_per_mtok: 2, ...more }]

  test('are exact multipliers, or prices of their own', () => {
    const settings = pricesSettings.parse(
      one({
        classes: {
          flex: { multiplier: '0.333333' },
          priority: { input_per_mtok: 3, output_per_mtok: 4, up_to_input_tokens: 9 },
        },
        regions: { us: 1.1 },
      }),
    )
    expect(toPriceOverrides(settings)[0]?.prices).toMatchObject({
      classes: {
        flex: { factor: 333_333n },
        priority: { factor: 1_000_000n, rates: { inputPerMtok: usd(3) }, upToInputTokens: 9 },
      },
      regions: { us: 1_100_000n },
    })
  })

  test('are refused where they say two things, nothing, or no number', () => {
    expect(problems(one({ classes: { flex: {} } })).join()).toContain('either a multiplier or prices')
    expect(problems(one({ classes: { flex: { multiplier: 1, input_per_mtok: 1 } } })).join()).toContain(
      'either a multiplier or prices',
    )
    for (const multiplier of ['-1', '0.1234567', 'x', '1e3', 1000])
      expect(problems(one({ regions: { us: multiplier } })).join()).toContain('expected a multiplier')
    expect(problems([{ match: 'm', classes: { flex: { multiplier: 1 } } }]).join()).toContain(
      'at least one price',
    )
  })

  test('margins are percentages to the sixth place, and dollars', () => {
    const good = [{ percent: '-100' }, { percent: 12.5 }, { percent: '0.000001', per_request_usd: '0.001' }]
    expect(toMarginRules(marginsSettings.parse(good))).toMatchObject([
      { percent: '-100' },
      { percent: 12.5 },
      { perRequestUsd: '0.001' },
    ])
    for (const bad of [
      {},
      { percent: '-100.1' },
      { percent: '1e2' },
      { percent: 'x' },
      { percent: 1, model: '' },
    ])
      expect(marginsSettings.safeParse([bad]).success).toBe(false)
  })
})
