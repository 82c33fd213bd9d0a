import { type Interval, shareInterval } from '../intervals.ts'
import type { CanaryResult, CanaryRun } from './canary-run.ts'
import type { SeriesAudit } from './drift.ts'
import type { Series } from './series-change.ts'

/** One prompt that is asked again and again, and how its answers were. */
export interface CanaryAudit {
  readonly canary: string
  readonly provider: string
  readonly model: string
  readonly runs: number
  readonly passed: number
  readonly failed: number
  /** Says nothing about the model: these are not in `share`. */
  readonly noAnswer: number
  /** Passed ones of those that were answered, and between which bounds the truth lies. */
  readonly share: Interval | null
  readonly from: number
  readonly to: number
  readonly last: { readonly result: CanaryResult; readonly error: string | null }
  /** Whether it began to fail, or to pass. */
  readonly series: SeriesAudit
}

/** The runs of each canary, in the order of time. */
export const canaryGroups = (runs: readonly CanaryRun[]): readonly (readonly CanaryRun[])[] =>
  [...Map.groupBy(runs, ({ canary }) => canary).values()]
    .map((group) => group.toSorted((one, other) => one.at - other.at))
    .toSorted(([one], [other]) => (nameOf(one) < nameOf(other) ? -1 : 1))

const nameOf = (run: CanaryRun | undefined): string =>
  JSON.stringify([run?.provider, run?.model, run?.canary])

/** 1 for each answer that is not the expected one. */
export const canarySeries = (runs: readonly CanaryRun[]): Series => {
  const answered = runs.filter(({ result }) => result !== 'no_answer')
  return {
    name: 'canary',
    upstream: nameOf(runs[0]),
    times: answered.map(({ at }) => at),
    values: answered.map(({ result }) => (result === 'failed' ? 1 : 0)),
    names: [],
  }
}

export const canaryAudit = (runs: readonly CanaryRun[], series: SeriesAudit): readonly CanaryAudit[] => {
  const [first, last] = [runs[0], runs.at(-1)]
  if (first === undefined || last === undefined) return []
  const count = (wanted: CanaryResult): number => runs.filter(({ result }) => result === wanted).length
  const [passed, failed] = [count('passed'), count('failed')]
  return [
    {
      canary: first.canary,
      provider: first.provider,
      model: first.model,
      runs: runs.length,
      passed,
      failed,
      noAnswer: count('no_answer'),
      share: shareInterval(passed, passed + failed),
      from: first.at,
      to: last.at,
      last: { result: last.result, error: last.error },
      series,
    },
  ]
}
