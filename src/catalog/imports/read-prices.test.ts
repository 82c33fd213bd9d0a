import { describe, expect, test } from 'bun:test'
import { waitForUpdate } from '@pydantic/genai-prices'
import fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { GatewayError } from '../../errors.ts'
import { createCatalog } from '../catalog.ts'
import { costOf } from '../cost-of.ts'
import { indexPrices } from '../model-index.ts'
import { priceData } from '../price-schema.ts'
import { comparePrices } from './compare.ts'
import { shifted } from './decimal.ts'
import { readJson } from './read-json.ts'
import { readPrices } from './read-prices.ts'

const now = Date.UTC(2026, 10, 21, 12)

const catalogOf = (text: string) => {
  const { data } = readPrices(text)
  return createCatalog({ overrides: [], imported: constant(indexPrices(data, 'import@test')) })
}
const constant =
  <T>(value: T) =>
  () =>
    value

const refusal = (text: string): string => {
  try {
    readPrices(text)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'prices_invalid') return error.message
    throw error
  }
  return 'taken'
}

/** Spelled as LiteLLM does: floats, with exponents. */
const litellm = `{
  "sample_spec": { "input_cost_per_token": "say so", "litellm_provider": "one of" },
  "gpt-x": {
    "litellm_provider": "openai", "mode": "chat", "max_output_tokens": 128000,
    "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
    "cache_read_input_token_cost": 1.5e-7,
    "cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06,
    "output_cost_per_reasoning_token": 0.00002,
    "input_cost_per_audio_token": 1e-05, "output_cost_per_audio_token": 8e-05,
    "input_cost_per_image_token": 4e-06,
    "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05,
    "input_cost_per_token_priority": 6e-06, "output_cost_per_token_priority": 3e-05,
    "cache_read_input_token_cost_priority": 3e-07,
    "input_cost_per_token_flex": 1.5e-06, "output_cost_per_token_flex": 7.5e-06,
    "input_cost_per_token_batches": 1e-06, "output_cost_per_token_batches": 7.5e-06,
    "search_context_cost_per_query": { "search_context_size_low": 0.01, "search_context_size_high": 0.01 },
    "file_search_cost_per_1k_calls": 0.0025, "supports_vision": true
  },
  "gemini/gemini-x": { "litellm_provider": "gemini", "input_cost_per_token": 1e-7, "output_cost_per_token": 4E-7 },
  "claude-x": {
    "litellm_provider": "anthropic", "input_cost_per_token": 5e-06, "output_cost_per_token": 2.5e-05,
    "provider_specific_entry": { "fast": 6.0, "us": 1.1 }
  },
  "openai/gpt-x": { "litellm_provider": "openai", "input_cost_per_token": 1, "output_cost_per_token": 1 },
  "dall-e": { "litellm_provider": "openai", "output_cost_per_image": 0.04 },
  "free-or-unknown": { "litellm_provider": "openai", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0 },
  "ranges": { "litellm_provider": "dashscope", "input_cost_per_token": 1e-6, "tiered_pricing": [] }
}`

describe('LiteLLM’s price map', () => {
  const catalog = catalogOf(litellm)

  test('becomes prices per million tokens, to the last digit, with tiers and the two cache writes', () => {
    expect(catalog.price('openai', 'GPT-X', now)).toMatchObject({
      version: 'import@test',
      inputPerMtok: 3_000_000_000n,
      outputPerMtok: 15_000_000_000n,
      cacheReadPerMtok: 150_000_000n,
      cacheWritePerMtok: 3_750_000_000n,
      cacheWriteLongPerMtok: 6_000_000_000n,
      reasoningPerMtok: 20_000_000_000n,
      inputAudioPerMtok: 10_000_000_000n,
      outputAudioPerMtok: 80_000_000_000n,
      inputImagePerMtok: 4_000_000_000n,
      perThousandSearches: 10_000_000_000n,
      unmetered: ['file_search_cost_per_1k_calls'],
    })
    expect(catalog.price('openai', 'gpt-x', now)?.tiers).toMatchObject([
      { aboveInputTokens: 200_000, inputPerMtok: 6_000_000_000n, cacheReadPerMtok: 150_000_000n },
    ])
  })

  test('has service classes that stand in one proportion, up to where their tiers are not priced', () => {
    const card = catalog.price('openai', 'gpt-x', now)
    expect(card?.classes).toEqual({
      priority: { factor: 2_000_000n, upToInputTokens: 200_000 },
      flex: { factor: 500_000n, upToInputTokens: 200_000 },
    })
    expect(readPrices(litellm).notices.join('\n')).toContain('its class batch are incomplete')
    const usage = { inputTokens: 1_000_000, outputTokens: 0 }
    expect(card && costOf(card, usage, { class: 'priority' })).toBeNull()
    expect(card && costOf(card, { ...usage, inputTokens: 1000 }, { class: 'priority' })).toBe(6_000_000n)
  })

  test('has Anthropic’s speed and regions', () => {
    const card = catalog.price('anthropic', 'claude-x', now)
    expect(card?.classes).toEqual({ fast: { factor: 6_000_000n } })
    expect(card?.regions).toEqual({ us: 1_100_000n })
  })

  test('goes by our ids of providers and without its own prefix', () => {
    expect(catalog.price('google', 'gemini-x', now)?.inputPerMtok).toBe(100_000_000n)
  })

  test('leaves out, and names, what it would not price rightly', () => {
    const { notices, data } = readPrices(litellm)
    expect(Object.keys(data.providers)).toEqual(['anthropic', 'google', 'openai'])
    expect(Object.keys(data.providers['openai']?.models ?? {})).toEqual(['gpt-x'])
    for (const name of ['openai/gpt-x', 'dall-e', 'free-or-unknown', 'ranges'])
      expect(notices.join('\n')).toContain(name)
  })
})

