export type { AuditReport, UpstreamAudit } from './audit-report.ts'
export { type AnnouncedChange, type AuditQuery, type AuditStore, createAuditStore } from './audit-store.ts'
export type { SeriesAudit } from './drift.ts'
export type { SeriesChange, SeriesName } from './series-change.ts'
