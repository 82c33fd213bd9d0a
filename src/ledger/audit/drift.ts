import { type AuditCall, resultOf, speedOf } from './audit-call.ts'
import { type ChangePoint, fewestValues, mixChange, numberChange } from './change-point.ts'
import { frequencies } from './frequencies.ts'
import { holm } from './holm.ts'
import { createRandomSource } from './random-source.ts'
import {
  changeOf,
  isMix,
  numberSeries,
  type Series,
  type SeriesChange,
  type SeriesName,
} from './series-change.ts'

/** One property of an upstream's calls over time. */
export interface SeriesAudit {
  readonly series: SeriesName
  /** Values that were looked at. */
  readonly count: number
  /** `better` is a change that nobody needs to be woken for; `too few` says nothing. */
  readonly verdict: 'steady' | 'drift' | 'better' | 'too few'
  /** How likely chance alone finds as much in any series of this report. Null where nothing was tested. */
  readonly pValue: number | null
  /** Where the values differ most before and after; only of what is no chance and large enough to matter. */
  readonly change: SeriesChange | null
}

export interface DriftLimits {
  /** Fewer values say nothing. */
  readonly minimum: number
  /** Most probability of any false finding in one report. */
  readonly level: number
}

/** Smaller changes are real with enough calls, and matter to nobody. */
const leastEffect: Readonly<Record<SeriesName, number>> = {
  // Below it Cliff's delta counts as negligible (J. Romano et al., 2006).
  ttft: 0.147,
  tokens_per_second: 0.147,
  output_tokens: 0.147,
  input_count: 0.147,
  output_count: 0.147,
  error_rate: 0.02,
  answered_model: 0.05,
  finish_reason: 0.1,
  canary: 0.1,
}

/** Enough for a finding among the series of as many upstreams and canaries as a report describes. */
const mostPermutations = 100_000

/** For each series of each group what changed. All that is tested at once shares one level. */
export const findDrift = (
  all: readonly (readonly Series[])[],
  { minimum, level }: DriftLimits,
): readonly (readonly SeriesAudit[])[] => {
  const fewest = Math.max(minimum, fewestValues)
  const tested = all.flat().filter(({ times }) => times.length >= fewest)
  // The least p-value must stay below the level once it is multiplied by the number of tests.
  const permutations = Math.min(mostPermutations, Math.ceil((2 * tested.length) / level))
  const points = tested.map((one) => pointOf(one, permutations))
  const pValues = holm(points.map(({ pValue }) => pValue))
  const found = new Map(
    tested.map((one, index) => [one, { point: points[index], pValue: pValues[index] }] as const),
  )
  return all.map((group) =>
    group.map((one): SeriesAudit => {
      const { point, pValue = null } = found.get(one) ?? {}
      const { name: series, times } = one
      const nothing = { series, count: times.length, pValue, change: null }
      if (point === undefined || pValue === null) return { ...nothing, verdict: 'too few' }
      if (pValue > level) return { ...nothing, verdict: 'steady' }
      const change = changeOf(one, point.at)
      if (!matters(one, change)) return { ...nothing, verdict: 'steady' }
      return { ...nothing, verdict: change.meaning === 'better' ? 'better' : 'drift', change }
    }),
  )
}

/** The series of one upstream, given by its calls in the order of time. */
export const seriesOf = (calls: readonly AuditCall[]): readonly Series[] => {
  const upstream = `${calls[0]?.provider}/${calls[0]?.model}`
  const successes = calls.filter((call) => resultOf(call) === 'success')
  const judged = calls.filter((call) => ['success', 'failed'].includes(resultOf(call)))
  const numbers = (
    name: SeriesName,
    of: readonly AuditCall[],
    numberOf: (call: AuditCall) => number | null,
  ): Series => numberSeries({ name, upstream }, of, numberOf)
  const names = (
    name: SeriesName,
    of: readonly AuditCall[],
    nameOf: (call: AuditCall) => string | null,
  ): Series => {
    const known = of.flatMap((call) => {
      const named = nameOf(call)
      return named === null ? [] : [{ at: call.at, named }]
    })
    return {
      name,
      upstream,
      times: known.map(({ at }) => at),
      values: [],
      names: known.map(({ named }) => named),
    }
  }
  // Each protocol has its own words: what clients of another one ask is no change of the upstream.
  const [protocol] = frequencies(successes.map((call) => call.protocol)).keys()
  const ended = successes.filter((call) => call.protocol === protocol)
  return [
    numbers('ttft', successes, ({ ttftMs }) => ttftMs),
    numbers('tokens_per_second', successes, speedOf),
    numbers('error_rate', judged, (call) => (resultOf(call) === 'failed' ? 1 : 0)),
    numbers('output_tokens', successes, ({ outputTokens }) => outputTokens),
    names('answered_model', successes, ({ answered }) => answered),
    names('finish_reason', ended, ({ finishReason }) => finishReason),
  ]
}

const matters = ({ name, leastShift = 0 }: Series, { effect, before, after }: SeriesChange): boolean => {
  if (Math.abs(effect) < leastEffect[name]) return false
  const shift = (after.median ?? 0) / (before.median ?? 1)
  // As far down as up: to half is as much as to twice.
  return leastShift === 0 || Math.max(shift, 1 / shift) >= 1 + leastShift
}

const pointOf = (series: Series, permutations: number): ChangePoint => {
  const { name, upstream, values, names } = series
  // The same calls give the same report.
  const options = { random: createRandomSource(`${upstream} ${name}`), permutations }
  const point = isMix(name) ? mixChange(names, options) : numberChange(values, options)
  return point ?? { at: 0, pValue: 1 }
}
