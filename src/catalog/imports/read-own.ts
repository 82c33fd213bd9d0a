import { z } from 'zod'
import { parseUsd } from '../../ir/index.ts'
import { readMillionths } from '../millionths.ts'
import type { ClassData, ModelData, PriceRow, RateData } from '../price-data.ts'
import { modelPrices } from '../settings.ts'
import { createCollector, invalid, isOrdered, type MutableRates, type ReadPrices } from './imported.ts'
import { type JsonMembers, plainJson } from './read-json.ts'

const file = z.strictObject({
  format: z.literal('tollgate-prices'),
  version: z.literal(1),
  source: z.string().min(1).max(200),
  date: z.iso.date(),
  prices: z
    .array(
      z.strictObject({
        provider: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
        model: z.string().min(1).max(256),
        from: z.iso.date().optional(),
        ...modelPrices,
      }),
    )
    .min(1)
    .max(100_000),
})

type Entry = z.infer<typeof file>['prices'][number]

/** Our own format: the keys of the setting `prices`, with a provider and the exact id of a model. */
export const readOwn = (members: JsonMembers): ReadPrices => {
  const parsed = file.safeParse(plainJson(members))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is not in the format'}`)
  }
  const { collector, finish } = createCollector()
  const rows = new Map<
    string,
    { readonly provider: string; readonly model: string; readonly rows: PriceRow[] }
  >()
  for (const { provider, model, ...entry } of parsed.data.prices) {
    const id = model.toLowerCase()
    const place = `${provider}/${model}`
    if (!isOrdered(id)) throw invalid(`${place}: its id is a number`)
    const known = rows.get(`${provider}\n${id}`) ?? { provider, model: id, rows: [] }
    rows.set(`${provider}\n${id}`, known)
    if (known.rows.some((row) => row.from === entry.from)) throw invalid(`${place} is priced twice`)
    known.rows.push(toRow(entry, place))
  }
  for (const { provider, model, rows: found } of rows.values()) {
    // The first row holds where none of the others does.
    const prices = found.toSorted((one, other) => ((one.from ?? '') < (other.from ?? '') ? -1 : 1))
    const data: ModelData = { prices }
    collector.add(provider, model, data)
  }
  const { source, date } = parsed.data
  return finish('tollgate', { source, version: '', date })
}

const toRow = (entry: Omit<Entry, 'provider' | 'model'>, place: string): PriceRow => {
  const { from, per_request, per_thousand_searches, tiers = [], classes, regions, ...own } = entry
  const rates = toRates(own, place)
  if (Object.keys(rates).length === 0 && per_request === undefined) throw invalid(`${place} has no price`)
  const sorted = tiers.toSorted((one, other) => one.above_input_tokens - other.above_input_tokens)
  if (new Set(sorted.map((tier) => tier.above_input_tokens)).size !== sorted.length)
    throw invalid(`${place}: two tiers begin at one number of tokens`)
  return {
    ...(from !== undefined && { from }),
    ...rates,
    ...(sorted.length > 0 && {
      tiers: sorted.map(({ above_input_tokens, ...changed }) => ({
        above: above_input_tokens,
        ...toRates(changed, place),
      })),
    }),
    ...(per_request !== undefined && { request: toNumber(per_request, place) }),
    ...(per_thousand_searches !== undefined && { searches: toNumber(per_thousand_searches, place) }),
    ...(classes !== undefined && {
      classes: Object.fromEntries(
        Object.entries(classes).map(
          ([word, { multiplier, up_to_input_tokens, ...given }]): [string, ClassData] => [
            word,
            {
              ...(multiplier === undefined ? toRates(given, place) : { factor: factorOf(multiplier) }),
              ...(up_to_input_tokens !== undefined && { upTo: up_to_input_tokens }),
            },
          ],
        ),
      ),
    }),
    ...(regions !== undefined && {
      regions: Object.fromEntries(Object.entries(regions).map(([word, factor]) => [word, factorOf(factor)])),
    }),
  }
}

const factorOf = (multiplier: string | number): number => Number(readMillionths(multiplier) ?? 1_000_000n)

const toRates = (given: Readonly<Record<string, unknown>>, place: string): RateData => {
  const rates: MutableRates = {}
  for (const [key, name] of Object.entries(names)) {
    const value = given[key]
    if (typeof value === 'string' || typeof value === 'number') rates[name] = toNumber(value, place)
  }
  return rates
}

const toNumber = (usd: string | number, place: string): number => {
  const nano = parseUsd(usd)
  if (nano > 10n ** 15n) throw invalid(`${place}: ${usd} is more than a million US dollars`)
  return Number(nano)
}

const names: Readonly<Record<string, keyof RateData>> = {
  input_per_mtok: 'input',
  output_per_mtok: 'output',
  cache_read_per_mtok: 'cacheRead',
  cache_write_per_mtok: 'cacheWrite',
  cache_write_long_per_mtok: 'cacheWriteLong',
  reasoning_per_mtok: 'reasoning',
  input_audio_per_mtok: 'inputAudio',
  output_audio_per_mtok: 'outputAudio',
  cache_read_audio_per_mtok: 'cacheReadAudio',
  input_image_per_mtok: 'inputImage',
  output_image_per_mtok: 'outputImage',
  cache_read_image_per_mtok: 'cacheReadImage',
}
