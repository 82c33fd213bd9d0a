/** How long answers usually get, for what a metered budget holds of one. */
export interface OutputSlices {
  /** Tokens to hold at once: nearly all answers of this kind are shorter. */
  of(kind: string): number
  observe(kind: string, outputTokens: number): void
}

/** Enough for most answers even where nothing was learned. */
const smallest = 4096
const remembered = 64
/** Keys and models that are remembered; the one that was used longest ago is forgotten. */
const mostKinds = 10_000

/** Remembers the last answers of each kind, and takes the 95th percentile. */
export const createOutputSlices = (): OutputSlices => {
  const kinds = new Map<string, number[]>()
  return {
    of(kind) {
      const seen = kinds.get(kind)
      if (seen === undefined || seen.length === 0) return smallest
      const sorted = seen.toSorted((a, b) => a - b)
      return Math.max(smallest, sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0)
    },
    observe(kind, outputTokens) {
      const seen = kinds.get(kind) ?? []
      kinds.delete(kind)
      kinds.set(kind, seen)
      seen.push(outputTokens)
      if (seen.length > remembered) seen.shift()
      if (kinds.size <= mostKinds) return
      for (const oldest of kinds.keys()) {
        kinds.delete(oldest)
        break
      }
    },
  }
}
