import { type Interval, shareInterval } from '../intervals.ts'
import { matchNames, type NameMatch } from './answered-model.ts'
import { type AuditCall, outcomeOf, resultOf, speedOf } from './audit-call.ts'
import { type CanaryAudit, canaryAudit, canaryGroups, canarySeries } from './canary-audit.ts'
import type { CanaryRun } from './canary-run.ts'
import { type CountAudit, countAudit, countSeries } from './count-audit.ts'
import type { CountCheck } from './count-check.ts'
import { type DriftLimits, findDrift, type SeriesAudit, seriesOf } from './drift.ts'
import { frequencies } from './frequencies.ts'
import { quantile } from './quantile.ts'

/** What upstreams did in a period, and which of them changed within it. */
export interface AuditReport {
  readonly upstreams: readonly UpstreamAudit[]
  readonly canaries: readonly CanaryAudit[]
  /** The probability with which chance alone makes any of the findings of one report. */
  readonly level: number
  /** False: there are more calls than a report reads; these are the newest. */
  readonly isComplete: boolean
}

/** Calls of one provider and model. Canaries and what is not generated are left out. */
export interface UpstreamAudit {
  readonly provider: string
  readonly model: string
  readonly calls: number
  readonly from: number
  readonly to: number
  /** Calls by how they ended; the rarest ones together as `other`. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Successful calls by how the answer ended, in the words of the provider's protocols. */
  readonly finishReasons: Readonly<Record<string, number>>
  /** Of those that succeeded or failed for a reason of the upstream's. */
  readonly errorRate: { readonly hits: number; readonly of: number; readonly share: Interval | null }
  readonly ttftMs: Spread
  readonly tokensPerSecond: Spread
  readonly outputTokens: Spread
  readonly tokenCounts: TokenCounts
  readonly answered: AnsweredModels
  readonly series: readonly SeriesAudit[]
}

/** Of so many known values. */
export interface Spread {
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
}

/**
 * Successful calls by where their counts came from. The ledger keeps one count for a call, the provider's where there
 * is one; of some of these calls the tokens were counted here as well.
 */
export interface TokenCounts {
  readonly reported: number
  readonly counted: number
  readonly estimated: number
  readonly unknown: number
  readonly checked: CountAudit
}

export interface AnsweredModels {
  /** Successful calls whose answer names a model. */
  readonly named: number
  /** Those answered by a model of another name. */
  readonly mismatches: number
  readonly mismatchShare: number | null
  /** The most frequent first. */
  readonly names: readonly { readonly name: string; readonly count: number; readonly match: NameMatch }[]
}

/** Upstreams that are described, the most called first. */
const mostUpstreams = 100
const mostOutcomes = 10
const mostNames = 20
const mostCanaries = 100

/** What a report is about, in any order. */
export interface Audited {
  readonly calls: readonly AuditCall[]
  readonly runs: readonly CanaryRun[]
  /** Those of an upstream without calls are left out. */
  readonly checks: readonly CountCheck[]
}

export const auditReport = (
  { calls, runs, checks }: Audited,
  limits: DriftLimits,
  isComplete: boolean,
): AuditReport => {
  const groups = Map.groupBy(calls, upstreamName)
  const checked = Map.groupBy(checks, upstreamName)
  const inOrder = [...groups]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .slice(0, mostUpstreams)
    .map(
      ([name, group]): Upstream => ({
        calls: group.toSorted(byTime),
        checks: (checked.get(name) ?? []).toSorted(byTime),
      }),
    )
  const canaries = canaryGroups(runs)
  const shown = canaries.slice(0, mostCanaries)
  const series = findDrift(
    [
      ...inOrder.map((upstream) => [
        ...seriesOf(upstream.calls),
        ...countSeries(upstreamName(upstream.calls[0]), upstream.checks),
      ]),
      ...shown.map((group) => [canarySeries(group)]),
    ],
    limits,
  )
  return {
    upstreams: inOrder.flatMap((upstream, index) => upstreamOf(upstream, series[index] ?? [])),
    canaries: shown.flatMap((group, index) =>
      (series[inOrder.length + index] ?? []).flatMap((one) => canaryAudit(group, one)),
    ),
    level: limits.level,
    isComplete: isComplete && groups.size <= mostUpstreams && canaries.length <= mostCanaries,
  }
}

/** In the order of time. */
interface Upstream {
  readonly calls: readonly AuditCall[]
  readonly checks: readonly CountCheck[]
}

const upstreamName = (of: Pick<AuditCall, 'provider' | 'model'> | undefined): string =>
  JSON.stringify([of?.provider, of?.model])

const byTime = (one: { readonly at: number }, other: { readonly at: number }): number => one.at - other.at

const upstreamOf = (
  { calls, checks }: Upstream,
  series: readonly SeriesAudit[],
): readonly UpstreamAudit[] => {
  const [first, last] = [calls[0], calls.at(-1)]
  if (first === undefined || last === undefined) return []
  const results = calls.map(resultOf)
  const failed = results.filter((result) => result === 'failed').length
  const successes = calls.filter((_, index) => results[index] === 'success')
  const judged = failed + successes.length
  return [
    {
      provider: first.provider,
      model: first.model,
      calls: calls.length,
      from: first.at,
      to: last.at,
      outcomes: counted(calls.map(outcomeOf), mostOutcomes),
      finishReasons: counted(
        successes.flatMap(({ finishReason }) => finishReason ?? []),
        mostOutcomes,
      ),
      errorRate: { hits: failed, of: judged, share: shareInterval(failed, judged) },
      ttftMs: spreadOf(successes.flatMap(({ ttftMs }) => ttftMs ?? [])),
      tokensPerSecond: spreadOf(successes.flatMap((call) => speedOf(call) ?? [])),
      outputTokens: spreadOf(successes.flatMap(({ outputTokens }) => outputTokens ?? [])),
      tokenCounts: { ...sourcesOf(successes), checked: countAudit(checks) },
      answered: answeredOf(first.model, successes),
      series,
    },
  ]
}

const spreadOf = (values: readonly number[]): Spread => {
  const sorted = Float64Array.from(values).sort()
  return { count: sorted.length, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) }
}

const counted = (names: readonly string[], most: number): Readonly<Record<string, number>> => {
  const sorted = [...frequencies(names)]
  const rest = sorted.slice(most).reduce((total, [, count]) => total + count, 0)
  return Object.fromEntries([...sorted.slice(0, most), ...(rest === 0 ? [] : [['other', rest] as const])])
}

const sourcesOf = (calls: readonly AuditCall[]): Omit<TokenCounts, 'checked'> => {
  const from = (source: AuditCall['usageSource']): number =>
    calls.filter(({ usageSource }) => usageSource === source).length
  return {
    reported: from('reported'),
    counted: from('counted'),
    estimated: from('estimated'),
    unknown: from(null),
  }
}

const answeredOf = (asked: string, calls: readonly AuditCall[]): AnsweredModels => {
  const names = calls.flatMap(({ answered }) => answered ?? [])
  const found = [...frequencies(names)].map(([name, count]) => ({
    name,
    count,
    match: matchNames(asked, name),
  }))
  const mismatches = found.reduce((total, { match, count }) => total + (match === 'other' ? count : 0), 0)
  return {
    named: names.length,
    mismatches,
    mismatchShare: names.length === 0 ? null : mismatches / names.length,
    names: found.slice(0, mostNames),
  }
}
