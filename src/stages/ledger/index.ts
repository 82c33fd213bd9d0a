export { addBounds, type Bound, EntryDraft, type IssuedHandle } from './entry-draft.ts'
export { type LedgerParts, ledger, type Recorded } from './ledger.ts'
