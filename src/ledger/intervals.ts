/** An estimate, and between which bounds the truth lies in 19 of 20 cases. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** The normal distribution holds 95 % within so many standard deviations. */
const z = 1.959963984540054

/**
 * A share of `total` cases, by Wilson's score interval, which holds for few cases and for shares near 0 and 1.
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
 */
export const shareInterval = (hits: number, total: number): Interval | null => {
  if (total === 0) return null
  const share = hits / total
  const scale = 1 + (z * z) / total
  const centre = (share + (z * z) / (2 * total)) / scale
  const margin = (z / scale) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total))
  // The ends are exact where all cases agree; rounding must not leave the estimate outside.
  return {
    value: share,
    low: hits === 0 ? 0 : Math.max(0, centre - margin),
    high: hits === total ? 1 : Math.min(1, centre + margin),
  }
}

/** The mean, by Student's t. Null for fewer than two values, which say nothing about their spread. */
export const meanInterval = (values: readonly number[]): Interval | null => {
  const count = values.length
  if (count < 2) return null
  const mean = values.reduce((total, value) => total + value, 0) / count
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0)
  const margin = studentBound(count - 1) * Math.sqrt(squares / (count - 1) / count)
  return { value: mean, low: mean - margin, high: mean + margin }
}

/** The median, by order statistics, whatever the distribution. Null for fewer than six values: no two bound it. */
export const medianInterval = (values: readonly number[]): Interval | null => {
  const sorted = values.toSorted((one, other) => one - other)
  const count = sorted.length
  if (count < 6) return null
  const reach = (z * Math.sqrt(count)) / 2
  const low = sorted[Math.max(0, Math.floor(count / 2 - reach) - 1)] ?? 0
  const high = sorted[Math.min(count - 1, Math.ceil(count / 2 + reach))] ?? 0
  return { value: medianOf(sorted), low, high }
}

export const median = (values: readonly number[]): number | null =>
  values.length === 0 ? null : medianOf(values.toSorted((one, other) => one - other))

const medianOf = (sorted: readonly number[]): number => {
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

/**
 * The two-sided 95 % bound of Student's t: exact for one and two degrees of freedom, else Fisher's expansion, which is
 * 0.2 % off for three and better for more. Source: Abramowitz and Stegun, 26.7.5.
 */
export const studentBound = (freedom: number): number => {
  if (freedom === 1) return 12.706204736
  if (freedom === 2) return 4.30265273
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92_160 * freedom ** 4)
  )
}
