export { type CatalogTable, type DatabaseCatalog, readCatalog } from './catalog.ts'
export { exportToFolder, importFromFolder } from './export-folder.ts'
export type { Manifest, TableSummary } from './manifest.ts'
export { copyDatabase, type ImportOptions } from './transfer.ts'
