/**
 * Positions inside JSON that a scan has found to be well formed: the members of an object, the elements of a list. It
 * works on the scan's latin1 view of the bytes, so every index is a byte offset, and it builds no values. Strings are
 * skipped natively, so long texts cost little.
 */
import { afterSpace, type Span, stringEnd, valueEnd } from '../../wire/index.ts'

export interface MemberSpan extends Span {
  readonly key: string
}

const quote = 0x22

/** Members of the object that starts at `start`, in their order; equal keys come twice. */
export const membersAt = (text: string, start: number): readonly MemberSpan[] => {
  const members: MemberSpan[] = []
  if (text.charCodeAt(start) !== 0x7b) return members
  let position = afterSpace(text, start + 1)
  while (text.charCodeAt(position) === quote) {
    const keyEnd = stringEnd(text, position)
    const key = decodeString(text, { start: position, end: keyEnd })
    const value = afterSpace(text, afterSpace(text, keyEnd) + 1)
    const end = valueEnd(text, value)
    members.push({ key, start: value, end })
    position = afterSpace(text, end)
    if (text.charCodeAt(position) !== 0x2c) break
    position = afterSpace(text, position + 1)
  }
  return members
}

/** Elements of the list that starts at `start`. */
export const elementsAt = (text: string, start: number): readonly Span[] => {
  const elements: Span[] = []
  if (text.charCodeAt(start) !== 0x5b) return elements
  let position = afterSpace(text, start + 1)
  while (position < text.length && text.charCodeAt(position) !== 0x5d) {
    const end = valueEnd(text, position)
    elements.push({ start: position, end })
    position = afterSpace(text, end)
    if (text.charCodeAt(position) !== 0x2c) break
    position = afterSpace(text, position + 1)
  }
  return elements
}

export type JsonKind = 'object' | 'array' | 'string' | 'other'

export const kindAt = (text: string, start: number): JsonKind => {
  switch (text.charCodeAt(start)) {
    case 0x7b:
      return 'object'
    case 0x5b:
      return 'array'
    case quote:
      return 'string'
    default:
      return 'other'
  }
}

/** The text of a string literal, quotes included in the span; bad escapes stay as they are. */
export const decodeString = (text: string, span: Span): string => {
  const source = text.slice(span.start + 1, span.end - 1)
  if (isPlain(source)) return source
  const utf8 = Buffer.from(source, 'latin1').toString('utf8')
  if (!utf8.includes('\\')) return utf8
  try {
    return String(JSON.parse(`"${utf8}"`))
  } catch {
    return utf8
  }
}

const isPlain = (source: string): boolean => /^[\x20-\x5b\x5d-\x7e]*$/.test(source)
