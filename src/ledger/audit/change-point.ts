/**
 * Finds where a sequence begins to be distributed otherwise, and how likely chance alone would find as much.
 *
 * The statistic is the largest one of the two-sample statistic over all splits: for numbers Wilcoxon's rank sum
 * (A. N. Pettitt, "A non-parametric approach to the change-point problem", Applied Statistics 28, 1979), so outliers
 * and the shape of the distribution do not matter; for names Pearson's chi-square of the mix. Its p-value comes from
 * random permutations, so it holds for few values and with ties. Blocks of neighbours are permuted, not single values:
 * calls that follow each other resemble each other, and would else look like a change (C. Kirch, "Block permutation
 * principles for the change analysis of dependent data", J. Statist. Plann. Inference 137, 2007). For independent
 * values the level is exact all the same. Drawing stops early where chance does as well again and again (J. Besag and
 * P. Clifford, "Sequential Monte Carlo p-values", Biometrika 78, 1991), which keeps the level and most of the time.
 */
import type { RandomSource } from './random-source.ts'

export interface ChangePoint {
  /** Index of the first value after the change. */
  readonly at: number
  readonly pValue: number
}

export interface ScanOptions {
  readonly random: RandomSource
  /** Drawn where chance hardly does as well; the least p-value is one in so many. */
  readonly permutations: number
}

/** Where numbers rise or fall. Null for fewer than `fewestValues`. */
export const numberChange = (values: readonly number[], options: ScanOptions): ChangePoint | null => {
  const kept = wholeBlocks(values)
  return kept && scan(kept, [{ scores: centredRanks(kept.values), weight: 1 }], options)
}

/** Where the mix of names changes. Rare names count as one. */
export const mixChange = (names: readonly string[], options: ScanOptions): ChangePoint | null => {
  const kept = wholeBlocks(names)
  return kept && scan(kept, categoriesOf(kept.values), options)
}

export const fewestValues = 20

/** The fewest values, and the smallest share of them, on either side of a change. */
const fewestAside = 8
const leastAside = 0.05
/** More blocks would take longer and find no more. */
const mostBlocks = 400
/** Fewer can be ordered in too few ways: chance would do as well as the clearest change too often to find it. */
const fewestBlocks = 24
/** Names that are told apart. */
const mostNames = 8
/** So often chance must do as well before drawing stops. */
const enough = 20

interface Kept<T> {
  readonly values: readonly T[]
  /** Values left out at the start, so that all blocks are of one length: else permuting them would be no fair draw. */
  readonly skipped: number
  readonly length: number
  readonly blocks: number
}

const wholeBlocks = <T>(values: readonly T[]): Kept<T> | null => {
  const count = values.length
  if (count < fewestValues) return null
  const length = Math.max(
    1,
    Math.min(Math.round(Math.cbrt(count)), Math.floor(count / fewestBlocks)),
    Math.ceil(count / mostBlocks),
  )
  const blocks = Math.floor(count / length)
  const skipped = count - blocks * length
  return { values: values.slice(skipped), skipped, length, blocks }
}

/** Whole numbers that add up to 0, one for each value: sums of them are exact, and so are ties between permutations. */
interface Dimension {
  readonly scores: Float64Array
  readonly weight: number
}

/** Twice the rank less its mean; equal values share a rank. */
const centredRanks = (values: readonly number[]): Float64Array => {
  const count = values.length
  const order = Uint32Array.from(values, (_, index) => index).sort((one, other) =>
    compare(values[one] ?? 0, values[other] ?? 0),
  )
  const scores = new Float64Array(count)
  for (let first = 0; first < count; ) {
    const value = values[order[first] ?? 0]
    let end = first + 1
    while (end < count && values[order[end] ?? 0] === value) end++
    // Ranks first + 1 … end have the mean (first + 1 + end) / 2.
    for (let place = first; place < end; place++) scores[order[place] ?? 0] = first + end - count
    first = end
  }
  return scores
}

const compare = (one: number, other: number): number => (one < other ? -1 : one > other ? 1 : 0)

const categoriesOf = (names: readonly string[]): readonly Dimension[] => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const frequent = [...counts].toSorted(([, one], [, other]) => other - one).slice(0, mostNames - 1)
  const known = new Map(frequent.map(([name], index) => [name, index] as const))
  const groups = names.map((name) => known.get(name) ?? frequent.length)
  return Array.from({ length: frequent.length + 1 }, (_, group) => {
    const members = groups.filter((one) => one === group).length
    const scores = Float64Array.from(groups, (one) => (one === group ? names.length : 0) - members)
    return { scores, weight: members === 0 ? 0 : 1 / members }
  }).filter(({ weight }) => weight > 0)
}

const scan = (
  { values, skipped, length, blocks }: Kept<unknown>,
  dimensions: readonly Dimension[],
  { random, permutations }: ScanOptions,
): ChangePoint => {
  const aside = Math.max(fewestAside, Math.ceil(values.length * leastAside))
  const sums = dimensions.map(({ scores }) => sumsOf(scores, length, blocks))
  const weights = dimensions.map(({ weight }) => weight)
  const order = Uint32Array.from({ length: blocks }, (_, index) => index)
  const edge = Math.min(Math.ceil(aside / length), blocks >> 1)
  const largest = largestSplit(sums, weights, order, edge, blocks - edge)
  const singles = dimensions.map(({ scores }) => scores)
  const inOrder = Uint32Array.from({ length: values.length }, (_, index) => index)
  const from = Math.max(edge * length, (largest.split - 1) * length)
  const to = Math.min((blocks - edge) * length, (largest.split + 1) * length)
  return {
    at: skipped + largestSplit(singles, weights, inOrder, from, to).split,
    pValue: chance(largest.statistic, permutations, () => {
      shuffle(order, random)
      return largestSplit(sums, weights, order, edge, blocks - edge).statistic
    }),
  }
}

const sumsOf = (scores: Float64Array, length: number, blocks: number): Float64Array =>
  Float64Array.from({ length: blocks }, (_, block) => {
    let sum = 0
    for (let index = block * length; index < (block + 1) * length; index++) sum += scores[index] ?? 0
    return sum
  })

/** The split, between `from` and `to`, before and after which the sums differ most for their number. */
const largestSplit = (
  dimensions: readonly Float64Array[],
  weights: readonly number[],
  order: Uint32Array,
  from: number,
  to: number,
): { readonly split: number; readonly statistic: number } => {
  const count = order.length
  const totals = new Float64Array(dimensions.length)
  let split = from
  let statistic = -1
  for (let taken = 1; taken <= to; taken++) {
    const place = order[taken - 1] ?? 0
    let difference = 0
    for (let index = 0; index < dimensions.length; index++) {
      const total = (totals[index] ?? 0) + (dimensions[index]?.[place] ?? 0)
      totals[index] = total
      difference += (weights[index] ?? 0) * total * total
    }
    if (taken < from) continue
    const here = difference / (taken * (count - taken))
    if (here > statistic) {
      statistic = here
      split = taken
    }
  }
  return { split, statistic }
}

/** The share of draws that reach `found`, itself counted where none of the others stops it early. */
const chance = (found: number, most: number, draw: () => number): number => {
  let reached = 0
  for (let drawn = 1; drawn <= most; drawn++) {
    if (draw() < found) continue
    reached++
    if (reached === enough) return reached / drawn
  }
  return (reached + 1) / (most + 1)
}

/** Fisher and Yates. */
const shuffle = (order: Uint32Array, random: RandomSource): void => {
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1))
    const kept = order[last] ?? 0
    order[last] = order[chosen] ?? 0
    order[chosen] = kept
  }
}
