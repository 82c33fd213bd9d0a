import { isMap, isPair, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'

/** Where things stand in a YAML text, in UTF-16 offsets. */

/** Offsets of the first character of a key or value and behind the last; undefined for what has no text. */
export const rangeOf = (node: unknown): readonly [number, number] | undefined => {
  if (isPair(node)) return rangeOf(node.key)
  const range = isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined
  return range ? [range[0], range[1]] : undefined
}

export const startOf = (node: unknown): number | undefined => rangeOf(node)?.[0]

/** Behind the last character that is part of the value, comments and line ends left out. */
export const endOf = (text: string, node: unknown): number | undefined => {
  if (isPair(node)) return isEmptyValue(node) ? colonAfter(text, node) : endOf(text, node.value)
  return (isMap(node) || isSeq(node)) && !node.flow ? endOfItems(text, node) : rangeOf(node)?.[1]
}

/** The same for the last item of a section or list; undefined when there is none. */
export const endOfItems = (text: string, node: YAMLMap | YAMLSeq): number | undefined => {
  const last: unknown = node.items.at(-1)
  return last === undefined ? undefined : endOf(text, last)
}

/** `key:` with nothing behind it. */
export const isEmptyValue = (pair: Pair): boolean => {
  const { value } = pair
  if (value === null || value === undefined) return true
  const range = rangeOf(value)
  return isScalar(value) && value.value === null && range !== undefined && range[0] === range[1]
}

/** Behind the colon of a pair. */
export const colonAfter = (text: string, pair: Pair): number | undefined => {
  const end = rangeOf(pair.key)?.[1]
  if (end === undefined) return undefined
  const colon = end + (/^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0)
  return text[colon] === ':' ? colon + 1 : undefined
}

/** Characters between the start of the line and `offset`. */
export const columnOf = (text: string, offset: number): number =>
  offset - (text.lastIndexOf('\n', offset - 1) + 1)

/** Before the line break of the line that ends at or after `offset`; an offset just behind a break is before it. */
export const lineEnd = (text: string, offset: number): number => {
  const from = offset > 0 && text[offset - 1] === '\n' ? offset - 1 : offset
  const found = text.indexOf('\n', from)
  const end = found < 0 ? text.length : found
  return text[end - 1] === '\r' ? end - 1 : end
}

/** Before the line break in front of the line that `offset` is in; 0 in the first line. */
export const lineEndBefore = (text: string, offset: number): number => {
  const found = text.lastIndexOf('\n', offset - 1)
  if (found < 0) return 0
  return text[found - 1] === '\r' ? found - 1 : found
}

/** The text with everything from `start` up to `end` replaced. */
export const cut = (text: string, start: number, end: number, replacement: string): string =>
  text.slice(0, start) + replacement + text.slice(end)
