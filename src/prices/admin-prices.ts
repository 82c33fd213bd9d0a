import { type Catalog, type PriceCard, pricesOf, readBilledVersion } from '../catalog/index.ts'
import { GatewayError } from '../errors.ts'
import { formatUsd, type Service } from '../ir/index.ts'
import { decodeCard } from './card-text.ts'
import type { FetchPrices } from './fetch-prices.ts'
import type { ImportReport, PriceBook } from './price-book.ts'
import type { PriceStore, UnpricedModel } from './price-store.ts'

/** What the admin API says and does of prices. */
export interface AdminPrices {
  readonly list: (query: PriceListQuery) => PriceList
  /** The prices of a model at a moment, and every version that it was billed with. Throws `not_found`. */
  readonly show: (query: PriceQuery) => Promise<ShownModel>
  /** Models that were called and have no price. */
  readonly missing: (query: {
    readonly from?: number
    readonly organisation: string | null
  }) => Promise<readonly UnpricedModel[]>
  readonly update: (request: UpdateRequest) => Promise<ImportReport & { readonly source: string }>
  readonly clear: (actor: string) => Promise<void>
}

export interface PriceListQuery {
  readonly provider?: string
  /** A part of the model's name. */
  readonly text?: string
  readonly at?: number
  readonly organisation?: string
}

export interface PriceList {
  readonly catalogue: {
    readonly name: string
    readonly version: string
    readonly date: string
    readonly classesDate: string
  }
  readonly imported: {
    readonly version: string
    readonly source: string
    readonly actor: string
    readonly at: number
  } | null
  readonly prices: readonly ShownPrice[]
}

export interface PriceQuery {
  readonly model: string
  readonly provider?: string
  readonly at?: number
  /** As a row of the ledger names it. */
  readonly version?: string
  readonly organisation?: string
}

export interface ShownPrice {
  readonly provider: string
  readonly model: string
  readonly card: ShownCard
}

export interface ShownModel {
  readonly prices: readonly (ShownPrice & { readonly service: Service })[]
  /** What it was billed with, newest first. */
  readonly versions: readonly {
    readonly provider: string
    readonly version: string
    readonly firstAt: number
  }[]
}

/** Amounts are decimal strings: US dollars per million tokens or of what the name says; factors are multipliers. */
export interface ShownCard {
  readonly version: string
  readonly source: string
  readonly effectiveFrom: string | null
  readonly prices: Readonly<Record<string, string>>
  readonly margin: { readonly percent: string; readonly perRequestUsd: string } | null
  /** What is billed as well, and no usage report counts. */
  readonly unmetered: readonly string[]
}

export interface UpdateRequest {
  /** The file itself, or else where it is; neither: the setting `price_source`. */
  readonly text?: string
  readonly url?: string
  /** What to call a text. */
  readonly source?: string
  readonly apply: boolean
  readonly force: boolean
  readonly actor: string
}

export interface AdminPricesParts {
  readonly book: PriceBook
  readonly store: () => Promise<Pick<PriceStore, 'versions' | 'unpriced'>>
  readonly fetchPrices: FetchPrices
  /** The setting `price_source`. */
  readonly source: () => string | undefined
  readonly catalog: () => Catalog
  readonly providers: () => readonly string[]
  /** Models that the configuration prices by name. */
  readonly named: (provider: string) => readonly string[]
  readonly now: () => number
}

const monthMs = 30 * 86_400_000

export const adminPrices = (parts: AdminPricesParts): AdminPrices => ({
  list({ provider, text = '', at = parts.now(), organisation }) {
    const catalog = parts.catalog()
    const current = parts.book.current()
    const providers = provider === undefined ? parts.providers() : [provider]
    const importedBy = (id: string) => Object.keys(current?.data.providers[id]?.models ?? {})
    const prices = providers.flatMap((id) =>
      [
        ...new Set([
          ...catalog.models(id).map(({ id: model }) => model),
          ...importedBy(id),
          ...parts.named(id),
        ]),
      ]
        .toSorted()
        .filter((model) => model.toLowerCase().includes(text.toLowerCase()))
        .flatMap((model) => {
          const card = catalog.price(id, model, at, organisation)
          return card === undefined ? [] : [{ provider: id, model, card: showCard(card) }]
        }),
    )
    const { name, version, date, classesDate } = catalog.source
    return {
      catalogue: { name, version, date, classesDate },
      imported:
        current === undefined
          ? null
          : { version: current.version, source: current.source, actor: current.actor, at: current.at },
      prices,
    }
  },
  async show({ model, provider, at = parts.now(), version: billed, organisation }) {
    const store = await parts.store()
    const of = { model, ...(provider !== undefined && { provider }) }
    const versions = (await store.versions(of)).map(({ provider, version, firstAt }) => ({
      provider,
      version,
      firstAt,
    }))
    const { version, service } = billed === undefined ? { service: {} } : readBilledVersion(billed)
    const catalog = parts.catalog()
    const now = (provider === undefined ? parts.providers() : [provider]).flatMap((id) => {
      const card = catalog.price(id, model, at, organisation)
      return card === undefined ? [] : [{ provider: id, model, card: showCard(card), service }]
    })
    if (version === undefined) {
      if (now.length + versions.length === 0) throw unknown(`${model} has no known price`)
      return { prices: now, versions }
    }
    const stored = (await store.versions({ ...of, version })).map((row) => ({
      provider: row.provider,
      model,
      card: showCard(decodeCard(row.card)),
      service,
    }))
    const found = stored.length > 0 ? stored : now.filter(({ card }) => card.version === version)
    if (found.length === 0) throw unknown(`${model} was never billed with ${billed}`)
    return { prices: found, versions }
  },
  missing: async ({ from = parts.now() - monthMs, organisation }) =>
    (await parts.store()).unpriced({ from, organisation }),
  async update({ text, url = parts.source(), source, apply, force, actor }) {
    if (text === undefined && url === undefined)
      throw new GatewayError(
        'gateway_request_invalid',
        'say which prices: a file, an https address, or set `price_source` in the configuration',
      )
    const place = text === undefined ? (url ?? '') : (source ?? 'a file')
    const read = text ?? (await parts.fetchPrices(url ?? ''))
    const report = await parts.book.import({ text: read, source: place, actor, apply, force })
    return { ...report, source: place }
  },
  clear: (actor) => parts.book.clear(actor),
})

export const showCard = (card: PriceCard): ShownCard => ({
  version: card.version,
  source: card.source,
  effectiveFrom: card.effectiveFrom ?? null,
  prices: Object.fromEntries([...pricesOf(card)].map(([name, amount]) => [name, amountText(name, amount)])),
  margin:
    card.margin === undefined
      ? null
      : {
          percent: decimal(card.margin.factor - 100_000_000n, 6),
          perRequestUsd: formatUsd(card.margin.perRequest),
        },
  unmetered: card.unmetered ?? [],
})

/** US dollars, or for a factor a multiplier, as a decimal. */
export const amountText = (name: string, amount: bigint): string =>
  name.endsWith(' factor') ? decimal(amount, 6) : formatUsd(amount)

/** An integer with so many of its digits behind the point, without zeros at its end. */
const decimal = (amount: bigint, places: number): string => {
  const digits = String(amount < 0n ? -amount : amount).padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -places)}${fraction === '' ? '' : `.${fraction}`}`
}

const unknown = (message: string): GatewayError => new GatewayError('not_found', message)
