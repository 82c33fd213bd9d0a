import { stringEnd } from '../../wire/index.ts'

/** Where the strings of a JSON text stand. Iterative: depth is no danger. */
export type Path = readonly (string | number)[]

export interface StringPlace {
  readonly path: Path
  /** Byte offsets of the literal, quotes included. */
  readonly start: number
  readonly end: number
}

/** Told of the path as it is at that moment: it is not to be kept. */
export type PlaceFilter = (path: Path) => boolean

export interface WantedPlaces {
  readonly string: PlaceFilter
  /** True takes an object or array whole, as one place. */
  readonly whole: PlaceFilter
}

/**
 * The wanted string values of a valid JSON text in order, and the containers that are wanted instead of their strings.
 * @param text the bytes as latin1, so that indexes are byte offsets
 * @param closings of `JsonScan`, where the text was scanned
 */
export const stringPlaces = (
  text: string,
  wanted: WantedPlaces,
  closings?: readonly number[],
): readonly (StringPlace & { readonly json: boolean })[] => {
  const places: (StringPlace & { readonly json: boolean })[] = []
  const path: (string | number)[] = []
  const starts: number[] = []
  let takenAt = -1
  let expectsKey = false
  let position = 0
  let strings = 0
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === 0x22) {
      const closing = closings?.[strings++]
      const end = closing === undefined ? stringEnd(text, position) : closing + 1
      if (expectsKey) {
        path[path.length - 1] = keyBetween(text, position + 1, end - 1)
        expectsKey = false
      } else if (takenAt < 0 && wanted.string(path)) {
        places.push({ path: [...path], start: position, end, json: false })
      }
      position = end
      continue
    }
    if (code === 0x7b || code === 0x5b) {
      if (takenAt < 0 && wanted.whole(path)) takenAt = starts.length
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

/** Keys are short, and nearly all of plain letters. */
const keyBetween = (text: string, start: number, end: number): string => {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x80 || code === 0x5c) return decodeLiteral(text.slice(start - 1, end + 1))
  }
  return text.slice(start, end)
}

/** The text of a literal given as latin1 source. Bytes of ASCII are their own characters, and need no other reading. */
export const decodeLiteral = (literal: string): string => {
  if (/[\x80-\xff]/.test(literal)) return String(JSON.parse(utf8(literal)))
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8')
