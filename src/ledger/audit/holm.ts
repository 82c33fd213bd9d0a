/**
 * P-values adjusted for how many were looked at: whoever takes those up to a level for findings is wrong about any of
 * them with no more than this probability, however the tests depend on each other.
 * Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
 */
export const holm = (pValues: readonly number[]): readonly number[] => {
  const order = pValues
    .map((_, index) => index)
    .toSorted((one, other) => at(pValues, one) - at(pValues, other))
  const adjusted = pValues.map(() => 1)
  let least = 0
  for (const [rank, index] of order.entries()) {
    least = Math.max(least, Math.min(1, at(pValues, index) * (pValues.length - rank)))
    adjusted[index] = least
  }
  return adjusted
}

const at = (values: readonly number[], index: number): number => values[index] ?? 1
