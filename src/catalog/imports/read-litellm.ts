import type { ClassData, ModelData, PriceRow, RateData, TierData } from '../price-data.ts'
import { NumberText, shifted } from './decimal.ts'
import {
  type Collector,
  createCollector,
  invalid,
  isOrdered,
  type MutableRates,
  type ReadPrices,
  rateNames,
} from './imported.ts'
import { isMembers, type Json, type JsonMembers } from './read-json.ts'

/**
 * LiteLLM's price map: US dollars per token, one flat object per model. A model of which something cannot be said
 * in our words is left out and named, never read in part.
 * Source: https://docs.litellm.ai/docs/provider_registration/add_model_pricing
 */
export const readLitellm = (file: JsonMembers): ReadPrices => {
  const { collector, finish } = createCollector()
  for (const [name, entry] of file) {
    if (name === 'sample_spec') continue
    if (!isMembers(entry)) throw invalid(`${JSON.stringify(name.slice(0, 80))} is no object`)
    const named = entry.get('litellm_provider')
    const provider = typeof named === 'string' ? (providers[named] ?? named) : undefined
    if (provider === undefined) {
      collector.leaveOut('it names no litellm_provider', name)
      continue
    }
    // The prefix is LiteLLM's own route (`gemini/…`), but a part of the id where the provider is a reseller's.
    const prefix = `${String(named)}/`
    const model = (name.startsWith(prefix) ? name.slice(prefix.length) : name).toLowerCase()
    const data = modelOf(entry, name, collector)
    if (data === undefined) continue
    if (!isOrdered(model)) collector.leaveOut('its id is a number', name)
    else if (collector.has(provider, model)) collector.leaveOut('another entry means the same model', name)
    else collector.add(provider, model, data)
  }
  return finish('litellm', { source: 'LiteLLM price map', version: '', date: '' })
}

/** LiteLLM's providers that have another id here. */
const providers: Readonly<Record<string, string>> = {
  'text-completion-openai': 'openai',
  gemini: 'google',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
}

interface Prices {
  readonly rates: MutableRates
  readonly tiers: Map<number, MutableRates>
}

const modelOf = (entry: JsonMembers, name: string, collector: Collector): ModelData | undefined => {
  const strange = notRead.find((key) => entry.has(key) && entry.get(key) !== null)
  if (strange !== undefined) {
    collector.leaveOut(`nothing here says what its ${strange} means`, name)
    return undefined
  }
  const standard = emptyPrices()
  const classes = new Map<string, Prices>()
  const unmetered: string[] = []
  for (const [key, value] of entry) {
    if (value === null) continue
    const place = readKey(key)
    if (place === undefined) {
      if (isOtherPrice(key, value)) unmetered.push(key)
      continue
    }
    const prices = place.class === undefined ? standard : (classes.get(place.class) ?? emptyPrices())
    if (place.class !== undefined) classes.set(place.class, prices)
    const rates = place.above === undefined ? prices.rates : (prices.tiers.get(place.above) ?? {})
    if (place.above !== undefined) prices.tiers.set(place.above, rates)
    rates[place.rate] = collector.price(value, perToken, `${name}.${key}`)
  }
  const { input, output } = standard.rates
  if (input === undefined && output === undefined) {
    collector.leaveOut('it has no price per token', name)
    return undefined
  }
  if (!input && !output && !name.endsWith(':free')) {
    collector.leaveOut(
      'the file says that it costs nothing, which is how it writes "not known" as well',
      name,
    )
    return undefined
  }
  const request = entry.get('input_cost_per_request') ?? null
  const searches = searchPrice(entry.get('search_context_cost_per_query'), name, collector)
  if (searches === undefined && entry.has('search_context_cost_per_query')) unmetered.push('web searches')
  const tiers = tiersOf(standard)
  const row: PriceRow = {
    ...standard.rates,
    ...(tiers.length > 0 && { tiers }),
    ...(request !== null && {
      request: collector.price(request, perDollar, `${name}.input_cost_per_request`),
    }),
    ...(searches !== undefined && { searches }),
    ...(unmetered.length > 0 && { unmetered: unmetered.toSorted() }),
    ...classesOf(standard, classes, entry, name, collector),
  }
  return { prices: [row] }
}

const emptyPrices = (): Prices => ({ rates: {}, tiers: new Map() })

/** USD per token to nano-USD per million tokens. */
const perToken = 15
const perDollar = 9

const rateOf: Readonly<Record<string, keyof RateData>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWriteLong',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_audio_token: 'inputAudio',
  output_cost_per_audio_token: 'outputAudio',
  cache_read_input_audio_token_cost: 'cacheReadAudio',
  cache_read_input_token_cost_per_audio_token: 'cacheReadAudio',
  input_cost_per_image_token: 'inputImage',
  output_cost_per_image_token: 'outputImage',
  cache_read_input_image_token_cost: 'cacheReadImage',
}

