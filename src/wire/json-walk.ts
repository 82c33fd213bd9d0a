/**
 * Walks JSON text without building values. The text has been through a scanner or comes from an encoder: it is well
 * formed. It may be a latin1 view of bytes, whose places are byte offsets then, or a text of its own.
 */

/** Places in the text, the end exclusive. */
export interface Place {
  readonly start: number
  readonly end: number
}

export interface Member {
  /** As written, without quotes; a key with escapes keeps them. */
  readonly key: string
  /** Where its key begins. */
  readonly start: number
  readonly value: Place
}

/**
 * Visits the members of an object, in one pass over its text.
 * @param visit may walk the value itself and answer where that ends; else it is skipped
 * @returns the place behind the object
 */
export const walkObject = (
  text: string,
  start: number,
  visit: (key: string, value: number) => number | undefined,
): number => {
  if (text.charCodeAt(start) !== openBrace) return valueEnd(text, start)
  let at = afterSpace(text, start + 1)
  while (text.charCodeAt(at) === quote) {
    const keyEnd = stringEnd(text, at)
    const key = text.slice(at + 1, keyEnd - 1)
    const value = afterSpace(text, afterSpace(text, keyEnd) + 1)
    at = afterSpace(text, visit(key, value) ?? valueEnd(text, value))
    if (text.charCodeAt(at) !== comma) break
    at = afterSpace(text, at + 1)
  }
  return at + 1
}

/** The same for the items of an array. */
export const walkArray = (
  text: string,
  start: number,
  visit: (item: number) => number | undefined,
): number => {
  if (text.charCodeAt(start) !== openBracket) return valueEnd(text, start)
  let at = afterSpace(text, start + 1)
  while (at < text.length && text.charCodeAt(at) !== closeBracket) {
    at = afterSpace(text, visit(at) ?? valueEnd(text, at))
    if (text.charCodeAt(at) !== comma) break
    at = afterSpace(text, at + 1)
  }
  return at + 1
}

/** The members of the object at `start`, in order; none where something else stands there. */
export function* membersAt(text: string, start: number): Generator<Member, void> {
  let at = afterSpace(text, start)
  if (text.charCodeAt(at) !== openBrace) return
  at = afterSpace(text, at + 1)
  while (text.charCodeAt(at) === quote) {
    const keyStart = at
    const keyEnd = stringEnd(text, at)
    at = afterSpace(text, keyEnd)
    const valueStart = afterSpace(text, at + 1)
    const end = valueEnd(text, valueStart)
    yield { key: text.slice(keyStart + 1, keyEnd - 1), start: keyStart, value: { start: valueStart, end } }
    at = afterSpace(text, end)
    if (text.charCodeAt(at) !== comma) return
    at = afterSpace(text, at + 1)
  }
}

/** The items of the array at `start`, in order; none where something else stands there. */
export function* itemsAt(text: string, start: number): Generator<Place, void> {
  let at = afterSpace(text, start)
  if (text.charCodeAt(at) !== openBracket) return
  at = afterSpace(text, at + 1)
  while (at < text.length && text.charCodeAt(at) !== closeBracket) {
    const end = valueEnd(text, at)
    yield { start: at, end }
    at = afterSpace(text, end)
    if (text.charCodeAt(at) !== comma) return
    at = afterSpace(text, at + 1)
  }
}

/** The value of a member; the last of equal keys wins, as in `JSON.parse`. */
export const memberAt = (text: string, start: number, key: string): Place | undefined => {
  let found: Place | undefined
  for (const member of membersAt(text, start)) if (member.key === key) found = member.value
  return found
}

/** The text of the string at this place; undefined where something else stands there. */
export const stringAt = (text: string, { start, end }: Place): string | undefined => {
  if (text.charCodeAt(start) !== quote) return undefined
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\') ? String(JSON.parse(`"${inner}"`)) : inner
}

export const isArrayAt = (text: string, start: number): boolean => text.charCodeAt(start) === openBracket
export const isObjectAt = (text: string, start: number): boolean => text.charCodeAt(start) === openBrace
export const isStringAt = (text: string, start: number): boolean => text.charCodeAt(start) === quote

/** Behind the value that begins at `start`. */
export const valueEnd = (text: string, start: number): number => {
  const first = text.charCodeAt(start)
  if (first === quote) return stringEnd(text, start)
  let at = start
  if (first !== openBrace && first !== openBracket) {
    while (at < text.length && !isDelimiter(text.charCodeAt(at))) at++
    return at
  }
  let depth = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = stringEnd(text, at)
      continue
    }
    at++
    // `{` and `[` differ in one bit, and so do `}` and `]`.
    if ((code & 0xdf) === openBracket) depth++
    else if ((code & 0xdf) === closeBracket && --depth === 0) return at
  }
  return text.length
}

/** @param start of the opening quote; returns the place behind the closing one */
export const stringEnd = (text: string, start: number): number => {
  let end = start + 1
  for (;;) {
    end = text.indexOf('"', end)
    if (end < 0) return text.length
    if (text.charCodeAt(end - 1) !== backslash) return end + 1
    let slashes = end - 2
    while (slashes > start && text.charCodeAt(slashes) === backslash) slashes--
    end++
    if (((end - 2 - slashes) & 1) === 0) return end
  }
}

export const afterSpace = (text: string, start: number): number => {
  let at = start
  let code = text.charCodeAt(at)
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at)
  return at
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b
const openBracket = 0x5b
const closeBracket = 0x5d

const isDelimiter = (code: number): boolean =>
  code === comma || code === closeBracket || code === 0x7d || code === 0x20 || (code >= 0x09 && code <= 0x0d)
