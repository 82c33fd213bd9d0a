import type { Leaf } from '../../ir/index.ts'

/** A leaf as detectors read it. */
export interface LeafText {
  readonly leaf: Leaf
  /**
   * The leaf's text; of JSON (a tool's arguments or answer) its source with the strings' escapes resolved, so that a
   * value reads the same wherever it stands, next to the names that say what it is.
   */
  readonly text: string
}

/** What detectors are to read of a leaf: findings count from the start of this text. Read when it is asked for. */
export const readLeaf = (leaf: Leaf): LeafText => {
  let text: string | undefined
  return {
    leaf,
    get text() {
      text ??= leaf.text.includes('\\') && isJsonLeaf(leaf) ? decodedView(leaf.text) : leaf.text
      return text
    },
  }
}

/** Is the leaf's text JSON source, so that replacements have to be written in its strings? */
export const isJsonLeaf = (leaf: Leaf): boolean => {
  if (leaf.json === true) return true
  if (leaf.kind !== 'tool-input' && leaf.kind !== 'tool-output') return false
  const { text } = leaf
  const first = text.trimStart()[0]
  if (first !== '{' && first !== '[') return false
  const last = text.trimEnd().at(-1)
  if (last !== '}' && last !== ']') return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A piece of JSON source, and what stands in its place in the decoded view. */
export interface JsonRegion {
  readonly type: 'string' | 'scalar'
  /** In the view; a string's quotes are not included. */
  readonly start: number
  readonly end: number
  /** The same in the source. */
  readonly sourceStart: number
  readonly sourceEnd: number
}

const decodedView = (source: string): string => {
  let view = ''
  let copied = 0
  for (let slash = source.indexOf('\\'); slash >= 0; slash = source.indexOf('\\', copied)) {
    view += source.slice(copied, slash) + decodeEscape(source, slash)
    copied = slash + escapeSize(source, slash)
  }
  return view + source.slice(copied)
}

/** The strings, numbers and words of valid JSON in order. */
export const jsonRegions = (source: string): readonly JsonRegion[] => {
  const regions: JsonRegion[] = []
  /** How much shorter the view is so far. */
  let shorter = 0
  let at = 0
  while (at < source.length) {
    const code = source.charCodeAt(at)
    const before = shorter
    const start = code === 0x22 ? at + 1 : at
    if (code === 0x22) {
      at++
      for (; at < source.length && source.charCodeAt(at) !== 0x22; at++) {
        if (source.charCodeAt(at) !== 0x5c) continue
        const size = escapeSize(source, at) - 1
        shorter += size
        at += size
      }
      const type = 'string'
      regions.push({ type, start: start - before, end: at - shorter, sourceStart: start, sourceEnd: at })
      at++
    } else if (isScalar(code)) {
      while (at < source.length && isScalar(source.charCodeAt(at))) at++
      const type = 'scalar'
      regions.push({ type, start: start - before, end: at - shorter, sourceStart: start, sourceEnd: at })
    } else at++
  }
  return regions
}

/** Where a unit of the view stands in the source. Asked with rising units of one region, from a place known before. */
export const sourceOffset = (
  source: string,
  from: { readonly view: number; readonly source: number },
  unit: number,
): number => {
  let at = from.source
  for (let view = from.view; view < unit; view++) {
    at += source.charCodeAt(at) === 0x5c ? escapeSize(source, at) : 1
  }
  return at
}

const isScalar = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2d ||
  code === 0x2b ||
  code === 0x2e ||
  code === 0x45

const escapeSize = (source: string, slash: number): number => (source.charCodeAt(slash + 1) === 0x75 ? 6 : 2)

const decodeEscape = (source: string, slash: number): string => {
  const letter = source[slash + 1] ?? ''
  switch (letter) {
    case 'u':
      return String.fromCharCode(Number.parseInt(source.slice(slash + 2, slash + 6), 16))
    case 'n':
      return '\n'
    case 't':
      return '\t'
    case 'r':
      return '\r'
    case 'b':
      return '\b'
    case 'f':
      return '\f'
    default:
      return letter
  }
}
