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
  const starts = new Uint8Array(65_536)

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
    starts[mark(value, 0)] = 1
  }

  const find = (text: string): readonly KnownPlace[] => {
    if (values.size === 0) return []
    const found: KnownPlace[] = []
    for (let at = 0; at + shortest <= text.length; at++) {
      if (starts[mark(text, at)] === 0 || goesOn(text, at)) continue
      const end = endAt(text, at)
      if (end === at) continue
      const value = values.get(text.slice(at, end))
      if (value !== undefined) found.push({ start: at, end, ...value })
      at = end - 1
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

  return { add, find }
}

const mark = (text: string, at: number): number =>
  (text.charCodeAt(at) * 31 + text.charCodeAt(at + 1) * 1_031 + text.charCodeAt(at + 2) * 257) & 0xffff

/** Is the place in the middle of a word? */
const goesOn = (text: string, at: number): boolean =>
  at > 0 && at < text.length && isWord(text.charCodeAt(at - 1)) && isWord(text.charCodeAt(at))
