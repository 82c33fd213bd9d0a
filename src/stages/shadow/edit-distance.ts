/**
 * How many tokens must be inserted, deleted or replaced to make one list out of the other: exact Levenshtein distance,
 * 32 rows of the matrix at a time in the bits of one number.
 * Source: Hyyrö, "Explaining and extending the bit-parallel approximate string matching algorithm of Myers" (2001).
 */
export const editDistance = (from: readonly string[], to: readonly string[]): number => {
  if (from.length === 0 || to.length === 0) return Math.max(from.length, to.length)
  const numbers = new Map<string, number>()
  const rows = numbered(from, numbers)
  const columns = numbered(to, numbers)
  const matches = new Int32Array(numbers.size)
  // The difference between neighbours on the last finished row, for each column: 1, 0 or -1.
  const across = new Int8Array(columns.length).fill(1)
  for (let start = 0; start < rows.length; start += 32) {
    const block = rows.subarray(start, start + 32)
    for (const [bit, token] of block.entries()) matches[token] = (matches[token] ?? 0) | (1 << bit)
    passBlock(columns, matches, across, block.length - 1)
    for (const token of block) matches[token] = 0
  }
  return across.reduce((total, step) => total + step, rows.length)
}

/** Takes `across` from the row above a block to the block's last row, `lastBit`. */
const passBlock = (columns: Int32Array, matches: Int32Array, across: Int8Array, lastBit: number): void => {
  let risesDown = -1
  let fallsDown = 0
  for (let column = 0; column < columns.length; column++) {
    const step = across[column] ?? 0
    const rise = step > 0 ? 1 : 0
    const fall = step < 0 ? 1 : 0
    const match = matches[columns[column] ?? 0] ?? 0
    const orFall = match | fall
    const diagonal = (((orFall & risesDown) + risesDown) ^ risesDown) | orFall
    let risesAcross = fallsDown | ~(diagonal | risesDown)
    let fallsAcross = risesDown & diagonal
    across[column] = ((risesAcross >>> lastBit) & 1) - ((fallsAcross >>> lastBit) & 1)
    risesAcross = (risesAcross << 1) | rise
    fallsAcross = (fallsAcross << 1) | fall
    const vertical = match | fallsDown
    risesDown = fallsAcross | ~(vertical | risesAcross)
    fallsDown = risesAcross & vertical
  }
}

/** Equal tokens get equal numbers, counted from 0. */
const numbered = (tokens: readonly string[], numbers: Map<string, number>): Int32Array =>
  Int32Array.from(tokens, (token) => {
    const known = numbers.get(token) ?? numbers.size
    numbers.set(token, known)
    return known
  })
