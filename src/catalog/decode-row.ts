import { type ClassPrice, million, type PriceCard, type PriceTier, type Rates } from './price-card.ts'
import type { ClassData, PriceRow, RateData, TierData } from './price-data.ts'

const rateNames = [
  ['input', 'inputPerMtok'],
  ['output', 'outputPerMtok'],
  ['cacheRead', 'cacheReadPerMtok'],
  ['cacheWrite', 'cacheWritePerMtok'],
  ['cacheWriteLong', 'cacheWriteLongPerMtok'],
  ['reasoning', 'reasoningPerMtok'],
  ['inputAudio', 'inputAudioPerMtok'],
  ['outputAudio', 'outputAudioPerMtok'],
  ['cacheReadAudio', 'cacheReadAudioPerMtok'],
  ['inputImage', 'inputImagePerMtok'],
  ['outputImage', 'outputImagePerMtok'],
  ['cacheReadImage', 'cacheReadImagePerMtok'],
] as const satisfies readonly (readonly [keyof RateData, keyof Rates])[]

/** Turns a row of the data into a card; `origin` is the version of the data, which the row's condition completes. */
export const decodeRow = (row: PriceRow, origin: string, source: string): PriceCard => {
  const base = decodeRates(row)
  const tiers = decodeTiers(base, row.tiers)
  return {
    version:
      origin + (row.from ? `+${row.from}` : '') + (row.daily ? `+${row.daily.start}-${row.daily.end}s` : ''),
    source,
    ...(row.from !== undefined && { effectiveFrom: row.from }),
    ...base,
    ...(tiers.length > 0 && { tiers }),
    ...(row.request !== undefined && { perRequest: BigInt(row.request) }),
    ...(row.searches !== undefined && { perThousandSearches: BigInt(row.searches) }),
    ...(row.unmetered !== undefined && { unmetered: row.unmetered }),
    ...(row.classes !== undefined && { classes: mapValues(row.classes, decodeClass) }),
    ...(row.regions !== undefined && { regions: mapValues(row.regions, BigInt) }),
  }
}

const decodeTiers = (base: Rates, tiers: readonly TierData[] = []): readonly PriceTier[] => {
  const decoded: PriceTier[] = []
  for (const tier of tiers)
    decoded.push({ ...(decoded.at(-1) ?? base), ...decodeRates(tier), aboveInputTokens: tier.above })
  return decoded
}

const decodeClass = (data: ClassData): ClassPrice => {
  const limit = {
    ...(data.upTo !== undefined && { upToInputTokens: data.upTo }),
    ...(data.cacheReads === false && { cacheReads: 'unknown' as const }),
  }
  if (data.factor !== undefined) return { factor: BigInt(data.factor), ...limit }
  const rates = decodeRates(data)
  const tiers = decodeTiers(rates, data.tiers)
  return { factor: million, rates, ...(tiers.length > 0 && { tiers }), ...limit }
}

const mapValues = <From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Readonly<Record<string, To>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))

/** The row that holds at a moment (milliseconds since 1970): the last whose condition does, else the first. */
export const rowAt = (rows: readonly PriceRow[], at: number): number => {
  for (let index = rows.length - 1; index > 0; index--) {
    const row = rows[index]
    if (row !== undefined && holds(row, at)) return index
  }
  return 0
}

const holds = ({ from, daily }: PriceRow, at: number): boolean => {
  if (from !== undefined && at < Date.parse(from)) return false
  if (daily === undefined) return true
  const second = (((at % dayMs) + dayMs) % dayMs) / 1000
  return daily.end < daily.start
    ? second >= daily.start || second < daily.end
    : second >= daily.start && second < daily.end
}

const dayMs = 86_400_000

const decodeRates = (data: RateData): Rates => {
  const rates: { -readonly [K in keyof Rates]: Rates[K] } = {}
  for (const [key, name] of rateNames) {
    const price = data[key]
    if (price !== undefined) rates[name] = BigInt(price)
  }
  return rates
}
