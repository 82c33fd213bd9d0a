/**
 * Cosine of two vectors of length 1, of which one begins at `from`. Sums are made of doubles, and the other vector is
 * given as such, so that it is converted once for many.
 */
export const dotProduct = (vectors: Float32Array, from: number, vector: Float64Array): number => {
  const { length } = vector
  const even = length - (length % 4)
  // Four sums side by side: one alone would wait for each of its additions.
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let at = 0, to = from; at < even; at += 4, to += 4) {
    a += (vectors[to] as number) * (vector[at] as number)
    b += (vectors[to + 1] as number) * (vector[at + 1] as number)
    c += (vectors[to + 2] as number) * (vector[at + 2] as number)
    d += (vectors[to + 3] as number) * (vector[at + 3] as number)
  }
  let sum = a + b + c + d
  for (let at = even; at < length; at++) sum += (vectors[from + at] as number) * (vector[at] as number)
  return sum
}
