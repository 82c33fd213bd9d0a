import { GatewayError } from '../../errors.ts'
import type { ModelData, PriceData, RateData } from '../price-data.ts'
import { NumberText, shifted } from './decimal.ts'
import type { Json } from './read-json.ts'

export type PriceFormat = 'tollgate' | 'litellm' | 'genai-prices'

/** A file of prices, read and checked. */
export interface ReadPrices {
  readonly format: PriceFormat
  /** Under our ids of providers. */
  readonly data: PriceData
  /** What of the file does not count, and why; for people. */
  readonly notices: readonly string[]
}

/** Collects what a file says, refusing what cannot be a price. */
export interface Collector {
  add(provider: string, model: string, data: ModelData): void
  /** @returns false where the provider has such a model already */
  has(provider: string, model: string): boolean
  /** Something of the file is left out, for a reason that is said once with how often. */
  leaveOut(reason: string, model: string): void
  /** A price as the file has it, times a power of ten, in whole nano-USD. */
  price(value: Json, places: number, place: string): number
}

/** Prices of a million dollars per million tokens are no prices. */
const highest = 10n ** 15n

export const createCollector = () => {
  const providers = new Map<string, Map<string, ModelData>>()
  const left = new Map<string, { count: number; readonly first: string }>()
  let rounded = 0
  const collector: Collector = {
    add(provider, model, data) {
      const models = providers.get(provider) ?? new Map<string, ModelData>()
      providers.set(provider, models)
      if (models.has(model)) throw invalid(`${provider}/${model} is priced twice`)
      models.set(model, data)
    },
    has: (provider, model) => providers.get(provider)?.has(model) === true,
    leaveOut(reason, model) {
      const known = left.get(reason)
      if (known === undefined) left.set(reason, { count: 1, first: model })
      else known.count++
    },
    price(value, places, place) {
      const text = value instanceof NumberText ? value.text : typeof value === 'string' ? value : undefined
      const amount = text === undefined ? undefined : shifted(text, places)
      if (amount === undefined)
        throw invalid(`${place} is ${said(value)}, which is no price: write a decimal that is not negative`)
      if (amount.value > highest)
        throw invalid(`${place} is ${said(value)}, more than a million US dollars per million tokens`)
      if (!amount.exact) rounded++
      return Number(amount.value)
    },
  }
  const finish = (format: PriceFormat, head: Pick<PriceData, 'source' | 'version' | 'date'>): ReadPrices => {
    if (providers.size === 0) throw invalid('it holds no price of a token')
    return {
      format,
      data: {
        ...head,
        licence: 'as its source says',
        providers: Object.fromEntries(
          [...providers]
            .toSorted(([one], [other]) => (one < other ? -1 : 1))
            .map(([id, models]) => [id, { models: Object.fromEntries(models) }]),
        ),
      },
      notices: [
        ...[...left].map(([reason, { count, first }]) =>
          count === 1
            ? `left out ${first}: ${reason}`
            : `left out ${count} models, such as ${first}: ${reason}`,
        ),
        ...(rounded === 0
          ? []
          : [`${rounded} prices have a fraction of a nano-USD per million tokens, which was rounded`]),
      ],
    }
  }
  return { collector, finish }
}

export const invalid = (problem: string): GatewayError =>
  new GatewayError('prices_invalid', `the prices are refused: ${problem}`)

const said = (value: Json): string =>
  value instanceof NumberText
    ? value.text.slice(0, 40)
    : value === null || typeof value !== 'object'
      ? JSON.stringify(value)?.slice(0, 40)
      : 'an object'

/** An object whose keys are like numbers would lose its order; models are asked in order. */
export const isOrdered = (model: string): boolean => !/^\d+$/.test(model)

export const rateNames = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'cacheWriteLong',
  'reasoning',
  'inputAudio',
  'outputAudio',
  'cacheReadAudio',
  'inputImage',
  'outputImage',
  'cacheReadImage',
] as const satisfies readonly (keyof RateData)[]

export type MutableRates = { -readonly [K in keyof RateData]: RateData[K] }
