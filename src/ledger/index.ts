export {
  type AnnouncedChange,
  type AuditQuery,
  type AuditReport,
  type AuditStore,
  type CanaryAudit,
  type CanaryPrompt,
  type CanaryResult,
  type CanaryRun,
  type CanaryStore,
  type CanaryTurn,
  type CountAudit,
  type CountCheck,
  type CountCheckStore,
  type CountPair,
  canaryId,
  createAuditStore,
  createCanaryStore,
  createCountCheckStore,
  type SeriesAudit,
  type SeriesChange,
  type UpstreamAudit,
} from './audit/index.ts'
export type { HandleWriter } from './batch-store.ts'
export type { CacheBreakRow } from './cache-break-store.ts'
export type {
  AttemptRow,
  CacheNote,
  ClosedRow,
  Compression,
  Direction,
  EntryCacheBreak,
  ExchangeKind,
  OpenedRow,
  Outcome,
  SimilarNote,
  Tenant,
  UsageSource,
} from './entry.ts'
export { csvHeading, csvLine, entryColumns, jsonLine } from './entry-columns.ts'
export { type EntryFilters, type FilterName, filterColumns, isFilterName } from './entry-filter.ts'
export type { FirewallQuery, FirewallRow } from './firewall-store.ts'
export type { Interval } from './intervals.ts'
export { createLedger, type Ledger, type LedgerOptions, type LedgerStatus } from './ledger.ts'
export { createLedgerStore, type LedgerStore } from './ledger-store.ts'
export {
  type EntriesPage,
  type EntriesQuery,
  type Entry,
  type ExchangeRecord,
  exportEntries,
  type LedgerReader,
} from './read-store.ts'
export { createRollupStore, type RollupStore } from './rollup-store.ts'
export { advanceRollups } from './rollups.ts'
export type {
  ShadowCopy,
  ShadowDrops,
  ShadowEnd,
  ShadowMeasures,
  ShadowPrimary,
} from './shadow-copy.ts'
export type { ShadowCost, ShadowPair, ShadowQuery, ShadowReport, Share } from './shadow-report.ts'
export { createShadowStore, hourOf, type ShadowStore } from './shadow-store.ts'
export { isTimeZone } from './time-zone.ts'
export type { UpstreamUsageQuery, UpstreamUsageRow } from './upstream-usage-store.ts'
export { type UsageDimension, usageDimensions } from './usage-dimensions.ts'
export type { UsageQuery, UsageReport, UsageRow, UsageSums } from './usage-store.ts'
export type { AdoptReport, Heartbeat, LedgerWriter, LedgerWriterOptions } from './write-store.ts'
