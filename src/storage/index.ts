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
