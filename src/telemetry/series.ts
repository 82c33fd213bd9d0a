/** Stands for every label value beyond the bound. */
export const otherLabel = 'other'

const maximumLabelLength = 128

/** Lets the first `limit` distinct values through; every later one becomes `other`. */
export const boundLabel = (limit: number): ((value: string) => string) => {
  const known = new Set<string>()
  return (value) => {
    if (known.has(value)) return value
    if (known.size >= limit || value.length > maximumLabelLength) return otherLabel
    known.add(value)
    return value
  }
}

/** One time series: its labels' values in the family's order, and what it counts. */
export interface Series<Value> {
  readonly labels: readonly string[]
  readonly value: Value
}

/** All series of one metric, by label values. */
export interface SeriesFamily<Value> {
  /** The series of these label values, made at the first call. The same object each time: keep it on a hot path. */
  find(...labels: readonly string[]): Value
  all(): readonly Series<Value>[]
}

export interface SeriesBounds {
  /** Distinct values of one label. Default 100. */
  readonly values?: number
  /** Series of the family. Default 2,000. */
  readonly series?: number
}

/** A tree by label values: walking it costs a quarter of looking up their joined text. */
interface Branch<Value> {
  readonly children: Map<string, Branch<Value>>
  found?: Value
}

/**
 * Metrics of a gateway take labels from configuration and from clients; without a bound a client could grow
 * them for ever. Beyond a bound everything is counted under `other`: sums stay right.
 */
export const createSeriesFamily = <Value>(
  labelCount: number,
  create: (labels: readonly string[]) => Value,
  bounds: SeriesBounds = {},
): SeriesFamily<Value> => {
  const maximumSeries = bounds.series ?? 2000
  const keep = Array.from({ length: labelCount }, () => boundLabel(bounds.values ?? 100))
  const series = new Map<string, Series<Value>>()
  const root: Branch<Value> = { children: new Map() }
  let branches = 0

  const bounded = (labels: readonly string[]): Value => {
    const kept = keep.map((bound, index) => bound(labels[index] ?? ''))
    const full = series.size >= maximumSeries && !series.has(kept.join('\u0000'))
    const used = full ? kept.map(() => otherLabel) : kept
    const id = used.join('\u0000')
    const known = series.get(id)
    if (known !== undefined) return known.value
    const value = create(used)
    series.set(id, { labels: used, value })
    return value
  }
  /** Remembers the way to a series, as long as there is room for the way. */
  const remember = (labels: readonly string[], value: Value): void => {
    let branch = root
    for (const label of labels) {
      let next = branch.children.get(label)
      if (next === undefined) {
        if (branches >= maximumSeries * labelCount) return
        next = { children: new Map() }
        branch.children.set(label, next)
        branches += 1
      }
      branch = next
    }
    branch.found = value
  }
  return {
    find: (...labels) => {
      let branch: Branch<Value> | undefined = root
      for (const label of labels) branch = branch?.children.get(label)
      if (branch?.found !== undefined) return branch.found
      const found = bounded(labels)
      remember(labels, found)
      return found
    },
    all: () => [...series.values()],
  }
}
