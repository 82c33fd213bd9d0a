export type {
  Database,
  DatabaseKind,
  PostgresDatabase,
  PostgresSession,
  SqliteDatabase,
  SqliteSession,
} from './database.ts'
export { type DatabaseOptions, openDatabase } from './open-database.ts'
export {
  describeError,
  type RemoteStores,
  remoteStores,
  restoreError,
  type StorePort,
  serveStores,
} from './remote-stores.ts'
export type * from './schema.ts'
export { type StorageFailure, storageFailure } from './storage-failure.ts'
export {
  copyDatabase,
  exportToFolder,
  type ImportOptions,
  importFromFolder,
  type Manifest,
  readCatalog,
  type TableSummary,
} from './transfer/index.ts'