describe('our own format', () => {
  const own = (prices: unknown, more: object = {}) =>
    JSON.stringify({
      format: 'tollgate-prices',
      version: 1,
      source: 'me',
      date: '2026-11-20',
      prices,
      ...more,
    })

  test('has the keys of the configuration, and days from which prices hold', () => {
    const catalog = catalogOf(
      own([
        { provider: 'my', model: 'M', from: '2026-12-01', input_per_mtok: 2, output_per_mtok: '4.5' },
        {
          ...{ provider: 'my', model: 'm', input_per_mtok: '1', output_per_mtok: '2', per_request: '0.001' },
          tiers: [{ above_input_tokens: 1000, input_per_mtok: '3' }],
          classes: { flex: { multiplier: '0.5' }, priority: { input_per_mtok: '9', output_per_mtok: 9 } },
          regions: { us: '1.1' },
        },
      ]),
    )
    expect(catalog.price('my', 'm', now)).toMatchObject({
      inputPerMtok: 1_000_000_000n,
      perRequest: 1_000_000n,
      tiers: [{ aboveInputTokens: 1000, inputPerMtok: 3_000_000_000n, outputPerMtok: 2_000_000_000n }],
      classes: { flex: { factor: 500_000n }, priority: { rates: { inputPerMtok: 9_000_000_000n } } },
      regions: { us: 1_100_000n },
    })
    expect(catalog.price('my', 'm', Date.UTC(2026, 11, 2))?.outputPerMtok).toBe(4_500_000_000n)
  })

  test('refuses what is not in it', () => {
    const price = { provider: 'p', model: 'm', input_per_mtok: '1', output_per_mtok: '1' }
    expect(refusal(own([price, { ...price, model: 'M' }]))).toContain('p/M is priced twice')
    expect(refusal(own([{ ...price, input_per_mtok: '-1' }]))).toContain('prices.0.input_per_mtok')
    expect(refusal(own([{ ...price, inputs: 1 }]))).toContain('inputs')
    expect(refusal(own([]))).toContain('prices')
    expect(refusal(own([{ provider: 'p', model: 'm' }]))).toContain('p/m has no price')
    expect(refusal(own([price], { version: 2 }))).toContain('version')
    expect(refusal(own([{ ...price, model: '12' }]))).toContain('number')
  })
})