const classOf: Readonly<Record<string, string>> = {
  batches: 'batch',
  flex: 'flex',
  priority: 'priority',
  ultrafast: 'ultrafast',
}

/** What one key prices: a class of tokens, in a service class, above a size of the input. */
const readKey = (
  key: string,
):
  | { readonly rate: keyof RateData; readonly class: string | undefined; readonly above: number | undefined }
  | undefined => {
  const [, withTier = key, suffix] = /^(.+?)(?:_(batches|flex|priority|ultrafast))?$/.exec(key) ?? []
  const [, base = withTier, thousands] = /^(.+?)(?:_above_(\d{1,5})k_tokens)?$/.exec(withTier) ?? []
  const rate = Object.hasOwn(rateOf, base) ? rateOf[base] : undefined
  if (rate === undefined) return undefined
  return {
    rate,
    class: suffix === undefined ? undefined : classOf[suffix],
    above: thousands === undefined ? undefined : Number(thousands) * 1000,
  }
}

/** Prices by ranges of the input, or of the hour: a part of them would be a wrong price. */
const notRead = ['tiered_pricing', 'off_peak_pricing'] as const

const isOtherPrice = (key: string, value: Json): boolean =>
  /cost/.test(key) &&
  !['input_cost_per_request', 'search_context_cost_per_query'].includes(key) &&
  value instanceof NumberText &&
  shifted(value.text, 15)?.value !== 0n

const tiersOf = ({ tiers }: Prices): readonly TierData[] =>
  [...tiers].toSorted(([one], [other]) => one - other).map(([above, rates]) => ({ above, ...rates }))

/** USD per search to nano-USD per thousand, where it does not depend on how much the search reads. */
const searchPrice = (value: Json | undefined, name: string, collector: Collector): number | undefined => {
  if (!isMembers(value)) return undefined
  const prices = new Set(
    [...value.values()].map((one) => collector.price(one, 12, `${name}.search_context_cost_per_query`)),
  )
  const [first] = prices
  return prices.size === 1 ? first : undefined
}

/**
 * A service class whose every price stands in one proportion to the standard one is that factor, and so covers what
 * the file leaves out; otherwise it must name everything that the standard prices name.
 */
const classesOf = (
  standard: Prices,
  classes: ReadonlyMap<string, Prices>,
  entry: JsonMembers,
  name: string,
  collector: Collector,
): Pick<PriceRow, 'classes' | 'regions'> => {
  const found: Record<string, ClassData> = {}
  for (const [word, prices] of classes) {
    const data = classData(standard, prices)
    if (data === undefined) collector.leaveOut(`the prices of its class ${word} are incomplete`, name)
    else found[word] = data
  }
  const regions: Record<string, number> = {}
  const specific = entry.get('provider_specific_entry')
  if (isMembers(specific) && entry.get('litellm_provider') === 'anthropic') {
    for (const [word, value] of specific) {
      if (!(value instanceof NumberText)) continue
      const factor = collector.price(value, 6, `${name}.provider_specific_entry.${word}`)
      if (word === 'fast') found['fast'] = { factor }
      else if (/^[a-z]{2}$/.test(word)) regions[word] = factor
    }
  }
  return {
    ...(Object.keys(found).length > 0 && { classes: found }),
    ...(Object.keys(regions).length > 0 && { regions }),
  }
}

const classData = (standard: Prices, prices: Prices): ClassData | undefined => {
  const lowest = Math.min(...standard.tiers.keys())
  const limit = prices.tiers.size === 0 && standard.tiers.size > 0 ? { upTo: lowest } : {}
  const factor = proportion(standard, prices)
  if (factor !== undefined) return { factor, ...limit }
  const isWhole = rateNames.every(
    (rate) => standard.rates[rate] === undefined || prices.rates[rate] !== undefined,
  )
  if (!isWhole) return undefined
  const tiers = tiersOf(prices)
  return { ...prices.rates, ...(tiers.length > 0 && { tiers }), ...limit }
}

/** Millionths, when all prices of the class are the same multiple of the standard ones. */
const proportion = (standard: Prices, prices: Prices): number | undefined => {
  let found: number | undefined
  const pairs = [
    [standard.rates, prices.rates] as const,
    ...[...prices.tiers].map(([above, rates]) => [standard.tiers.get(above) ?? {}, rates] as const),
  ]
  for (const [base, own] of pairs) {
    for (const rate of rateNames) {
      const price = own[rate]
      if (price === undefined) continue
      const before = base[rate]
      if (before === undefined || before === 0) return undefined
      const millionths = BigInt(price) * 1_000_000n
      if (millionths % BigInt(before) !== 0n) return undefined
      const factor = Number(millionths / BigInt(before))
      if (found !== undefined && found !== factor) return undefined
      found = factor
    }
  }
  return found !== undefined && prices.rates.input !== undefined ? found : undefined
}
