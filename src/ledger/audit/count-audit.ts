import type { CountCheck, CountMethod, CountPair } from './count-check.ts'
import { frequencies } from './frequencies.ts'
import { quantile } from './quantile.ts'
import { numberSeries, type Series, type SeriesName } from './series-change.ts'

/** What one upstream reported of the calls that were counted here as well. */
export interface CountAudit {
  /** Of the latest call; null where none was counted. */
  readonly method: CountMethod | null
  /** The whole prompt, with what the provider read from or wrote to its cache. */
  readonly input: CountComparison
  /** What the answer shows, and neither hidden thoughts nor what is reported of them. */
  readonly output: CountComparison
}

export interface CountComparison {
  readonly calls: number
  readonly reportedTokens: number
  readonly countedTokens: number
  /** Reported beyond what was counted; negative where fewer were reported. */
  readonly beyondTokens: number
  /** Reported to counted tokens, of calls that are long enough to tell. */
  readonly ratio: RatioSpread
  /** Of these calls the ones of the highest ratios, to be looked up in the ledger. */
  readonly furthest: readonly (CountPair & Pick<CountCheck, 'exchange' | 'attempt'>)[]
}

/** Of so many values; percentiles. */
export interface RatioSpread {
  readonly count: number
  readonly p5: number | null
  readonly p50: number | null
  readonly p95: number | null
}

type Side = 'input' | 'output'

const mostFurthest = 3

/** Below, what stands around the words (frames of messages and calls) weighs more than they do, and is only guessed. */
const fewestTokens = 100

/**
 * A fair count moves with what is asked: another language, more tools, thoughts switched on. In OpenAI's own alphabets
 * only the frames are guessed, some tokens for each message and call. An estimate is off by up to 15 % for 95 of 100
 * longer texts, and clients that begin to ask about other things may move all of their calls that far. A shift of the
 * medians below these shares is therefore told as numbers, and never as an alarm, however sure it is.
 */
const leastShift: Readonly<Record<CountMethod, number>> = { counted: 0.1, estimated: 0.15 }

export const countAudit = (checks: readonly CountCheck[]): CountAudit => ({
  method: checks.at(-1)?.method ?? null,
  input: comparisonOf(checks, 'input'),
  output: comparisonOf(checks, 'output'),
})

/** The series of one upstream, given by its checks in the order of time. */
export const countSeries = (upstream: string, checks: readonly CountCheck[]): readonly Series[] => {
  const latest = checks.at(-1)
  // Protocols frame words otherwise, and what clients of another one ask is no change of the upstream.
  const [protocol] = frequencies(checks.map((check) => check.protocol)).keys()
  const alike = checks.filter((check) => check.protocol === protocol && check.edition === latest?.edition)
  const named = { upstream, leastShift: leastShift[latest?.method ?? 'estimated'] }
  const seriesOf = (name: SeriesName, side: Side): Series =>
    numberSeries({ name, ...named }, alike, (check) => ratioOf(check[side]))
  return [seriesOf('input_count', 'input'), seriesOf('output_count', 'output')]
}

const ratioOf = (pair: CountPair | null): number | null =>
  pair === null || pair.counted < fewestTokens ? null : pair.reported / pair.counted

const comparisonOf = (checks: readonly CountCheck[], side: Side): CountComparison => {
  const pairs = checks.flatMap((check) => check[side] ?? [])
  const total = (count: keyof CountPair): number => pairs.reduce((sum, pair) => sum + pair[count], 0)
  const [reportedTokens, countedTokens] = [total('reported'), total('counted')]
  const told = checks
    .flatMap(({ exchange, attempt, [side]: pair }) => {
      const ratio = ratioOf(pair)
      return pair === null || ratio === null ? [] : [{ ratio, named: { exchange, attempt, ...pair } }]
    })
    .toSorted((one, other) => one.ratio - other.ratio)
  const ratios = Float64Array.from(told, ({ ratio }) => ratio)
  return {
    calls: pairs.length,
    reportedTokens,
    countedTokens,
    beyondTokens: reportedTokens - countedTokens,
    ratio: {
      count: ratios.length,
      p5: quantile(ratios, 0.05),
      p50: quantile(ratios, 0.5),
      p95: quantile(ratios, 0.95),
    },
    furthest: told
      .slice(-mostFurthest)
      .reverse()
      .map(({ named }) => named),
  }
}
