import { type SqlBool, sql } from 'kysely'
import type { Database } from '../../storage/index.ts'
import type { UsageSource } from '../entry.ts'
import { toInteger } from '../entry-filter.ts'
import type { AuditCall } from './audit-call.ts'
import { type AuditReport, auditReport } from './audit-report.ts'
import { type AuditedQuery, isAudited } from './audited.ts'
import { readCanaryRuns } from './canary-store.ts'
import { readCountChecks } from './count-check-store.ts'

/** Runs in a storage Worker; every method is called across threads. */
export interface AuditStore {
  report(query: AuditQuery): Promise<AuditReport>
  /**
   * True for one caller only, whatever their number: what changed after all that was announced of this series. The
   * place of a change is an estimate and moves as calls come, so one before the last announcement is that change.
   */
  announce(change: AnnouncedChange): Promise<boolean>
  /** Forgets what was announced before `at`; how much that was. */
  purge(at: number): Promise<number>
}

/** Of exchanges that ended within the time. */
export interface AuditQuery extends AuditedQuery {
  /** Calls of a series before anything is said about it. */
  readonly minimum?: number
}

export interface AnnouncedChange {
  readonly provider: string
  readonly model: string
  readonly series: string
  readonly changedAt: number
  readonly announcedAt: number
}

const usualMinimum = 50
/** Most probability of any false finding in one report. */
const level = 0.01

/** @param mostCalls upstream calls that a report reads, and as many runs of canaries and counts */
export const createAuditStore = ({ kysely }: Database, mostCalls = 100_000): AuditStore => ({
  async report(query) {
    // Ordered by the end of the exchange, for which there is an index.
    const rows = await kysely
      .selectFrom('exchange_closed as closed')
      .innerJoin('exchange_attempts as attempt', 'attempt.exchange', 'closed.exchange')
      .select([
        'attempt.at',
        'attempt.number',
        'attempt.provider',
        'attempt.model_sent as model',
        'attempt.model_answered as answered',
        'attempt.protocol',
        'attempt.finish_reason as finishReason',
        'attempt.status',
        'attempt.error',
        'attempt.latency_ms as latency',
        'attempt.ttft_ms as ttft',
        'attempt.output_tokens as outputTokens',
        'attempt.usage_source as usageSource',
        'closed.opened_at as openedAt',
        'closed.attempts',
        'closed.outcome',
      ])
      .where(isAudited(query, columns))
      .where('closed.operation', '=', 'generate')
      // Canaries all ask the same: their answers say nothing about those of others.
      .where('closed.kind', 'not in', ['canary', 'cache'])
      .orderBy('closed.at', 'desc')
      .orderBy('closed.exchange', 'desc')
      .limit(mostCalls + 1)
      .execute()
    const runs = await readCanaryRuns({ kysely }, query, mostCalls + 1)
    const checks = await readCountChecks({ kysely }, query, mostCalls + 1)
    return auditReport(
      {
        calls: rows.slice(0, mostCalls).map(toCall),
        runs: runs.slice(0, mostCalls),
        checks: checks.slice(0, mostCalls),
      },
      { minimum: query.minimum ?? usualMinimum, level },
      Math.max(rows.length, runs.length, checks.length) <= mostCalls,
    )
  },
  async announce({ provider, model, series, changedAt, announcedAt }) {
    const rows = await kysely
      .insertInto('drift_announcements')
      .values({
        provider,
        model,
        series,
        changed_at: toInteger(changedAt),
        announced_at: toInteger(announcedAt),
      })
      .onConflict((conflict) =>
        conflict
          .columns(['provider', 'model', 'series'])
          .doUpdateSet({
            changed_at: sql`excluded.changed_at`,
            announced_at: sql`excluded.announced_at`,
          })
          .where(sql<SqlBool>`drift_announcements.announced_at < excluded.changed_at`),
      )
      .returning('series')
      .execute()
    return rows.length > 0
  },
  async purge(at) {
    const { numDeletedRows } = await kysely
      .deleteFrom('drift_announcements')
      .where('announced_at', '<', toInteger(at))
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  },
})

const columns = { at: 'closed.at', provider: 'attempt.provider', model: 'attempt.model_sent' } as const

interface Row {
  readonly at: bigint
  readonly number: bigint
  readonly provider: string
  readonly model: string
  readonly answered: string | null
  readonly protocol: string
  readonly finishReason: string | null
  readonly status: bigint | null
  readonly error: string | null
  readonly latency: bigint
  readonly ttft: bigint | null
  readonly outputTokens: bigint | null
  readonly usageSource: string | null
  readonly openedAt: bigint
  readonly attempts: bigint
  readonly outcome: string
}

const toCall = (row: Row): AuditCall => ({
  at: Number(row.at),
  provider: row.provider,
  model: row.model,
  answered: row.answered,
  protocol: row.protocol,
  finishReason: row.finishReason,
  status: row.status === null ? null : Number(row.status),
  error: row.error,
  isAborted:
    row.error === 'gateway_hedge_lost' || (row.outcome === 'client_aborted' && row.number === row.attempts),
  latencyMs: Number(row.latency),
  ttftMs: ttftOf(row),
  outputTokens: row.outputTokens === null ? null : Number(row.outputTokens),
  usageSource: sources.find((source) => source === row.usageSource) ?? null,
})

const sources: readonly UsageSource[] = ['reported', 'counted', 'estimated']

/** The ledger counts from the beginning of the exchange; what earlier calls took is not this one's. */
const ttftOf = ({ at, openedAt, ttft }: Row): number | null => {
  if (ttft === null) return null
  const own = Number(ttft - (at - openedAt))
  return own < 0 ? null : own
}