describe('the data of genai-prices', () => {
  test('gives, through an import, the very cards that the shipped catalogue has', async () => {
    const { data, notices } = readPrices(JSON.stringify(await waitForUpdate()))
    const shipped = createCatalog({ overrides: [] })
    const imported = indexPrices(priceData(JSON.parse(JSON.stringify(data))), 'x')
    let compared = 0
    for (const provider of [
      'openai',
      'anthropic',
      'google',
      'mistral',
      'xai',
      'groq',
      'deepseek',
      'moonshot',
    ]) {
      for (const { id } of shipped.models(provider)) {
        const card = shipped.price(provider, id, now)
        if (card === undefined || !card.version.startsWith('genai-prices')) continue
        if (card.inputPerMtok === undefined && card.outputPerMtok === undefined) continue
        const { version: _v, source: _s, classes: _c, regions: _r, ...prices } = card
        const { version: _w, source: _t, ...same } = imported.find(provider, id)?.cardAt(now) ?? card
        expect(same).toEqual(prices)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(150)
    expect(notices.join('\n')).toContain('no price per token')
  })
})

describe('a broken file', () => {
  const entry = (member: string) =>
    `{ "m": { "litellm_provider": "openai", "output_cost_per_token": 1e-6, ${member} } }`

  test('is refused, with what is wrong and where', () => {
    expect(refusal(entry('"input_cost_per_token": -1e-06'))).toContain('m.input_cost_per_token is -1e-06')
    expect(refusal(entry('"input_cost_per_token": NaN'))).toContain('no JSON in line 1')
    expect(refusal(entry('"input_cost_per_token": "NaN"'))).toContain('"NaN"')
    expect(refusal(entry('"input_cost_per_token": 1e999'))).toContain('no price')
    expect(refusal(entry('"input_cost_per_token": 1e9'))).toContain('more than a million US dollars')
    expect(refusal(entry('"input_cost_per_token": [1]'))).toContain('an object')
    expect(refusal(entry('"input_cost_per_token": 1, "input_cost_per_token": 2'))).toContain(
      '"input_cost_per_token" is said twice',
    )
    expect(refusal('{ "a": {}, "a": {} }')).toContain('"a" is said twice')
    expect(refusal('{\n"a": 1,\n}')).toContain('line 3')
    expect(refusal('{ "a": {} ')).toContain('ends too early')
    expect(refusal('')).toContain('ends too early')
    expect(refusal('[1] x')).toContain('more follows')
    expect(refusal('3')).toContain('neither a list nor an object')
    expect(refusal('{}')).toContain('no price of a token')
    expect(refusal('[]')).toContain('no price of a token')
    expect(refusal(`${'['.repeat(100_000)}`)).toContain('deeper than 32')
    expect(refusal(`"${'x'.repeat(17 * 1024 * 1024)}"`)).toContain('larger than')
    expect(
      refusal('{"m":{"litellm_provider":"openai","input_cost_per_token":1e-6,"__proto__":{"x":1}}}'),
    ).toBe('taken')
  })

  test('is told from others within bounded time, whatever it holds', () => {
    const started = processorTime()
    refusal(`{"a":"${'\\\\'.repeat(2_000_000)}`)
    refusal(`{"a":${' '.repeat(4_000_000)}`)
    refusal(`${'{"a":'.repeat(1_000)}`)
    expect(processorTime() - started).toBeLessThan(5_000)
  })
})

describe('numbers', () => {
  test('are shifted by decimal arithmetic on their text', () => {
    expect(shifted('3e-06', 15)).toEqual({ value: 3_000_000_000n, exact: true })
    expect(shifted('1.5e-7', 15)).toEqual({ value: 150_000_000n, exact: true })
    expect(shifted('3.0000000000000004e-07', 15)).toEqual({ value: 300_000_000n, exact: false })
    expect(shifted('0.0000005', 6)).toEqual({ value: 1n, exact: false })
    expect(shifted('-0.0', 9)).toEqual({ value: 0n, exact: true })
    for (const text of ['', '-1', '.5', '5.', '0x1', 'Infinity', '1e', ' 1', '1e9999'])
      expect(shifted(text, 9)).toBeUndefined()
  })

  test('are what big integers say, whatever way they are spelled', () => {
    const digits = fc.bigInt(0n, 10n ** 25n)
    fc.assert(
      fc.property(
        digits,
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: -12, max: 12 }),
        (value, places, power) => {
          const text = String(value).padStart(places + 1, '0')
          const plain = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
          const found = shifted(`${plain.replace(/^0+(?=\d)/, '')}e${power}`, 30)
          // value · 10^(power − places + 30) is a whole number here unless the exponent is below zero.
          const shift = power - places + 30
          const unit = shift < 0 ? 10n ** BigInt(-shift) : 1n
          const wanted = shift < 0 ? (value * 2n + unit) / (2n * unit) : value * 10n ** BigInt(shift)
          return found?.value === wanted && found.exact === (value % unit === 0n)
        },
      ),
    )
  })
})

test('JSON is read as JSON.parse does, numbers apart', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value)
      const back: unknown = JSON.parse(text)
      expect(asPlain(readJson(text))).toEqual(asNumbers(back))
    }),
    { numRuns: 300 },
  )
})

const asPlain = (json: unknown): unknown =>
  json instanceof Map
    ? Object.fromEntries([...json].map(([name, one]) => [name, asPlain(one)]))
    : Array.isArray(json)
      ? json.map(asPlain)
      : typeof json === 'object' && json !== null && 'text' in json
        ? Number(json.text)
        : json

const asNumbers = (value: unknown): unknown => value

describe('the difference that an import makes', () => {
  const list = (input: string) =>
    `{"m":{"litellm_provider":"openai","input_cost_per_token":${input},"output_cost_per_token":1e-6}}`
  const diff = (before: string | undefined, after: string) =>
    comparePrices(
      before === undefined ? createCatalog({ overrides: [] }) : catalogOf(before),
      catalogOf(after),
      [readPrices(after).data],
      now,
    )

  test('says what each price was and will be', () => {
    expect(diff(list('1e-6'), list('2e-6')).changes).toEqual([
      {
        ...{ provider: 'openai', model: 'm', change: 'changed' },
        prices: [{ name: 'input', before: 1_000_000_000n, after: 2_000_000_000n }],
      },
    ])
    expect(diff(undefined, list('2e-6')).changes[0]?.change).toBe('added')
    expect(diff(list('2e-6'), list('2e-6'))).toEqual({ changes: [], same: 1, implausible: [] })
  })

  test('looks like a mistake where a price is a thousand times as much, or as little, or nothing', () => {
    expect(diff(list('1e-6'), list('0.999e-3')).implausible).toEqual([])
    expect(diff(list('1e-6'), list('1e-3')).implausible).toEqual(['openai/m'])
    expect(diff(list('1e-6'), list('1e-9')).implausible).toEqual(['openai/m'])
    expect(diff(list('1e-6'), list('0')).implausible).toEqual(['openai/m'])
    expect(diff(undefined, list('0.02')).implausible).toEqual(['openai/m'])
  })
})
