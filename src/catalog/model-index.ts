import { type ClassIndex, classesDate, classIndex, noClasses } from './class-index.ts'
import factData from './data/models.json'
import priceData from './data/prices.json'
import { decodeRow, rowAt } from './decode-row.ts'
import { compileRule } from './model-matcher.ts'
import type { PriceCard } from './price-card.ts'
import type { FactData, MatchRule, ModelData, ModelFacts, PriceData } from './price-data.ts'

const prices: PriceData = priceData
const facts: FactData = factData

export const catalogSource = {
  name: prices.source,
  version: prices.version,
  date: prices.date,
  licence: prices.licence,
  /** When our own additions were last compared with the vendors' pages. */
  factsDate: facts.date,
  /** The same of the service classes. */
  classesDate,
} as const

/** A model as the data knows it; `id` is its canonical id, not the one that was asked for. */
export interface IndexedModel {
  readonly id: string
  /** The source's name of the provider whose list it is from: for resold models not the one asked for. */
  readonly provider: string
  readonly data: ModelData
  /** The card that holds at a moment; undefined when no price is known. The same object for the same prices. */
  readonly cardAt: (at: number) => PriceCard | undefined
}

export interface ListedModel {
  /** An id that the provider takes: the canonical one is at times only the source's label. */
  readonly callId: string
  readonly model: IndexedModel
}

export interface ModelIndex {
  /** The model that a provider, by the source's name, means by an id in any letter case. */
  find(provider: string, id: string): IndexedModel | undefined
  /** Everything listed for a provider itself, without what it resells and what goes by no whole id. */
  list(provider: string): readonly ListedModel[]
  /** Limits of exactly this id, or of this id without the date or `-latest` at its end. */
  limits(provider: string, id: string): ModelFacts | undefined
}

/** Data that an index is made of. */
export interface IndexSource {
  readonly prices: PriceData
  readonly facts: FactData
  readonly classes: ClassIndex
  /** The first part of every version of `prices`. */
  readonly origin: string
}

const shipped = (): IndexSource => ({
  prices,
  facts,
  classes: classIndex(),
  origin: `genai-prices@${prices.version}`,
})

/** An index of prices alone, under their own version. */
export const indexPrices = (data: PriceData, origin: string): ModelIndex =>
  createModelIndex({ prices: data, facts: { date: data.date, providers: {} }, classes: noClasses, origin })

/** Opens the shipped data, or other data; a provider's list is compiled when it is first asked for. */
export const createModelIndex = (data: IndexSource = shipped()): ModelIndex => {
  const { prices, facts } = data
  const compiled = new Map<string, ProviderModels>()
  const open = (provider: string): ProviderModels => {
    const known = compiled.get(provider)
    if (known !== undefined) return known
    const fresh = compileProvider(provider, data)
    compiled.set(provider, fresh)
    return fresh
  }
  const findExact = (provider: string, id: string): IndexedModel | undefined => {
    const own = open(provider).match(id)
    if (own !== undefined) return own
    for (const resold of prices.providers[provider]?.fallback ?? []) {
      const model = open(resold).match(id)
      if (model !== undefined) return withoutClasses(model)
    }
    return undefined
  }
  return {
    find: (provider, id) => {
      const lower = id.trim().toLowerCase()
      const dated = withDashes(lower)
      return findExact(provider, lower) ?? (dated === lower ? undefined : findExact(provider, dated))
    },
    list: (provider) => {
      const { models, match } = open(provider)
      return models.flatMap((model) => {
        const callId = [model.id, ...wholeIds(model.data)].find((id) => match(id.toLowerCase()) === model)
        return callId === undefined ? [] : [{ callId, model }]
      })
    },
    limits: (provider, id) => {
      const known = facts.providers[provider] ?? {}
      const lower = id.trim().toLowerCase()
      return own(known, lower) ?? own(known, lower.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, ''))
    },
  }
}

interface ProviderModels {
  readonly models: readonly IndexedModel[]
  readonly match: (id: string) => IndexedModel | undefined
}

const compileProvider = (
  provider: string,
  { prices, facts, classes, origin }: IndexSource,
): ProviderModels => {
  const additions = Object.entries(facts.providers[provider] ?? {})
    .filter(([, data]) => data.prices !== undefined)
    .map(([id, data]) =>
      indexModel(
        { provider, id, data },
        `tollgate-models@${facts.date}`,
        `${data.source}, ${facts.date}`,
        classes,
      ),
    )
  const listed = Object.entries(prices.providers[provider]?.models ?? {}).map(([id, data]) =>
    indexModel({ provider, id, data }, origin, `${prices.source} ${prices.version}, ${prices.date}`, classes),
  )
  const models = [...additions, ...listed]
  return { models, match: compileMatch(models) }
}

/** The first model in order whose rule fits. Whole ids are looked up; only the other rules are tried one by one. */
const compileMatch = (models: readonly IndexedModel[]): ((id: string) => IndexedModel | undefined) => {
  const whole = new Map<string, number>()
  const rules: { readonly index: number; readonly fits: (id: string) => boolean }[] = []
  models.forEach(({ id, data }, index) => {
    const ids = data.match === undefined ? [id.toLowerCase()] : wholeIds(data)
    for (const known of ids) if (!whole.has(known)) whole.set(known, index)
    for (const rule of data.match ?? []) if (!isWholeId(rule)) rules.push({ index, fits: compileRule(rule) })
  })
  return (id) => {
    const exact = whole.get(id) ?? models.length
    const earlier = rules.find(({ index, fits }) => index < exact && fits(id))
    return models[earlier?.index ?? exact]
  }
}

const isWholeId = (rule: MatchRule): rule is `=${string}` => typeof rule === 'string' && rule.startsWith('=')

const wholeIds = (data: ModelData): readonly string[] =>
  (data.match ?? []).filter(isWholeId).map((rule) => rule.slice(1))

const indexModel = (
  { provider, id, data }: Pick<IndexedModel, 'provider' | 'id' | 'data'>,
  origin: string,
  source: string,
  classes: ClassIndex,
): IndexedModel => {
  const cards: PriceCard[] = []
  const beside = classes.of(provider, id)
  return {
    id,
    provider,
    data,
    cardAt: (at) => {
      const rows = data.prices ?? []
      const index = rowAt(rows, at)
      const row = rows[index]
      if (row === undefined) return undefined
      cards[index] ??= decodeRow(
        beside === undefined ? row : { ...row, ...beside.data },
        beside === undefined ? origin : `${origin}+${beside.version}`,
        source,
      )
      return cards[index]
    },
  }
}

/** Who resells a model sells its tokens at the maker's price; that its service classes cost the same, nobody says. */
const withoutClasses = (model: IndexedModel): IndexedModel => {
  const plain = new Map<PriceCard, PriceCard>()
  return {
    ...model,
    cardAt(at) {
      const card = model.cardAt(at)
      if (card === undefined) return undefined
      const { classes, regions, ...rest } = card
      if (classes === undefined && regions === undefined) return card
      const known = plain.get(card) ?? {
        ...rest,
        version: card.version.replace(/\+classes-\d{4}-\d{2}-\d{2}/, ''),
      }
      plain.set(card, known)
      return known
    },
  }
}

/** Writes `-20250929` as `-2025-09-29`, as genai-prices does when nothing fits; only real dates. */
const withDashes = (id: string): string =>
  id.replace(/-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, (text, year, month, day) =>
    new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
      ? `-${year}-${month}-${day}`
      : text,
  )

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined
