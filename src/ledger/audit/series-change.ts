import { frequencies } from './frequencies.ts'

export const seriesNames = [
  'ttft',
  'tokens_per_second',
  'error_rate',
  'output_tokens',
  'input_count',
  'output_count',
  'answered_model',
  'finish_reason',
  'canary',
] as const

export type SeriesName = (typeof seriesNames)[number]

/** Values of one kind, in the order of time. */
export interface Series {
  readonly name: SeriesName
  readonly upstream: string
  readonly times: readonly number[]
  /** Of numbers and, as 0 and 1, of errors and failed canaries. */
  readonly values: readonly number[]
  readonly names: readonly string[]
  /** The share by which the medians of numbers must differ for a change to matter. Absent: any. */
  readonly leastShift?: number
}

export interface SeriesChange {
  /** When the first call after the change began. */
  readonly at: number
  readonly direction: 'up' | 'down' | 'mix'
  /** A faster or shorter answer is `different`: it may come from a smaller model. */
  readonly meaning: 'worse' | 'better' | 'different'
  /**
   * For numbers Cliff's delta, -1 to 1: how much more often a later value is the larger one than the smaller one. For
   * errors and canaries the difference of the shares that failed. For names the share of calls by which the mix differs.
   */
  readonly effect: number
  readonly before: SeriesSide
  readonly after: SeriesSide
}

export interface SeriesSide {
  readonly count: number
  /** Of numbers. */
  readonly median: number | null
  /** That failed: of errors and canaries. */
  readonly share: number | null
  /** Of names: calls by name, the most frequent ones. */
  readonly names: Readonly<Record<string, number>> | null
}

/** Numbers over time, of those that have one. @param of in the order of time */
export const numberSeries = <Item extends { readonly at: number }>(
  named: Pick<Series, 'name' | 'upstream' | 'leastShift'>,
  of: readonly Item[],
  numberOf: (item: Item) => number | null,
): Series => {
  const known = of.flatMap((item) => {
    const value = numberOf(item)
    return value === null ? [] : [{ at: item.at, value }]
  })
  return { ...named, times: known.map(({ at }) => at), values: known.map(({ value }) => value), names: [] }
}

/** What differs before and after the value at `at`. */
export const changeOf = (series: Series, at: number): SeriesChange => {
  const { name, times, values, names } = series
  const shared = { at: times[at] ?? 0 }
  if (isMix(name)) {
    const [before, after] = [names.slice(0, at), names.slice(at)].map(frequencies)
    return {
      ...shared,
      direction: 'mix',
      meaning: 'different',
      effect: mixDistance(before ?? new Map(), after ?? new Map()),
      before: sideOf(at, { names: topOf(before ?? new Map()) }),
      after: sideOf(names.length - at, { names: topOf(after ?? new Map()) }),
    }
  }
  const [before, after] = [values.slice(0, at), values.slice(at)]
  const isErrors = isFailures(name)
  const effect = isErrors ? mean(after) - mean(before) : cliffsDelta(before, after)
  const describe = (side: readonly number[]): SeriesSide =>
    sideOf(side.length, isErrors ? { share: mean(side) } : { median: medianOf(side) })
  const direction = effect > 0 ? 'up' : 'down'
  return {
    ...shared,
    direction,
    meaning: meaningOf(name, direction),
    effect,
    before: describe(before),
    after: describe(after),
  }
}

/** Is it told by names, and not by numbers? */
export const isMix = (name: SeriesName): boolean => name === 'answered_model' || name === 'finish_reason'

const isFailures = (name: SeriesName): boolean => name === 'error_rate' || name === 'canary'

const meaningOf = (name: SeriesName, direction: 'up' | 'down'): SeriesChange['meaning'] => {
  if (isFailures(name)) return direction === 'up' ? 'worse' : 'better'
  // A provider that begins to report more for the same words, or less.
  if (name === 'input_count' || name === 'output_count') return direction === 'up' ? 'worse' : 'better'
  if (name === 'ttft' && direction === 'up') return 'worse'
  return name === 'tokens_per_second' && direction === 'down' ? 'worse' : 'different'
}

const sideOf = (count: number, known: Partial<SeriesSide>): SeriesSide => ({
  count,
  median: null,
  share: null,
  names: null,
  ...known,
})

const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / Math.max(1, values.length)

const medianOf = (values: readonly number[]): number => {
  const sorted = Float64Array.from(values).sort()
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2
}

/** Counted in one walk over both sides in order; equal values count for neither. */
const cliffsDelta = (before: readonly number[], after: readonly number[]): number => {
  const [earlier, later] = [Float64Array.from(before).sort(), Float64Array.from(after).sort()]
  let below = 0
  let upTo = 0
  let balance = 0
  for (const value of later) {
    while (below < earlier.length && (earlier[below] ?? 0) < value) below++
    while (upTo < earlier.length && (earlier[upTo] ?? 0) <= value) upTo++
    balance += below - (earlier.length - upTo)
  }
  return balance / Math.max(1, earlier.length * later.length)
}

const shownNames = 5

const topOf = (counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> =>
  Object.fromEntries([...counts].slice(0, shownNames))

/** Total variation: the share of calls that would have to change their name. */
const mixDistance = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number => {
  const totals = [before, after].map((counts) => [...counts.values()].reduce((sum, count) => sum + count, 0))
  const share = (counts: ReadonlyMap<string, number>, index: number, name: string): number =>
    (counts.get(name) ?? 0) / Math.max(1, totals[index] ?? 0)
  const names = new Set([...before.keys(), ...after.keys()])
  return (
    [...names].reduce((sum, name) => sum + Math.abs(share(before, 0, name) - share(after, 1, name)), 0) / 2
  )
}
