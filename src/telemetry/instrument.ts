/** Counts up. `bigint` is for money: exact here, rounded only in the exposition, as Prometheus has one number type. */
export interface Counter {
  /** 1 unless said otherwise. What is negative or no number is ignored: a metric never ends an exchange. */
  add(amount?: number | bigint): void
}

/** Goes up and down. */
export interface Gauge {
  set(value: number): void
  add(amount: number): void
}

export interface Histogram {
  /** In the metric's unit, seconds for durations. What is no number is ignored. */
  observe(value: number): void
}

export const createCounter = (): Counter & { total(): number } => {
  let count = 0
  let exact = 0n
  return {
    add: (amount = 1) => {
      if (typeof amount === 'bigint') exact += amount > 0n ? amount : 0n
      else if (amount > 0) count += amount
    },
    total: () => count + Number(exact),
  }
}

export const createGauge = (): Gauge & { level(): number } => {
  let level = 0
  return {
    set: (value) => {
      level = value
    },
    add: (amount) => {
      level += amount
    },
    level: () => level,
  }
}

export interface HistogramSnapshot {
  /** For each upper bound the number of values up to it. */
  readonly cumulative: readonly (readonly [bound: number, count: number])[]
  readonly sum: number
  readonly count: number
}

/** `bounds` ascend. */
export const createHistogram = (bounds: readonly number[]): Histogram & { snapshot(): HistogramSnapshot } => {
  const counts = new Float64Array(bounds.length + 1)
  let sum = 0
  return {
    observe: (value) => {
      if (!Number.isFinite(value)) return
      let place = 0
      while (place < bounds.length && value > (bounds[place] ?? 0)) place += 1
      counts[place] = (counts[place] ?? 0) + 1
      sum += value
    },
    snapshot: () => {
      let count = 0
      const cumulative = bounds.map((bound, place) => {
        count += counts[place] ?? 0
        return [bound, count] as const
      })
      return { cumulative, sum, count: count + (counts[bounds.length] ?? 0) }
    },
  }
}
