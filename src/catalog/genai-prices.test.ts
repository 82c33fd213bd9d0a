import { describe, expect, test } from 'bun:test'
import {
  calcPrice,
  type MatchLogic,
  type ModelInfo,
  type Provider,
  waitForUpdate,
} from '@pydantic/genai-prices'
import fc from 'fast-check'
import { type BilledUsage, costOf } from './cost-of.ts'
import { createModelIndex } from './model-index.ts'
import type { PriceCard } from './price-card.ts'

/**
 * The price source's own calculator is the oracle: its floats and our integers must agree on every model. What is
 * left out, and why:
 * - models for which the source has no price at all: it says 0, we say unknown (but OpenRouter's `:free` are 0)
 * - `billedOtherwise`: no price per token, and their units (seconds, pages, messages) are in no usage report
 * - classes that no usage report counts: video, citations and file searches are given as none
 * - tokens of a side without a price, and web searches without one: it says 0, we say unknown
 */
const billedOtherwise = [
  'groq/whisper-large-v3',
  'groq/whisper-large-v3-turbo',
  'mistral/mistral-ocr-2503',
  'mistral/mistral-ocr-2505',
  'mistral/mistral-ocr-2512',
  'mistral/mistral-ocr-4-0',
  'mistral/mistral-ocr-4-1',
  'mistral/mistral-ocr-latest',
  'mistral/voxtral-mini-2602',
  'openai/gpt-transcribe',
  'openai/whisper-1',
  'x-ai/grok-voice-latest',
  'x-ai/grok-voice-think-fast-1.0',
  'x-ai/grok-voice-think-fast-2.0',
]

const providers = (await waitForUpdate()) ?? []
const models = providers.flatMap((provider) => provider.models.map((model) => ({ provider, model })))
const index = createModelIndex()
const now = Date.UTC(2026, 10, 21, 12)

const tokens = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 90_000 }))
/** Around the source's tiers (128,000, 200,000, 272,000, 512,000) as well as far from them. */
const plain = fc.oneof(
  tokens,
  fc.constantFrom(
    127_999,
    128_000,
    128_001,
    199_999,
    200_000,
    200_001,
    271_999,
    272_000,
    272_001,
    512_000,
    512_001,
  ),
  fc.integer({ min: 0, max: 700_000 }),
)
const sides = fc.record({
  input: fc.record({
    plain,
    read: tokens,
    readAudio: tokens,
    readImage: tokens,
    short: tokens,
    long: tokens,
    audio: tokens,
    image: tokens,
  }),
  output: fc.record({ plain: tokens, reasoning: tokens, audio: tokens, image: tokens }),
  searches: fc.nat(30),
})
type Sides = typeof sides extends fc.Arbitrary<infer T> ? T : never

describe('costs from the shipped data', () => {
  test('agree with genai-prices for every model that it prices per token', () => {
    let compared = 0
    for (const { provider, model } of models) {
      const name = `${provider.id}/${model.id}`
      if (isUnpriced(provider, model) || billedOtherwise.includes(name)) continue
      compared++
      // The id of a model need not be one that its own rules know.
      const id =
        [model.id, ...literals(model.match)].find((id) => resolve(provider, id) === model.id) ?? model.id
      for (const at of momentsOf(model))
        fc.assert(
          fc.property(sides, (drawn) => {
            const card = index.find(provider.id, id)?.cardAt(at)
            if (card === undefined) throw new Error(`${name} has no card`)
            const usage = usageFor(card, drawn)
            const oracle = calcPrice(toTheirs(usage), id, {
              providerId: provider.id,
              timestamp: new Date(at),
            })
            const cost = costOf(card, usage)
            if (oracle?.model.id !== model.id || cost === null)
              throw new Error(`${name}: ${cost} against ${oracle?.model.id}`)
            const wanted = oracle.total_price * 1e9
            if (Math.abs(Number(cost) - wanted) > 1 + wanted * 1e-9)
              throw new Error(`${name}: ${cost} nano-USD, the oracle says ${wanted}`)
          }),
          { numRuns: 15, reporter },
        )
    }
    console.log(`compared ${compared} of ${models.length} models with genai-prices, 15 usages per price`)
    expect(compared).toBeGreaterThanOrEqual(1_400)
  }, 120_000)

  test('are unknown, not 0, for every model that is left out of the comparison', () => {
    for (const { provider, model } of models) {
      const card = index.find(provider.id, model.id)?.cardAt(now)
      if (isUnpriced(provider, model)) expect(card).toBeUndefined()
      if (billedOtherwise.includes(`${provider.id}/${model.id}`)) {
        expect(card?.unmetered?.length).toBeGreaterThan(0)
        expect(card && costOf(card, { inputTokens: 10, outputTokens: 10 })).toBeNull()
        expect(card && costOf(card, {})).toBeNull()
      }
    }
  })

  test('find the model that genai-prices finds, by every spelling that its rules know and by ones they do not', () => {
    let compared = 0
    const suffixes = [
      '',
      '-20250929',
      '-2025-09-29',
      '-20251399',
      '-latest',
      '-preview',
      ':free',
      '-tts',
      '-tts-x',
      '@1',
      '-5',
    ]
    for (const provider of providers) {
      const spellings = new Set(provider.models.flatMap((model) => [model.id, ...literals(model.match)]))
      for (const literal of spellings)
        for (const suffix of suffixes) {
          const id = literal + suffix
          const found = index.find(provider.id, id)
          if (found?.data.prices && 'source' in found.data) continue // our own additions are newer than the oracle
          const oracle = resolve(provider, id)
          if (found?.id !== oracle)
            throw new Error(`${provider.id}/${id} is ${found?.id}, the oracle says ${oracle}`)
          compared++
        }
    }
    expect(compared).toBeGreaterThan(20_000)
  }, 120_000)
})

