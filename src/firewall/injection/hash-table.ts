/** A fixed table from 32-bit hashes to numbers: one or two loads a look-up, nothing allocated. */
export interface HashTable {
  /** Value of a hash; 0 for none. */
  get(hash: number): number
}

/** Builds a table; values are not 0, the first of equal hashes stays. */
export const createHashTable = (entries: Iterable<readonly [hash: number, value: number]>): HashTable => {
  const rows = [...entries]
  let size = 64
  while (size < rows.length * 2) size *= 2
  const mask = size - 1
  // A key and its value stand side by side, so that a look-up waits for memory once.
  const slots = new Int32Array(size * 2)
  const slotOf = (hash: number): number => ((hash ^ (hash >>> 13)) & mask) << 1
  const next = (slot: number): number => (slot + 2) & (size * 2 - 1)
  for (const [hash, value] of rows) {
    let slot = slotOf(hash)
    while (slots[slot + 1] !== 0 && slots[slot] !== hash) slot = next(slot)
    if (slots[slot + 1] !== 0) continue
    slots[slot] = hash
    slots[slot + 1] = value
  }
  return {
    get: (hash) => {
      // The mask keeps each slot inside the table.
      for (let slot = slotOf(hash); ; slot = next(slot)) {
        const value = slots[slot + 1] as number
        if (value === 0 || slots[slot] === hash) return value
      }
    },
  }
}
