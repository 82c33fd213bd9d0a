import { describe, expect, test } from 'bun:test'
import project from '../../package.json'
import { processorTime } from '../../test/support/processor-time.ts'
import { parseUsd } from '../ir/index.ts'
import { boundOf } from './bound-of.ts'
import { createCatalog, type PriceOverride } from './catalog.ts'
import { costOf } from './cost-of.ts'
import factData from './data/models.json'

const now = Date.UTC(2026, 10, 21, 12)
const usd = parseUsd
const catalog = createCatalog({ overrides: [] })

describe('price', () => {
  test('comes from the data, with source, date and version', () => {
    const { version, date } = catalog.source
    expect(catalog.price('anthropic', 'claude-opus-5-5', now)).toEqual({
      version: `genai-prices@${version}+classes-2026-11-21`,
      classes: { batch: { factor: 500_000n }, fast: { factor: 2_000_000n } },
      regions: { us: 1_100_000n },
      source: `@pydantic/genai-prices ${version}, ${date}`,
      inputPerMtok: usd(4),
      outputPerMtok: usd(20),
      cacheReadPerMtok: usd('0.2'),
      cacheWritePerMtok: usd(5),
      cacheWriteLongPerMtok: usd(8),
      perThousandSearches: usd(10),
    })
    expect(version).toBe(project.devDependencies['@pydantic/genai-prices'])
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(catalog.source.licence).toStartWith('MIT')
  })

  test('is found by dated and aliased ids, in any letter case', () => {
    for (const id of [
      'claude-sonnet-4-5-20250929',
      'claude-sonnet-4-5',
      'Claude-Sonnet-4.5',
      ' claude-sonnet-4-5 ',
    ])
      expect(catalog.price('anthropic', id, now)?.inputPerMtok).toBe(usd(3))
    expect(catalog.price('openai', 'gpt-5-codex', now)?.outputPerMtok).toBe(usd(10))
  })

  test('exists for a model of every provider that the source knows', () => {
    const models = {
      openai: 'gpt-5.1',
      anthropic: 'claude-sonnet-4-5',
      google: 'gemini-2.5-flash',
      deepseek: 'deepseek-chat',
      moonshot: 'kimi-k2-0905-preview',
      groq: 'llama-3.3-70b-versatile',
      openrouter: 'anthropic/claude-sonnet-4.5',
      mistral: 'mistral-large-latest',
      xai: 'grok-4',
      together: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
      fireworks: 'accounts/fireworks/models/gpt-oss-120b',
      azure: 'gpt-5.1',
    }
    for (const [provider, model] of Object.entries(models)) {
      const card = catalog.price(provider, model, now)
      const bound = card && boundOf(card, { inputTokens: 1_000, outputTokens: 1_000 })
      expect([provider, Number(bound) > 0]).toEqual([provider, true])
    }
  })

  test('is unknown, not 0, for unknown models and for providers of ones own', () => {
    expect(catalog.price('openai', 'my-fine-tune', now)).toBeUndefined()
    expect(catalog.price('openai', '', now)).toBeUndefined()
    expect(catalog.price('openai', '__proto__', now)).toBeUndefined()
    for (const provider of ['ollama', 'vllm', 'lmstudio', 'my-openai', 'x-ai', 'toString', '__proto__', ''])
      expect(catalog.price(provider, 'gpt-5.1', now)).toBeUndefined()
  })

  test('is unknown where the source says nothing, and 0 only where the name says free', () => {
    expect(catalog.price('google', 'gemma-3-27b-it', now)).toBeUndefined()
    const free = catalog.price('openrouter', 'openai/gpt-oss-120b:free', now)
    expect(free && costOf(free, { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBe(0n)
  })

  test('is a real 0 for loopback', () => {
    const card = catalog.price('loopback', 'anything', now)
    expect(card && costOf(card, { inputTokens: 5, outputTokens: 5 })).toBe(0n)
    expect(card && boundOf(card, { inputTokens: 1_000_000, outputTokens: 1_000_000, webSearches: 5 })).toBe(
      0n,
    )
  })

  test('changes on the day the source names', () => {
    const day = Date.UTC(2025, 5, 10)
    const before = catalog.price('openai', 'o3', day - 1)
    const after = catalog.price('openai', 'o3', day)
    expect([before?.inputPerMtok, after?.inputPerMtok]).toEqual([usd(10), usd(2)])
    expect([before?.effectiveFrom, after?.effectiveFrom]).toEqual([undefined, '2025-06-10'])
    expect(before?.version).not.toBe(after?.version)
  })

  test('changes with the time of day where the source says so, in UTC and every day', () => {
    const at = (hour: number, minute: number, day = 21) =>
      catalog.price('deepseek', 'deepseek-v4-flash', Date.UTC(2026, 10, day, hour, minute))
    const versions = new Set(
      [at(0, 59), at(1, 0), at(3, 59), at(4, 0), at(6, 0), at(10, 0)].map((card) => card?.version),
    )
    expect(versions.size).toBe(3)
    expect(at(2, 0)?.inputPerMtok).not.toBe(at(5, 0)?.inputPerMtok)
    expect(at(2, 0)).toBe(at(3, 0, 25))
    expect(at(5, 0)).toBe(at(23, 59, 25))
  })

  test('of models newer than the source comes from our own list', () => {
    const haiku = catalog.price('anthropic', 'claude-haiku-5-5', now)
    expect(haiku?.version).toStartWith('tollgate-models@')
    expect(haiku && costOf(haiku, { inputTokens: 100_000, outputTokens: 0 })).toBe(usd('0.01'))
    expect(haiku && costOf(haiku, { inputTokens: 100_001, outputTokens: 0 })).toBe(usd('0.0500005'))
    expect(catalog.price('openai', 'gpt-6.1-sol-2026-09-29', now)?.cacheReadPerMtok).toBe(usd('0.1'))
    expect(catalog.price('azure', 'gpt-6.1-sol', now)?.cacheReadPerMtok).toBe(usd('0.1'))
    const sonnet = (at: number) => catalog.price('anthropic', 'claude-sonnet-5-5', at)?.cacheReadPerMtok
    expect([sonnet(Date.UTC(2026, 9, 6)), sonnet(now)]).toEqual([usd('0.2'), usd('0.1')])
    expect(catalog.price('anthropic', 'claude-sonnet-5', now)?.version).toStartWith('genai-prices@')
  })

  test('is the same object again, also after more look-ups than are remembered', () => {
    const card = catalog.price('anthropic', 'claude-opus-5', now)
    for (let index = 0; index < 10_000; index++) catalog.price('openai', `made-up-${index}`, now)
    expect(catalog.price('anthropic', 'claude-opus-5', now)).toBe(card)
    expect(catalog.price('openai', 'x'.repeat(1_000_000), now)).toBeUndefined()
  })
})

describe('the operators prices', () => {
  const override = (match: string, input: string, provider?: string): PriceOverride => ({
    match,
    ...(provider !== undefined && { provider }),
    prices: { inputPerMtok: usd(input), outputPerMtok: usd(1) },
  })
  const inputOf = (overrides: readonly PriceOverride[], provider: string, model: string) =>
    createCatalog({ overrides }).price(provider, model, now)?.inputPerMtok

  test('win over the data and reach providers that it does not know', () => {
    const overrides = [override('gpt-5.1', '0.5'), override('my-*', '0.25')]
    expect(inputOf(overrides, 'openai', 'gpt-5.1')).toBe(usd('0.5'))
    expect(inputOf(overrides, 'openai', 'GPT-5.1')).toBe(usd('0.5'))
    expect(inputOf(overrides, 'openai', 'gpt-5.1-codex')).toBe(usd('1.25'))
    expect(inputOf(overrides, 'my-vllm', 'my-model')).toBe(usd('0.25'))
    expect(inputOf(overrides, 'my-vllm', 'other')).toBeUndefined()
  })

  test('apply in their order, and only to the provider they name', () => {
    const overrides = [override('*', '7', 'my-vllm'), override('gpt-*', '1'), override('*', '2')]
    expect(inputOf(overrides, 'my-vllm', 'gpt-5.1')).toBe(usd(7))
    expect(inputOf(overrides, 'openai', 'gpt-5.1')).toBe(usd(1))
    expect(inputOf(overrides, 'openai', 'o3')).toBe(usd(2))
  })

  test('replace the whole card, so that no price of the data is mixed in', () => {
    const card = createCatalog({ overrides: [override('claude-*', '9')] }).price(
      'anthropic',
      'claude-opus-5-5',
      now,
    )
    expect(card).toMatchObject({ source: 'configuration', inputPerMtok: usd(9) })
    expect(card?.cacheReadPerMtok).toBeUndefined()
    expect(card?.tiers).toBeUndefined()
  })

  test('leave loopback free unless they name it', () => {
    expect(inputOf([override('*', '3')], 'loopback', 'm')).toBe(0n)
    expect(inputOf([override('*', '3', 'loopback')], 'loopback', 'm')).toBe(usd(3))
  })

  test('have a version that changes with the prices and with nothing else', () => {
    const version = (overrides: readonly PriceOverride[]) =>
      createCatalog({ overrides }).price('p', 'm', now)?.version
    expect(version([override('m', '1')])).toBe(version([override('other', '5'), override('m', '1')]))
    expect(version([override('m', '1')])).not.toBe(version([override('m', '2')]))
    expect(version([override('m', '1')])).toMatch(/^override:[0-9a-f]{12}$/)
  })
})

describe('model', () => {
  test('gives limits for exactly the id, or the id with a date', () => {
    const limits = { contextWindow: 200_000, maxOutputTokens: 64_000 }
    expect(catalog.model('anthropic', 'claude-sonnet-4-5-20250929')).toMatchObject(limits)
    expect(catalog.model('anthropic', 'claude-sonnet-4-5')).toMatchObject({
      ...limits,
      id: 'claude-sonnet-4-5',
    })
    expect(catalog.model('openai', 'gpt-6.1-sol')).toMatchObject({
      maxInputTokens: 922_000,
      maxOutputTokens: 128_000,
    })
    expect(catalog.model('azure', 'gpt-5.1-2025-11-13')).toMatchObject({
      provider: 'azure',
      maxOutputTokens: 128_000,
    })
  })

  test('gives no output limit to a variant that merely shares a price', () => {
    expect(catalog.price('openai', 'gpt-5-chat-latest', now)).toBe(catalog.price('openai', 'gpt-5', now))
    expect(catalog.model('openai', 'gpt-5-chat-latest')?.maxOutputTokens).toBeUndefined()
  })

  test('is undefined for what nobody knows', () => {
    expect(catalog.model('openai', 'nope')).toBeUndefined()
    expect(catalog.model('my-vllm', 'gpt-5.1')).toBeUndefined()
    expect(catalog.model('loopback', 'gpt-5.1')).toBeUndefined()
  })
})

describe('models', () => {
  test('lists ids that the provider takes and that lead back to the same prices', () => {
    for (const provider of ['openai', 'anthropic', 'google', 'fireworks', 'openrouter', 'azure']) {
      const models = catalog.models(provider)
      expect(models.length).toBeGreaterThan(10)
      expect(new Set(models.map((model) => model.id)).size).toBe(models.length)
      for (const model of models) expect(catalog.model(provider, model.id)).toEqual(model)
    }
    expect(catalog.models('fireworks').map((model) => model.id)).toContain(
      'accounts/fireworks/models/kimi-k2p6',
    )
    expect(catalog.models('anthropic').map((model) => model.id)).toContain('claude-haiku-5-5')
  })

  test('is empty for providers without data', () => {
    expect(catalog.models('loopback')).toEqual([])
    expect(catalog.models('my-vllm')).toEqual([])
  })
})

describe('the data', () => {
  test('names a source for everything that is kept by hand, and whole amounts', () => {
    for (const models of Object.values<Record<string, { readonly source: string }>>(factData.providers))
      for (const facts of Object.values(models)) expect(facts.source).toMatch(/^https:\/\//)
    expect(JSON.stringify(factData)).not.toMatch(/[:,]\d+[.e]\d/)
  })

  test('is ready in a few milliseconds', () => {
    const times = Array.from({ length: 5 }, () => {
      const start = processorTime()
      createCatalog({ overrides: [] }).price('openrouter', 'openai/gpt-5.1', now)
      return processorTime() - start
    })
    expect(Math.min(...times)).toBeLessThan(30)
  })
})