const isUnpriced = (provider: Provider, model: ModelInfo): boolean => {
  const rows = Array.isArray(model.prices) ? model.prices.map((row) => row.prices) : [model.prices]
  const empty = rows.every((row) => Object.keys(row).length === 0)
  return empty && !(provider.id === 'openrouter' && model.id.endsWith(':free'))
}

/** Now, and just before, at and after every change of the model's prices. */
const momentsOf = (model: ModelInfo): readonly number[] => {
  const rows = Array.isArray(model.prices) ? model.prices : []
  const changes = rows.flatMap(({ constraint }) => {
    if (constraint === undefined) return []
    if (constraint.type === 'start_date') return [Date.parse(constraint.start_date)]
    return [constraint.start_time, constraint.end_time].map((time) => Date.parse(`2026-11-21T${time}`))
  })
  return [now, ...changes.flatMap((change) => [change - 1, change, change + 1])]
}

/** Usage that the card can price: without tokens on a side, or searches, that have no price. */
const usageFor = (card: PriceCard, { input, output, searches }: Sides): BilledUsage => ({
  ...(card.inputPerMtok === undefined
    ? { inputTokens: 0 }
    : {
        inputTokens: Object.values(input).reduce((sum, count) => sum + count, 0),
        cacheReadTokens: input.read + input.readAudio + input.readImage,
        cacheWriteTokens: input.short,
        cacheWriteLongTokens: input.long,
        inputAudioTokens: input.audio + input.readAudio,
        inputImageTokens: input.image + input.readImage,
        cacheReadAudioTokens: input.readAudio,
        cacheReadImageTokens: input.readImage,
      }),
  ...(card.outputPerMtok === undefined
    ? {}
    : {
        outputTokens: Object.values(output).reduce((sum, count) => sum + count, 0),
        reasoningTokens: output.reasoning,
        outputAudioTokens: output.audio,
        outputImageTokens: output.image,
      }),
  ...(card.perThousandSearches !== undefined && { webSearches: searches }),
})

const toTheirs = (usage: BilledUsage): Record<string, number> => ({
  input_tokens: usage.inputTokens ?? 0,
  output_tokens: usage.outputTokens ?? 0,
  cache_read_tokens: usage.cacheReadTokens ?? 0,
  cache_write_tokens: (usage.cacheWriteTokens ?? 0) + (usage.cacheWriteLongTokens ?? 0),
  cache_write_1h_tokens: usage.cacheWriteLongTokens ?? 0,
  cache_audio_read_tokens: usage.cacheReadAudioTokens ?? 0,
  cache_image_read_tokens: usage.cacheReadImageTokens ?? 0,
  input_audio_tokens: usage.inputAudioTokens ?? 0,
  input_image_tokens: usage.inputImageTokens ?? 0,
  output_reasoning_tokens: usage.reasoningTokens ?? 0,
  output_audio_tokens: usage.outputAudioTokens ?? 0,
  output_image_tokens: usage.outputImageTokens ?? 0,
  web_searches: usage.webSearches ?? 0,
})

const literals = (logic: MatchLogic): readonly string[] => {
  if ('or' in logic) return logic.or.flatMap(literals)
  if ('and' in logic) return logic.and.flatMap(literals)
  if ('equals' in logic) return [logic.equals]
  if ('starts_with' in logic) return [logic.starts_with, `${logic.starts_with}-x`]
  if ('ends_with' in logic) return [logic.ends_with, `x/${logic.ends_with}`]
  if ('contains' in logic) return [logic.contains, `x/${logic.contains}-y`]
  const dated = logic.regex
    .replace(/^\^|\$$/g, '')
    .replace(/\\d\{(\d)\}/g, (_, count) => '20261231'.slice(-Number(count)))
  return /[(]/.test(dated) ? [] : [dated.replace('\\d', '7').replaceAll('\\', '')]
}

/** Names the usage as well as the model and the two prices. */
const reporter = (run: fc.RunDetails<[Sides]>): void => {
  if (run.failed)
    throw new Error(`${run.errorInstance} for ${fc.stringify(run.counterexample)}, seed ${run.seed}`)
}

const resolve = (provider: Provider, id: string): string | undefined =>
  calcPrice({ input_tokens: 0, output_tokens: 0 }, id, { providerId: provider.id })?.model.id
