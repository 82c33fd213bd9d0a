/** Parsed JSON that remembers the source text of every object and array in it. */
export interface JsonDocument {
  readonly value: unknown
  /** The exact source of an object or array that came out of this document; other values are re-serialised. */
  source(node: unknown): string
}

/**
 * Parses and keeps source spans, because `JSON.parse` alone loses `1.0`, big integers, duplicate keys, escapes and
 * the order of integer-like keys. Spans are found only when asked for the first time.
 * @throws SyntaxError for text that is not JSON
 */
export const parseDocument = (text: string): JsonDocument => {
  const value: unknown = JSON.parse(text)
  let spans: Map<object, readonly [number, number]> | undefined
  return {
    value,
    source(node) {
      if (typeof node !== 'object' || node === null) return JSON.stringify(node) ?? 'null'
      spans ??= findSpans(text, value)
      const span = spans.get(node)
      return span === undefined ? JSON.stringify(node) : text.slice(span[0], span[1])
    },
  }
}

interface OpenNode {
  readonly node: object
  readonly start: number
  key: string | undefined
  index: number
}

/** Walks the text beside the parsed value; the text is known to be valid JSON. Iterative, so depth is no danger. */
const findSpans = (text: string, root: unknown): Map<object, readonly [number, number]> => {
  const spans = new Map<object, readonly [number, number]>()
  const stack: OpenNode[] = []
  let position = 0
  let expectKey = false
  const child = (): unknown => {
    const parent = stack.at(-1)
    if (parent === undefined) return root
    const key = Array.isArray(parent.node) ? parent.index : (parent.key ?? '')
    return Object.hasOwn(parent.node, key) ? Reflect.get(parent.node, key) : undefined
  }
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === 0x22) {
      const start = position
      position = stringEnd(text, position)
      const parent = stack.at(-1)
      if (expectKey && parent !== undefined) {
        parent.key = String(JSON.parse(text.slice(start, position)))
        expectKey = false
      }
      continue
    }
    if (code === 0x7b || code === 0x5b) {
      const value = child()
      // With duplicate keys an earlier value is not in the parsed tree; a stand-in keeps the walk in step.
      const matches = typeof value === 'object' && value !== null && Array.isArray(value) === (code === 0x5b)
      stack.push({
        node: matches ? value : code === 0x5b ? [] : {},
        start: position,
        key: undefined,
        index: 0,
      })
      expectKey = code === 0x7b
    } else if (code === 0x7d || code === 0x5d) {
      const open = stack.pop()
      if (open !== undefined) spans.set(open.node, [open.start, position + 1])
      expectKey = false
    } else if (code === 0x2c) {
      const parent = stack.at(-1)
      if (parent !== undefined) {
        if (Array.isArray(parent.node)) parent.index++
        else expectKey = true
      }
    }
    position++
  }
  return spans
}

/** @param start index of the opening quote; returns the index after the closing one */
const stringEnd = (text: string, start: number): number => {
  let end = start + 1
  for (;;) {
    end = text.indexOf('"', end)
    if (end < 0) return text.length
    let slashes = end - 1
    while (slashes > start && text.charCodeAt(slashes) === 0x5c) slashes--
    end++
    if (((end - 2 - slashes) & 1) === 0) return end
  }
}
