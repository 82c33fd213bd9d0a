/** A fixed table from 32-bit hashes to numbers: one or two loads a look-up, nothing allocated. */
export interface HashTable {
  /** Value of a hash; 0 for none. */
  get(hash: number): number
}

/** Builds a table; values are not 0, the first of equal hashes stays. */
export const createHashTable = (entries: Iterable<readonly [hash: number, value: number]>): HashTable => {
  const rows = [...entries]
  let size = 64
  while (size < rows.length * 4) size *= 2
  const mask = size - 1
  const keys = new Int32Array(size)
  const values = new Int32Array(size)
  const slotOf = (hash: number): number => (hash ^ (hash >>> 13)) & mask
  for (const [hash, value] of rows) {
    let slot = slotOf(hash)
    while (values[slot] !== 0 && keys[slot] !== hash) slot = (slot + 1) & mask
    if (values[slot] !== 0) continue
    keys[slot] = hash
    values[slot] = value
  }
  return {
    get: (hash) => {
      let slot = slotOf(hash)
      for (;;) {
        const value = values[slot] ?? 0
        if (value === 0 || keys[slot] === hash) return value
        slot = (slot + 1) & mask
      }
    },
  }
}
