import type { Catalog } from '../catalog.ts'
import type { PriceCard, Rates } from '../price-card.ts'
import type { PriceData } from '../price-data.ts'

/** What an import does to one model. Prices are nano-USD per million tokens, or of what the name says. */
export interface PriceChange {
  readonly provider: string
  readonly model: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly prices: readonly {
    readonly name: string
    readonly before: bigint | null
    readonly after: bigint | null
  }[]
}

export interface PriceDiff {
  readonly changes: readonly PriceChange[]
  readonly same: number
  /** Those of the changes that look like a slip of the decimal point. */
  readonly implausible: readonly string[]
}

/**
 * What differs at a moment between two catalogues, over every model that one of the lists names. Each is asked as a
 * request would ask it, so that what stands below an import counts.
 */
export const comparePrices = (
  before: Pick<Catalog, 'price'>,
  after: Pick<Catalog, 'price'>,
  lists: readonly PriceData[],
  at: number,
): PriceDiff => {
  const changes: PriceChange[] = []
  const implausible: string[] = []
  let same = 0
  for (const [provider, model] of namesIn(lists)) {
    const one = pricesOf(before.price(provider, model, at))
    const other = pricesOf(after.price(provider, model, at))
    const prices = [...new Set([...one.keys(), ...other.keys()])].flatMap((name) => {
      const change = { name, before: one.get(name) ?? null, after: other.get(name) ?? null }
      return change.before === change.after ? [] : [change]
    })
    if (prices.length === 0) {
      same++
      continue
    }
    const change = one.size === 0 ? 'added' : other.size === 0 ? 'removed' : 'changed'
    changes.push({ provider, model, change, prices })
    if (change === 'changed' && prices.some(isImplausible)) implausible.push(`${provider}/${model}`)
    if (change === 'added' && prices.some(({ after: price }) => (price ?? 0n) > dearest))
      implausible.push(`${provider}/${model}`)
  }
  return { changes, same, implausible }
}

/** So many times as much, or as little, is more likely a mistake than a price. */
const leap = 1000n

/** Ten thousand dollars per million tokens: sixteen times the dearest model that there was. */
const dearest = 10_000_000_000_000n

const isImplausible = ({ before, after }: PriceChange['prices'][number]): boolean => {
  if (before === null || after === null || before === 0n) return (after ?? 0n) > dearest
  return after >= before * leap || after * leap <= before
}

const namesIn = (lists: readonly PriceData[]): readonly (readonly [provider: string, model: string])[] => {
  const names = new Map<string, readonly [string, string]>()
  for (const { providers } of lists)
    for (const [provider, { models }] of Object.entries(providers))
      for (const model of Object.keys(models)) names.set(`${provider}\n${model}`, [provider, model])
  return [...names.values()].toSorted(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
}

/** Every amount of a card under a name for people. */
export const pricesOf = (card: PriceCard | undefined): ReadonlyMap<string, bigint> => {
  const prices = new Map<string, bigint>()
  if (card === undefined) return prices
  const note = (rates: Rates, suffix: string): void => {
    for (const [key, label] of labels) {
      const rate = rates[key]
      if (rate !== undefined) prices.set(label + suffix, rate)
    }
  }
  const noteAll = (rates: Rates, tiers: PriceCard['tiers'], suffix: string): void => {
    note(rates, suffix)
    for (const tier of tiers ?? []) note(tier, ` above ${tier.aboveInputTokens}${suffix}`)
  }
  noteAll(card, card.tiers, '')
  if (card.perRequest !== undefined) prices.set('per request', card.perRequest)
  if (card.perThousandSearches !== undefined) prices.set('per thousand searches', card.perThousandSearches)
  for (const [word, { factor, rates, tiers }] of Object.entries(card.classes ?? {})) {
    if (rates === undefined) prices.set(`${word} factor`, factor)
    else noteAll(rates, tiers, `, ${word}`)
  }
  for (const [region, factor] of Object.entries(card.regions ?? {})) prices.set(`${region} factor`, factor)
  return prices
}

const labels = [
  ['inputPerMtok', 'input'],
  ['outputPerMtok', 'output'],
  ['cacheReadPerMtok', 'cache read'],
  ['cacheWritePerMtok', 'cache write'],
  ['cacheWriteLongPerMtok', 'cache write long'],
  ['reasoningPerMtok', 'reasoning'],
  ['inputAudioPerMtok', 'audio input'],
  ['outputAudioPerMtok', 'audio output'],
  ['cacheReadAudioPerMtok', 'audio cache read'],
  ['inputImagePerMtok', 'image input'],
  ['outputImagePerMtok', 'image output'],
  ['cacheReadImagePerMtok', 'image cache read'],
] as const satisfies readonly (readonly [keyof Rates, string])[]
