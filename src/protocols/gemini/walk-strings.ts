import { stringEnd } from '../../wire/index.ts'

/** A place in a JSON text whose spans are character offsets (of a latin1 view: byte offsets). */
export interface Place {
  readonly path: readonly (string | number)[]
  readonly start: number
  readonly end: number
}

export interface Visitor {
  /** A container opens: true takes it whole, and nothing inside is visited. */
  takes(path: readonly (string | number)[]): boolean
  whole(place: Place): void
  string(place: Place): void
}

interface Open {
  readonly isArray: boolean
  readonly start: number
  readonly taken: boolean
}

/** Visits every string value of a valid JSON text, in order. Iterative: depth is no danger. */
export const walkStrings = (text: string, visitor: Visitor): void => {
  const path: (string | number)[] = []
  const stack: Open[] = []
  let takenDepth = -1
  let expectsKey = false
  let position = 0
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === 0x22) {
      const end = stringEnd(text, position)
      if (expectsKey) {
        path[path.length - 1] = keyOf(text.slice(position, end))
        expectsKey = false
      } else if (takenDepth < 0) visitor.string({ path: [...path], start: position, end })
      position = end
      continue
    }
    if (code === 0x7b || code === 0x5b) {
      const taken = takenDepth < 0 && visitor.takes(path)
      if (taken) takenDepth = stack.length
      stack.push({ isArray: code === 0x5b, start: position, taken })
      path.push(code === 0x5b ? 0 : '')
      expectsKey = code === 0x7b
    } else if (code === 0x7d || code === 0x5d) {
      const open = stack.pop()
      path.pop()
      expectsKey = false
      if (open?.taken === true) {
        takenDepth = -1
        visitor.whole({ path: [...path], start: open.start, end: position + 1 })
      }
    } else if (code === 0x2c) {
      const last = path.at(-1)
      if (typeof last === 'number') path[path.length - 1] = last + 1
      else expectsKey = true
    }
    position++
  }
}

const keyOf = (literal: string): string => String(JSON.parse(Buffer.from(literal, 'latin1').toString('utf8')))
