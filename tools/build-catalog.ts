/**
 * Writes `src/catalog/data/prices.json` from the installed `@pydantic/genai-prices`.
 * Run after updating that package: `bun tools/build-catalog.ts --date 2026-09-23`, with the day on which the
 * package's version was published (`npm view @pydantic/genai-prices time`).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type ConditionalPrice,
  type ModelInfo,
  type ModelPrice,
  type Provider,
  type TieredPrices,
  waitForUpdate,
} from '@pydantic/genai-prices'
import { toMatchRules } from '../src/catalog/imports/match-rules.ts'
import type { ModelData, PriceData, PriceRow, ProviderData, RateData } from '../src/catalog/price-data.ts'
import { parseUsd } from '../src/ir/money.ts'

const packageFolder = dirname(dirname(Bun.resolveSync('@pydantic/genai-prices', import.meta.dir)))
const dataFolder = join(import.meta.dir, '../src/catalog/data')

const rateOf: Readonly<Record<string, keyof RateData>> = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWriteLong',
  output_reasoning_mtok: 'reasoning',
  input_audio_mtok: 'inputAudio',
  output_audio_mtok: 'outputAudio',
  cache_audio_read_mtok: 'cacheReadAudio',
  input_image_mtok: 'inputImage',
  output_image_mtok: 'outputImage',
  cache_image_read_mtok: 'cacheReadImage',
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { date: { type: 'string' } } })
  if (!/^\d{4}-\d{2}-\d{2}$/.test(values.date ?? ''))
    throw new Error('say when the package was published: --date YYYY-MM-DD')
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  const licence = readFileSync(join(packageFolder, 'LICENSE'), 'utf8')
  const copyright = /^Copyright .*$/m.exec(licence)?.[0]
  const providers = await waitForUpdate()
  if (providers === null || copyright === undefined)
    throw new Error('the package holds no data, or no copyright line')
  const data: PriceData = {
    source: '@pydantic/genai-prices',
    version,
    date: values.date ?? '',
    licence: `MIT, ${copyright}; the text is in genai-prices.LICENSE`,
    providers: Object.fromEntries(providers.map((provider) => [provider.id, providerData(provider)])),
  }
  writeFileSync(join(dataFolder, 'prices.json'), oneModelPerLine(data))
  writeFileSync(join(dataFolder, 'genai-prices.LICENSE'), licence)
  const models = providers.reduce((sum, provider) => sum + provider.models.length, 0)
  console.log(`${version}: ${providers.length} providers, ${models} models`)
}

const providerData = (provider: Provider): ProviderData => {
  const ids = provider.models.map((model) => model.id)
  if (new Set(ids).size !== ids.length) throw new Error(`${provider.id} names a model twice`)
  const reordered = ids.find((id) => /^\d+$/.test(id))
  if (reordered !== undefined)
    throw new Error(`an object key like ${reordered} would lose its place in the order`)
  return {
    ...(provider.fallback_model_providers && { fallback: provider.fallback_model_providers }),
    models: Object.fromEntries(provider.models.map((model) => [model.id, modelData(provider.id, model)])),
  }
}

const modelData = (provider: string, model: ModelInfo): ModelData => {
  const match = toMatchRules(model.match)
  const prices = priceRows(provider, model)
  return {
    ...(model.name !== undefined && { name: model.name }),
    ...(model.context_window !== undefined && { contextWindow: model.context_window }),
    ...(model.deprecated && { deprecated: true }),
    ...((match.length !== 1 || match[0] !== `=${model.id.toLowerCase()}`) && { match }),
    ...(prices.length > 0 && { prices }),
  }
}

const priceRows = (provider: string, model: ModelInfo): readonly PriceRow[] => {
  const rows: readonly ConditionalPrice[] = Array.isArray(model.prices)
    ? model.prices
    : [{ prices: model.prices }]
  if (rows.every((row) => Object.keys(row.prices).length === 0)) {
    // The source writes "free" and "not known" alike; only OpenRouter's `:free` variants are free by their name.
    return provider === 'openrouter' && model.id.endsWith(':free') ? [{ input: 0, output: 0 }] : []
  }
  return rows.map((row) => ({ ...condition(row), ...priceRow(row.prices) }))
}

const condition = ({ constraint }: ConditionalPrice): Pick<PriceRow, 'from' | 'daily'> => {
  if (constraint === undefined) return {}
  if (constraint.type === 'start_date') return { from: constraint.start_date }
  return { daily: { start: secondOfDay(constraint.start_time), end: secondOfDay(constraint.end_time) } }
}

const secondOfDay = (time: string): number => {
  const [, hours, minutes, seconds] = /^(\d{2}):(\d{2}):(\d{2})Z$/.exec(time) ?? []
  if (hours === undefined) throw new Error(`teach this script the time of day ${time}`)
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

const priceRow = (prices: ModelPrice): PriceRow => {
  const row: Mutable<PriceRow> = {}
  const tiers = new Map<number, Mutable<RateData>>()
  const unmetered: string[] = []
  for (const [key, price] of Object.entries(prices)) {
    const rate = rateOf[key]
    if (price === undefined) continue
    if (rate !== undefined) row[rate] = nanoUsd(isTiered(price) ? price.base : price)
    else if (isTiered(price)) throw new Error(`teach this script tiers of ${key}`)
    else if (key === 'requests_kcount') row.request = nanoUsd(price, 1000n)
    else if (key === 'web_searches_kcount') row.searches = nanoUsd(price)
    else unmetered.push(key)
    if (rate === undefined || !isTiered(price)) continue
    for (const tier of price.tiers) {
      const known = tiers.get(tier.start) ?? {}
      tiers.set(tier.start, { ...known, [rate]: nanoUsd(tier.price) })
    }
  }
  if (tiers.size > 0)
    row.tiers = [...tiers].sort(([a], [b]) => a - b).map(([above, rates]) => ({ above, ...rates }))
  if (unmetered.length > 0) row.unmetered = unmetered.sort()
  return row
}

const isTiered = (price: number | TieredPrices): price is TieredPrices => typeof price === 'object'

const nanoUsd = (usd: number, parts = 1n): number => {
  const nano = parseUsd(usd)
  if (nano % parts !== 0n || nano > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Error(`${usd} is no integer of nano-USD`)
  return Number(nano / parts)
}

/** Diffs of an update should show which models changed. */
const oneModelPerLine = ({ providers, ...head }: PriceData): string => {
  const lines = Object.entries(providers).map(([id, { models, ...rest }]) => {
    const rows = Object.entries(models).map(
      ([model, data]) => `${JSON.stringify(model)}:${JSON.stringify(data)}`,
    )
    const start = `${JSON.stringify(id)}:${JSON.stringify({ ...rest, models: {} }).slice(0, -2)}`
    return `${start}\n${rows.join(',\n')}}}`
  })
  return `${JSON.stringify(head).slice(0, -1)},"providers":{\n${lines.join(',\n')}}}\n`
}

await main()
