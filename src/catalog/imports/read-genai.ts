import { z } from 'zod'
import type { ModelData, PriceRow, RateData } from '../price-data.ts'
import { ourProvider } from '../source-provider.ts'
import {
  type Collector,
  createCollector,
  invalid,
  isOrdered,
  type MutableRates,
  type ReadPrices,
} from './imported.ts'
import { type MatchLogic, toMatchRules } from './match-rules.ts'
import { isItems, isMembers, type Json, type JsonMembers, plainJson } from './read-json.ts'

/** The data of genai-prices: a list of providers, US dollars per million tokens. */
export const readGenai = (file: readonly Json[]): ReadPrices => {
  const { collector, finish } = createCollector()
  for (const entry of file) {
    const id = isMembers(entry) ? entry.get('id') : undefined
    const models = isMembers(entry) ? entry.get('models') : undefined
    if (typeof id !== 'string' || !isItems(models))
      throw invalid('an entry is no provider with an id and models')
    const provider = ourProvider(id)
    for (const model of models) {
      const name = isMembers(model) ? model.get('id') : undefined
      if (!isMembers(model) || typeof name !== 'string') throw invalid(`a model of ${provider} has no id`)
      const data = readModel(`${provider}/${name}`, model, collector)
      if (typeof data === 'string') collector.leaveOut(data, `${provider}/${name}`)
      else collector.add(provider, name, data)
    }
  }
  return finish('genai-prices', { source: 'genai-prices', version: '', date: '' })
}

/** The model, or why it is left out. */
const readModel = (name: string, model: JsonMembers, collector: Collector): ModelData | string => {
  if (!isOrdered(name.slice(name.indexOf('/') + 1))) return 'its id is a number'
  const prices = readRows(model.get('prices'), name, collector)
  if (prices === undefined) return 'its prices are of a kind that is not known here'
  if (prices.every((row) => row.input === undefined && row.output === undefined))
    return 'it has no price per token'
  const match = readMatch(model.get('match'))
  return match === undefined ? 'no rule says which models it means' : { match, prices }
}

const readMatch = (logic: Json | undefined): ModelData['match'] | undefined => {
  const parsed = matchLogic.safeParse(plainJson(logic ?? null))
  if (!parsed.success) return undefined
  try {
    return toMatchRules(parsed.data)
  } catch {
    return undefined
  }
}

const matchLogic: z.ZodType<MatchLogic> = z.lazy(() =>
  z.union([
    z.strictObject({ or: z.array(matchLogic).min(1) }),
    z.strictObject({ and: z.array(matchLogic).min(1) }),
    z.strictObject({ equals: z.string() }),
    z.strictObject({ starts_with: z.string() }),
    z.strictObject({ ends_with: z.string() }),
    z.strictObject({ contains: z.string() }),
    z.strictObject({ regex: z.string() }),
  ]),
)

const readRows = (
  prices: Json | undefined,
  name: string,
  collector: Collector,
): readonly PriceRow[] | undefined => {
  if (isMembers(prices)) {
    const row = readRow(prices, name, collector)
    return row === undefined ? undefined : [row]
  }
  if (!isItems(prices)) return undefined
  const rows: PriceRow[] = []
  for (const entry of prices) {
    if (!isMembers(entry)) return undefined
    const given = entry.get('prices')
    const row = isMembers(given) ? readRow(given, name, collector) : undefined
    const condition = readCondition(entry.get('constraint'))
    if (row === undefined || condition === undefined) return undefined
    rows.push({ ...condition, ...row })
  }
  return rows
}

const readCondition = (constraint: Json | undefined): Pick<PriceRow, 'from' | 'daily'> | undefined => {
  if (constraint === undefined || constraint === null) return {}
  if (!isMembers(constraint)) return undefined
  const from = constraint.get('start_date')
  if (typeof from === 'string') return z.iso.date().safeParse(from).success ? { from } : undefined
  const start = secondOfDay(constraint.get('start_time'))
  const end = secondOfDay(constraint.get('end_time'))
  return start === undefined || end === undefined ? undefined : { daily: { start, end } }
}

const secondOfDay = (time: Json | undefined): number | undefined => {
  const [, hours, minutes, seconds] =
    (typeof time === 'string' ? /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z$/.exec(time) : null) ?? []
  return hours === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

export const genaiRates: Readonly<Record<string, keyof RateData>> = {
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

const readRow = (prices: JsonMembers, name: string, collector: Collector): PriceRow | undefined => {
  const base: MutableRates = {}
  const tiers = new Map<number, MutableRates>()
  const unmetered: string[] = []
  let request: number | undefined
  let searches: number | undefined
  for (const [key, price] of prices) {
    if (price === null) continue
    const place = `${name}.${key}`
    const rate = Object.hasOwn(genaiRates, key) ? genaiRates[key] : undefined
    if (rate === undefined) {
      if (isMembers(price)) return undefined
      if (key === 'requests_kcount') request = collector.price(price, 6, place)
      else if (key === 'web_searches_kcount') searches = collector.price(price, 9, place)
      else unmetered.push(key)
      continue
    }
    if (!isMembers(price)) {
      base[rate] = collector.price(price, 9, place)
      continue
    }
    base[rate] = collector.price(price.get('base') ?? null, 9, place)
    const list = price.get('tiers')
    for (const tier of isItems(list) ? list : []) {
      if (!isMembers(tier)) return undefined
      const start = collector.price(tier.get('start') ?? null, 0, `${place}.start`)
      const rates = tiers.get(start) ?? {}
      tiers.set(start, rates)
      rates[rate] = collector.price(tier.get('price') ?? null, 9, place)
    }
  }
  return {
    ...base,
    ...(tiers.size > 0 && {
      tiers: [...tiers]
        .toSorted(([one], [other]) => one - other)
        .map(([above, rates]) => ({ above, ...rates })),
    }),
    ...(request !== undefined && { request }),
    ...(searches !== undefined && { searches }),
    ...(unmetered.length > 0 && { unmetered: unmetered.toSorted() }),
  }
}
