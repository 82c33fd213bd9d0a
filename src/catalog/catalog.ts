import { createHash } from 'node:crypto'
import { type Capabilities, type ProtocolId, protocolIds, type ServerTool } from '../ir/index.ts'
import { createCapabilityIndex } from './capability-index.ts'
import { createMargins, type MarginRule } from './margins.ts'
import { catalogSource, createModelIndex, type IndexedModel, type ModelIndex } from './model-index.ts'
import { compileGlob } from './model-matcher.ts'
import type { PriceCard } from './price-card.ts'
import { sourceProvider } from './source-provider.ts'

/** Prices that the operator gives; they win over the data. The first whose model and provider fit counts. */
export interface PriceOverride {
  /** Model id; `*` stands for any text, letter case does not count. */
  readonly match: string
  /** Id of one provider instance; absent: every provider but `loopback`. */
  readonly provider?: string
  readonly prices: Omit<PriceCard, 'version' | 'source' | 'effectiveFrom'>
}

export interface ModelCard {
  readonly provider: string
  readonly id: string
  readonly name?: string
  /** Tokens of prompt and answer together. */
  readonly contextWindow?: number
  /** Tokens of the prompt alone, where the vendor limits them apart. */
  readonly maxInputTokens?: number
  readonly maxOutputTokens?: number
  readonly deprecated?: boolean
}

export interface Catalog {
  /**
   * The prices of a model at a provider at a moment (milliseconds since 1970), or undefined when they are not
   * known, which never means free. `provider` is the id of a provider instance, `model` the id sent to it.
   * For an organisation the card has the margin that it pays.
   */
  price(provider: string, model: string, at: number, organisation?: string): PriceCard | undefined
  /** What is known of a model; `id` is the one asked for. */
  model(provider: string, model: string): ModelCard | undefined
  /**
   * What a model takes when it is spoken to in a protocol; for a model that nobody knows, what is safe. `provider` is
   * the id of a provider instance or its kind: facts are listed under kinds, so prefer that.
   */
  capabilities(provider: string, protocol: ProtocolId, model: string): Capabilities
  /**
   * The tools that a provider is known to run for a model; undefined where nobody has written it down, and it may run
   * any. `capabilities` has none then, which is what is safe to offer and not what is safe to assume.
   */
  knownServerTools(provider: string, protocol: ProtocolId, model: string): readonly ServerTool[] | undefined
  /** The models that the data lists for a provider, under ids that the provider takes. */
  models(provider: string): readonly ModelCard[]
  /** Where the data comes from, of which version and day, under which licence. */
  readonly source: typeof catalogSource
}

/** Prices that somebody imported: above the shipped ones, below those of the configuration. By provider instance. */
export type ImportedPrices = Pick<ModelIndex, 'find'>

export interface CatalogOptions {
  readonly overrides: readonly PriceOverride[]
  readonly margins?: readonly MarginRule[]
  /** The imported prices of this moment; another object after another import. */
  readonly imported?: () => ImportedPrices | undefined
}

