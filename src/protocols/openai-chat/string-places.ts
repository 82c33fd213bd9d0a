import { stringEnd } from '../../wire/index.ts'

/** Where the strings of a JSON text stand. Iterative: depth is no danger. */
export type Path = readonly (string | number)[]

export interface StringPlace {
  readonly path: Path
  /** Byte offsets of the literal, quotes included. */
  readonly start: number
  readonly end: number
}

/** True takes an object or array whole, as one place. */
export type PlaceFilter = (path: Path) => boolean

/**
 * Every string value of a valid JSON text in order, and the containers that `takesWhole` wants instead of their strings.
 * @param text the bytes as latin1, so that indexes are byte offsets
 */
export const stringPlaces = (
  text: string,
  takesWhole: PlaceFilter,
): readonly (StringPlace & { readonly json: boolean })[] => {
  const places: (StringPlace & { readonly json: boolean })[] = []
  const path: (string | number)[] = []
  const starts: number[] = []
  let takenAt = -1
  let expectsKey = false
  let position = 0
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === 0x22) {
      const end = stringEnd(text, position)
      if (expectsKey) {
        path[path.length - 1] = decodeLiteral(text.slice(position, end))
        expectsKey = false
      } else if (takenAt < 0) places.push({ path: [...path], start: position, end, json: false })
      position = end
      continue
    }
    if (code === 0x7b || code === 0x5b) {
      if (takenAt < 0 && takesWhole(path)) takenAt = starts.length
      starts.push(position)
      path.push(code === 0x5b ? 0 : '')
      expectsKey = code === 0x7b
    } else if (code === 0x7d || code === 0x5d) {
      const start = starts.pop() ?? 0
      path.pop()
      expectsKey = false
      if (starts.length === takenAt) {
        takenAt = -1
        places.push({ path: [...path], start, end: position + 1, json: true })
      }
    } else if (code === 0x2c) {
      const last = path.at(-1)
      if (typeof last === 'number') path[path.length - 1] = last + 1
      else expectsKey = true
    }
    position++
  }
  return places
}

/** The text of a literal given as latin1 source. Bytes of ASCII are their own characters, and need no other reading. */
export const decodeLiteral = (literal: string): string => {
  if (/[\x80-\xff]/.test(literal)) return String(JSON.parse(utf8(literal)))
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8')
