export { billedVersion, readBilledVersion } from './billed-version.ts'
export { type BoundPart, type Bounds, boundOf } from './bound-of.ts'
export { type CacheMoney, cacheMoneyOf } from './cache-money.ts'
export {
  type Catalog,
  type CatalogOptions,
  createCatalog,
  type ImportedPrices,
  type ModelCard,
  type PriceOverride,
} from './catalog.ts'
export { type Bill, type BilledPart, type BilledUsage, billOf, costOf } from './cost-of.ts'
export { comparePrices, type PriceChange, type PriceDiff, pricesOf } from './imports/compare.ts'
export type { PriceFormat, ReadPrices } from './imports/imported.ts'
export { largestPrices, readPrices } from './imports/read-prices.ts'
export type { MarginRule } from './margins.ts'
export { type ModelFamily, modelFamilies } from './model-families.ts'
export { indexPrices } from './model-index.ts'
export type { ClassPrice, Margin, PriceCard, PriceTier, Rates } from './price-card.ts'
export type { PriceData } from './price-data.ts'
export { priceData } from './price-schema.ts'
export {
  type MarginsSettings,
  marginsSettings,
  type PricesSettings,
  pricesSettings,
  toMarginRules,
  toPriceOverrides,
} from './settings.ts'