/** Looks prices and limits up in the shipped data, below the operator's own prices. Remembers recent look-ups. */
export const createCatalog = (options: CatalogOptions): Catalog => {
  const index = createModelIndex()
  const margins = createMargins(options.margins ?? [])
  const imported = options.imported ?? (() => undefined)
  const families = createCapabilityIndex()
  const overrides = options.overrides.map(compileOverride)
  const override = (provider: string, model: string): PriceCard | undefined =>
    overrides.find((candidate) => candidate.fits(provider, model))?.card
  const lookUp = remember((provider, model): Found => {
    const given = override(provider, model)
    if (given !== undefined || provider === 'loopback') return { card: given ?? freeCard }
    const newer = imported()?.find(provider, model)
    if (newer?.data.prices !== undefined) return { model: newer }
    const source = sourceProvider(provider)
    return { model: source === undefined ? undefined : index.find(source, model) }
  }, imported)
  const modelCard = (
    provider: string,
    id: string,
    model: IndexedModel | undefined,
  ): ModelCard | undefined => {
    const source = model?.provider ?? sourceProvider(provider)
    const limits = source === undefined ? undefined : index.limits(source, id)
    if (model === undefined && limits === undefined) return undefined
    const { name, contextWindow, deprecated } = { ...model?.data, ...limits }
    return {
      provider,
      id,
      ...(name !== undefined && { name }),
      ...(contextWindow !== undefined && { contextWindow }),
      ...(limits?.maxInputTokens !== undefined && { maxInputTokens: limits.maxInputTokens }),
      ...(limits?.maxOutputTokens !== undefined && { maxOutputTokens: limits.maxOutputTokens }),
      ...(deprecated !== undefined && { deprecated }),
    }
  }
  const modelOf = remember((provider, model): ModelCard | undefined => {
    const source = sourceProvider(provider)
    return source === undefined ? undefined : modelCard(provider, model, index.find(source, model))
  })
  const capabilitiesIn = (protocol: ProtocolId) =>
    remember((provider, model): Capabilities => {
      const { capabilities, vendor } = families.find(provider, protocol, model)
      const limits = { ...(vendor && modelOf(vendor.provider, vendor.model)), ...modelOf(provider, model) }
      return {
        ...capabilities,
        ...(limits.maxOutputTokens !== undefined && { maxOutputTokens: limits.maxOutputTokens }),
        ...(limits.contextWindow !== undefined && { contextWindow: limits.contextWindow }),
      }
    })
  const capabilitiesOf = new Map(protocolIds.map((protocol) => [protocol, capabilitiesIn(protocol)]))
  return {
    price: (provider, model, at, organisation) => {
      const found = lookUp(provider, model)
      const card = found.card ?? found.model?.cardAt(at)
      return card === undefined || organisation === undefined
        ? card
        : margins.apply(card, provider, model, organisation)
    },
    model: modelOf,
    capabilities: (provider, protocol, model) =>
      (capabilitiesOf.get(protocol) ?? capabilitiesIn(protocol))(provider, model),
    knownServerTools: (provider, protocol, model) =>
      families.find(provider, protocol, model).statedServerTools,
    models: (provider) => {
      const source = sourceProvider(provider)
      const listed = source === undefined ? [] : index.list(source)
      return listed.flatMap(({ callId, model }) => modelCard(provider, callId, model) ?? [])
    },
    source: catalogSource,
  }
}

interface Found {
  readonly card?: PriceCard | undefined
  readonly model?: IndexedModel | undefined
}

/** Nothing leaves the machine, so nothing is billed: a known price of 0. */
const freeCard: PriceCard = {
  version: 'free',
  source: 'loopback answers by itself',
  inputPerMtok: 0n,
  outputPerMtok: 0n,
  perThousandSearches: 0n,
}

const compileOverride = (override: PriceOverride) => {
  const fitsModel = compileGlob(override.match)
  const text = JSON.stringify(override, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  const version = `override:${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
  const card: PriceCard = { ...override.prices, version, source: 'configuration' }
  return {
    card,
    fits: (provider: string, model: string): boolean =>
      (override.provider === undefined ? provider !== 'loopback' : override.provider === provider) &&
      fitsModel(model.trim().toLowerCase()),
  }
}

/** Model ids come from clients: their number and length must not fill the memory. */
const remembered = 4096
const longestId = 256

/**
 * Keeps the last few thousand results, the oldest leaving first; an id too long for a model gets looked up anew.
 * Another `epoch` forgets them all.
 */
const remember = <T>(
  find: (provider: string, model: string) => T,
  epoch: () => unknown = () => undefined,
): ((provider: string, model: string) => T) => {
  const results = new Map<string, { readonly result: T }>()
  let last: unknown
  return (provider, model) => {
    const now = epoch()
    if (now !== last) {
      last = now
      results.clear()
    }
    if (model.length > longestId) return find(provider, model)
    const key = `${provider}\n${model}`
    const known = results.get(key)
    if (known !== undefined) return known.result
    const result = find(provider, model)
    if (results.size >= remembered) for (const oldest of results.keys()) if (results.delete(oldest)) break
    results.set(key, { result })
    return result
  }
}
