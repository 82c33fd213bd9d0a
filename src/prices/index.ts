export {
  type AdminPrices,
  adminPrices,
  amountText,
  type ShownCard,
  type ShownPrice,
  type UpdateRequest,
} from './admin-prices.ts'
export { decodeCard } from './card-text.ts'
export { createPriceFetcher, type FetchPrices } from './fetch-prices.ts'
export {
  type CurrentImport,
  createPriceBook,
  type ImportReport,
  type ImportRequest,
  type PriceBook,
} from './price-book.ts'
export {
  createPriceStore,
  type PriceStore,
  type StoredVersion,
  type UnpricedModel,
  type UnpricedQuery,
  type VersionQuery,
} from './price-store.ts'
export { priceSourceSettings } from './settings.ts'
