/**
 * JSON with the byte place of every value. Works on a latin1 view of the bytes, so that offsets are byte offsets.
 * The bytes have been through `scanJson`: they are well formed and their nesting is bounded.
 */

interface Placed {
  /** Byte offsets, end exclusive. */
  readonly start: number
  readonly end: number
}

export interface PlacedMember {
  readonly key: string
  readonly value: PlacedValue
}

export type PlacedValue = Placed &
  (
    | { readonly kind: 'string' | 'scalar' }
    | { readonly kind: 'array'; readonly items: readonly PlacedValue[] }
    | { readonly kind: 'object'; readonly members: readonly PlacedMember[] }
  )

export interface JsonTree {
  readonly root: PlacedValue
  /** The text of a string value. */
  textOf(value: PlacedValue): string
  /** The source of any value. */
  sourceOf(value: PlacedValue): string
  /** The same as latin1. */
  literalOf(value: PlacedValue): string
}

/**
 * @param text the bytes as latin1, where they are at hand
 * @throws SyntaxError for bytes that are not JSON
 */
export const readTree = (
  bytes: Uint8Array,
  text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'),
): JsonTree => {
  const reader = treeReader(text)
  return {
    root: reader.read(),
    literalOf: ({ start, end }) => text.slice(start, end),
    sourceOf: (value) => decoded(text.slice(value.start, value.end)),
    textOf: (value) => (value.kind === 'string' ? stringValue(text, value) : ''),
  }
}

const beyondAscii = /[\u0080-\u00ff]/

const decoded = (latin1: string): string =>
  beyondAscii.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1

/** A parse only where there is something to unescape. */
const stringValue = (text: string, { start, end }: Placed): string => {
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\') ? String(JSON.parse(`"${decoded(inner)}"`)) : decoded(inner)
}

const treeReader = (text: string) => {
  let position = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0

  const skipSpace = (): number => {
    let code = text.charCodeAt(position)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
      code = text.charCodeAt(++position)
    return code
  }

  const fail = (): never => {
    throw new SyntaxError(`unexpected character at byte ${position}`)
  }

  const readString = (): Placed => {
    const start = position
    if (text.charCodeAt(position) !== 0x22) fail()
    let end = position + 1
    for (;;) {
      end = text.indexOf('"', end)
      if (end < 0) return fail()
      let slashes = 0
      while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++
      end++
      if (slashes % 2 === 0) break
    }
    position = end
    return { start, end }
  }

  const readArray = (): PlacedValue => {
    const start = position++
    const items: PlacedValue[] = []
    if (skipSpace() !== 0x5d) {
      do items.push(read())
      while (skipSpace() === 0x2c && ++position)
    }
    if (text.charCodeAt(position++) !== 0x5d) fail()
    return { kind: 'array', start, end: position, items }
  }

  const readMember = (): PlacedMember => {
    skipSpace()
    const key = stringValue(text, readString())
    if (skipSpace() !== 0x3a) fail()
    position++
    return { key, value: read() }
  }

  const readObject = (): PlacedValue => {
    const start = position++
    const members: PlacedMember[] = []
    if (skipSpace() !== 0x7d) {
      do members.push(readMember())
      while (skipSpace() === 0x2c && ++position)
    }
    if (text.charCodeAt(position++) !== 0x7d) fail()
    return { kind: 'object', start, end: position, members }
  }

  const read = (): PlacedValue => {
    const code = skipSpace()
    if (code === 0x22) return { kind: 'string', ...readString() }
    if (code === 0x7b) return readObject()
    if (code === 0x5b) return readArray()
    const start = position
    while (position < text.length && !isDelimiter(text.charCodeAt(position))) position++
    return position === start ? fail() : { kind: 'scalar', start, end: position }
  }

  return { read }
}

const isDelimiter = (code: number): boolean =>
  code === 0x2c || code === 0x5d || code === 0x7d || code === 0x20 || (code >= 0x09 && code <= 0x0d)
