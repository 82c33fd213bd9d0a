import type { Database } from '../storage/index.ts'
import { createLedgerReader, type LedgerReader } from './read-store.ts'
import { createLedgerWriter, type LedgerWriter, type LedgerWriterOptions } from './write-store.ts'

/** What a storage Worker does for the ledger. Two Workers serve it: reports run in one, writes in the other. */
export type LedgerStore = LedgerWriter & LedgerReader

export const createLedgerStore = (database: Database, options?: LedgerWriterOptions): LedgerStore => ({
  ...createLedgerWriter(database, options),
  ...createLedgerReader(database),
})
