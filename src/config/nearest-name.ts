/**
 * The candidate that a misspelt name most likely means: the fewest typing slips away (wrong, missing, extra
 * or swapped letters), at most one per three letters. Case, `-` and `_` do not count.
 */
export const nearestName = (name: string, candidates: Iterable<string>): string | undefined => {
  const wanted = fold(name)
  const bound = Math.max(1, Math.floor(wanted.length / 3))
  let best: { readonly name: string; readonly slips: number } | undefined
  for (const candidate of candidates) {
    const slips = slipsBetween(wanted, fold(candidate), bound)
    if (slips <= bound && (best === undefined || slips < best.slips)) best = { name: candidate, slips }
  }
  return best?.name
}

/** `, did you mean \`port\`?` or nothing. */
export const suggestion = (name: string, candidates: Iterable<string>): string => {
  const near = nearestName(name, candidates)
  return near === undefined ? '' : `, did you mean \`${near}\`?`
}

const fold = (name: string): string => name.slice(0, 64).toLowerCase().replaceAll(/[-_]/g, '')

/** Damerau–Levenshtein distance with adjacent swaps; anything above `bound` may come back as `bound + 1`. */
const slipsBetween = (a: string, b: string, bound: number): number => {
  if (Math.abs(a.length - b.length) > bound) return bound + 1
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let slips = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        slips = Math.min(slips, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(slips)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
