import { isWord } from './match-placeholder.ts'

/** Where a value that is known stands again. */
export interface KnownPlace {
  readonly start: number
  readonly end: number
  readonly type: string
  readonly restores: boolean
}

/** Values that were found so far, and where they stand in a text, whether or not something there gives them away. */
export interface KnownValues {
  add(value: string, type: string, restores: boolean): void
  /** Nothing is known: no text need be read. */
  isEmpty(): boolean
  find(text: string): readonly KnownPlace[]
}

/** Shorter ones mean too little by themselves. */
const shortest = 7
/** Values of so many lengths are looked for after one beginning, which bounds the work at a place. */
const mostLengths = 8

/** One pass over a text however many values are known: by three characters, then by seven, then by the whole value. */
export const knownValues = (): KnownValues => {
  const values = new Map<string, { readonly type: string; readonly restores: boolean }>()
  const lengths = new Map<string, number[]>()
  /** Made for the first value: most requests have none. */
  let starts: Uint8Array | undefined

  const add = (value: string, type: string, restores: boolean): void => {
    if (value.length < shortest || values.has(value)) return
    const head = value.slice(0, shortest)
    const known = lengths.get(head) ?? []
    if (!known.includes(value.length)) {
      if (known.length === mostLengths) return
      known.push(value.length)
      known.sort((a, b) => b - a)
    }
    lengths.set(head, known)
    values.set(value, { type, restores })
    starts ??= new Uint8Array(65_536)
    starts[markOf(value.charCodeAt(0), value.charCodeAt(1), value.charCodeAt(2))] = 1
  }

  const find = (text: string): readonly KnownPlace[] => {
    if (starts === undefined) return []
    const found: KnownPlace[] = []
    const last = text.length - shortest
    let first = text.charCodeAt(0)
    let second = text.charCodeAt(1)
    for (let at = 0; at <= last; at++) {
      const third = text.charCodeAt(at + 2)
      if (starts[markOf(first, second, third)] === 1 && !goesOn(text, at)) {
        const end = endAt(text, at)
        const value = end === at ? undefined : values.get(text.slice(at, end))
        if (value !== undefined) {
          found.push({ start: at, end, ...value })
          at = end - 1
          first = text.charCodeAt(end)
          second = text.charCodeAt(end + 1)
          continue
        }
      }
      first = second
      second = third
    }
    return found
  }

  const endAt = (text: string, at: number): number => {
    for (const length of lengths.get(text.slice(at, at + shortest)) ?? []) {
      const end = at + length
      if (end <= text.length && !goesOn(text, end) && values.has(text.slice(at, end))) return end
    }
    return at
  }

  return { add, isEmpty: () => values.size === 0, find }
}

const markOf = (first: number, second: number, third: number): number =>
  (first * 31 + second * 1_031 + third * 257) & 0xffff

/** Is the place in the middle of a word? */
const goesOn = (text: string, at: number): boolean =>
  at > 0 && at < text.length && isWord(text.charCodeAt(at - 1)) && isWord(text.charCodeAt(at))
