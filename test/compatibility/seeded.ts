/** Choices that are the same in every run. */
export interface Seeded {
  /** A whole number from 0 up to and without `end`. */
  below(end: number): number
  /** `count` of the items, in their order; all of them where there are not more. */
  sample<Item>(items: readonly Item[], count: number): readonly Item[]
  /** The bytes in pieces of random length, `longest` at most. */
  cut(bytes: Uint8Array, longest: number): readonly Uint8Array[]
}

/** @param seed any text: each has its own sequence */
export const seeded = (seed: string): Seeded => {
  let state = Bun.hash.xxHash32(seed)
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    below,
    sample(items, count) {
      const left = items.map((_, index) => index)
      while (left.length > count) left.splice(below(left.length), 1)
      return left.flatMap((index) => items.slice(index, index + 1))
    },
    cut(bytes, longest) {
      const pieces: Uint8Array[] = []
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + below(longest)
        pieces.push(bytes.subarray(at, end))
        at = end
      }
      return pieces
    },
  }
}
