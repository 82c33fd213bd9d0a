import { namePattern } from './name-pattern.ts'
import { requiredLiteral } from './required-literal.ts'

interface Entry<T> {
  readonly owner: T
  /** Its place among all owners. */
  readonly number: number
  readonly fits: (name: string) => boolean
}

/** Entries by a literal, and how long the literals are: a name is cut to these lengths to find them. */
interface Shelf<T> {
  readonly entries: Map<string, Entry<T>[]>
  readonly lengths: Set<number>
}

/**
 * Finds whose patterns fit a name, in the order of the owners, without trying all of them: each pattern is found by a
 * text that it requires, so that the cost follows the length of the name and not the number of patterns.
 */
export const createPatternIndex = <T>(
  owners: readonly T[],
  patternsOf: (owner: T) => readonly string[],
): ((name: string) => readonly T[]) => {
  const shelves = { whole: shelf<T>(), start: shelf<T>(), end: shelf<T>(), anywhere: shelf<T>() }
  const unshelved: Entry<T>[] = []
  for (const [number, owner] of owners.entries()) {
    for (const pattern of patternsOf(owner)) {
      const entry = { owner, number, fits: namePattern(pattern) }
      const literal = requiredLiteral(pattern)
      if (literal === undefined) unshelved.push(entry)
      else put(shelves[literal.at], literal.text, entry)
    }
  }
  return (name) => {
    const found: Entry<T>[] = []
    let isInOrder = true
    const take = (entries: readonly Entry<T>[] = []): void => {
      for (const entry of entries) {
        if (!entry.fits(name)) continue
        isInOrder &&= entry.number >= (found.at(-1)?.number ?? 0)
        found.push(entry)
      }
    }
    take(unshelved)
    take(shelves.whole.entries.get(name))
    for (const length of shelves.start.lengths) take(shelves.start.entries.get(name.slice(0, length)))
    for (const length of shelves.end.lengths) {
      if (length <= name.length) take(shelves.end.entries.get(name.slice(-length)))
    }
    for (const length of shelves.anywhere.lengths) {
      for (let at = 0; at + length <= name.length; at++) {
        take(shelves.anywhere.entries.get(name.slice(at, at + length)))
      }
    }
    // What stands on one shelf is in order already.
    if (!isInOrder) found.sort((a, b) => a.number - b.number)
    return found.filter(({ number }, at) => number !== found[at - 1]?.number).map(({ owner }) => owner)
  }
}

const shelf = <T>(): Shelf<T> => ({ entries: new Map(), lengths: new Set() })

const put = <T>({ entries, lengths }: Shelf<T>, literal: string, entry: Entry<T>): void => {
  lengths.add(literal.length)
  const there = entries.get(literal)
  if (there === undefined) entries.set(literal, [entry])
  else there.push(entry)
}
