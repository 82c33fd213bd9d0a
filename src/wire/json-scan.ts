/**
 * A positional JSON scanner for the hot path: one pass that checks the structure, bounds the nesting and notes
 * where the values of interest lie, without building any value. A parse of a 60 KB agent request costs four times
 * as much, and a body that is forwarded untouched needs no values.
 *
 * It works on a latin1 view of the bytes, so that every index is a byte offset and `indexOf` is native.
 * Not checked here: raw control characters inside strings and surrogate pairing; whoever decodes will refuse them.
 */

/** Byte offsets, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface WatchedMember extends Span {
  readonly key: string
  /** 1 = member of the root object. */
  readonly depth: number
}

export interface JsonScan {
  /** The bytes as latin1 text; `text.slice(span.start, span.end)` is the source of a value. */
  readonly text: string
  /** Value spans of the root object's members; the last of equal keys wins, as in JSON.parse. Empty for other roots. */
  readonly top: ReadonlyMap<string, Span>
  /** Members at any depth whose key was asked for, in document order. */
  readonly watched: readonly WatchedMember[]
  readonly rootType: 'object' | 'array' | 'scalar'
  /**
   * The closing quote of each string, keys included, in document order: who walks over all strings again need not look
   * for their ends. Undefined where there are too many to note.
   */
  readonly closings: readonly number[] | undefined
}

export class JsonSyntaxError extends Error {
  readonly offset: number
  readonly reason: 'syntax' | 'depth'

  constructor(message: string, offset: number, reason: 'syntax' | 'depth' = 'syntax') {
    super(message)
    this.name = 'JsonSyntaxError'
    this.offset = offset
    this.reason = reason
  }
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** For bodies of our own, which nest no deeper than what they came from, and for what was read before. */
export const ownDepth = 100_000

/**
 * @param bytes UTF-8 JSON, a byte order mark is skipped
 * @param watch keys to report wherever they occur
 * @throws JsonSyntaxError with a byte offset
 */
export const scanJson = (bytes: Uint8Array, watch: ReadonlySet<string>, maxDepth: number): JsonScan => {
  // One long function on purpose: `position` stays in a register, closures made it three times slower.
  const text = Buffer.prototype.toString.call(bytes, 'latin1')
  const top = new Map<string, Span>()
  const watched: WatchedMember[] = []
  const lengths = lengthsOf(watch)
  // One entry per open container: what closes it, and the member that it is the value of.
  const closers: number[] = []
  const owners: (string | undefined)[] = []
  const starts: number[] = []
  let depth = 0
  let rootType: JsonScan['rootType'] = 'scalar'
  let position = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
  let key: string | undefined
  let valueStart = 0
  let state: State = State.value
  let nextBackslash = -1
  const closings: number[] = []

  for (;;) {
    let code = text.charCodeAt(position)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
      code = text.charCodeAt(++position)

    if (state === State.key || state === State.firstKey) {
      if (code === closeBrace && state === State.firstKey) {
        state = State.afterValue
        continue
      }
      if (code !== quote) return failAt(text, position)
      const start = position + 1
      const end = stringEnd(text, start)
      if (closings.length <= mostClosings) closings.push(end)
      key = undefined
      const size = end - start
      if (nextBackslash < start) {
        nextBackslash = text.indexOf('\\', start)
        if (nextBackslash < 0) nextBackslash = text.length
      }
      if (depth === 1 || lengths.has(size) || nextBackslash < end) key = keyAt(text, start, end)
      if (key !== undefined && depth !== 1 && !watch.has(key)) key = undefined
      position = end + 1
      code = text.charCodeAt(position)
      while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
        code = text.charCodeAt(++position)
      if (code !== colon) return failAt(text, position)
      code = text.charCodeAt(++position)
      while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
        code = text.charCodeAt(++position)
      valueStart = position
      state = State.value
    }

    if (state === State.value || state === State.firstElement) {
      if (code === openBrace || code === openBracket) {
        if (depth === 0) rootType = code === openBrace ? 'object' : 'array'
        if (depth >= maxDepth) {
          throw new JsonSyntaxError(`JSON is nested more than ${maxDepth} levels deep`, position, 'depth')
        }
        closers[depth] = code + 2
        owners[depth] = key
        starts[depth] = valueStart
        depth++
        position++
        key = undefined
        state = code === openBrace ? State.firstKey : State.firstElement
        continue
      }
      if (code === closeBracket && state === State.firstElement) {
        state = State.afterValue
        continue
      }
      if (code === quote) {
        const end = stringEnd(text, position + 1)
        if (closings.length <= mostClosings) closings.push(end)
        position = end + 1
      } else position = scalarEnd(text, position, code)
      if (key !== undefined) {
        if (depth === 1) top.set(key, { start: valueStart, end: position })
        if (watch.has(key)) watched.push({ key, start: valueStart, end: position, depth })
        key = undefined
      }
      state = State.afterValue
      continue
    }

    if (depth === 0) {
      if (position < text.length) return failAt(text, position)
      return { text, top, watched, rootType, closings: closings.length > mostClosings ? undefined : closings }
    }
    const closer = closers[depth - 1]
    position++
    if (code === comma) {
      state = closer === closeBrace ? State.key : State.value
      continue
    }
    if (code !== closer) return failAt(text, position - 1)
    depth--
    const owner = owners[depth]
    if (owner !== undefined) {
      const start = starts[depth] ?? 0
      if (depth === 1) top.set(owner, { start, end: position })
      if (watch.has(owner)) watched.push({ key: owner, start, end: position, depth })
    }
  }
}

/** An agent's request of 100 KB has some hundred strings. */
const mostClosings = 65_536

const State = { value: 0, firstElement: 1, firstKey: 2, key: 3, afterValue: 4 } as const
type State = (typeof State)[keyof typeof State]

const lengthCache = new WeakMap<ReadonlySet<string>, ReadonlySet<number>>()

const lengthsOf = (watch: ReadonlySet<string>): ReadonlySet<number> => {
  let lengths = lengthCache.get(watch)
  if (lengths === undefined) {
    lengths = new Set(Array.from(watch, (key) => key.length))
    lengthCache.set(watch, lengths)
  }
  return lengths
}

const failAt = (text: string, offset: number): never => {
  throw offset >= text.length
    ? new JsonSyntaxError('unexpected end of JSON', text.length)
    : new JsonSyntaxError(`unexpected character at byte ${offset}`, offset)
}

/** @param start index after the opening quote; returns the index of the closing one */
const stringEnd = (text: string, start: number): number => {
  let end = start
  for (;;) {
    end = text.indexOf('"', end)
    if (end < 0) return failAt(text, text.length)
    if (text.charCodeAt(end - 1) !== backslash) return end
    let slashes = end - 2
    while (slashes >= start && text.charCodeAt(slashes) === backslash) slashes--
    if (((end - 1 - slashes) & 1) === 0) return end
    end++
  }
}

/** `position` stands on the first character of a number or word; returns the index after it. */
const scalarEnd = (text: string, position: number, code: number): number => {
  const word = code === 0x74 ? 'true' : code === 0x66 ? 'false' : code === 0x6e ? 'null' : undefined
  if (word !== undefined) {
    return text.startsWith(word, position) ? position + word.length : failAt(text, position)
  }
  let end = code === 0x2d ? position + 1 : position
  end = text.charCodeAt(end) === 0x30 ? end + 1 : digitsEnd(text, end)
  if (text.charCodeAt(end) === 0x2e) end = digitsEnd(text, end + 1)
  if ((text.charCodeAt(end) | 0x20) === 0x65) {
    const sign = text.charCodeAt(++end)
    end = digitsEnd(text, sign === 0x2b || sign === 0x2d ? end + 1 : end)
  }
  return end
}

const digitsEnd = (text: string, start: number): number => {
  let end = start
  while (isDigit(text.charCodeAt(end))) end++
  return end > start ? end : failAt(text, end)
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** An escaped key may hide a name that somebody watches for, so it is decoded. */
const keyAt = (text: string, start: number, end: number): string => {
  const source = text.slice(start, end)
  if (isPlain(source)) return source
  try {
    return String(JSON.parse(`"${Buffer.from(source, 'latin1').toString('utf8')}"`))
  } catch {
    throw new JsonSyntaxError(`bad escape in a key at byte ${start}`, start)
  }
}

/** The parsed value of a span. Spans come from a scan, so a failure means a bad escape or control character. */
export const valueAt = (scan: JsonScan, span: Span): unknown => {
  try {
    return JSON.parse(Buffer.from(scan.text.slice(span.start, span.end), 'latin1').toString('utf8'))
  } catch {
    throw new JsonSyntaxError(`invalid value at byte ${span.start}`, span.start)
  }
}

/** A root member's value if it is a string, else undefined. */
export const stringMember = (scan: JsonScan, key: string): string | undefined => {
  const span = scan.top.get(key)
  if (span === undefined || scan.text.charCodeAt(span.start) !== quote) return undefined
  const source = scan.text.slice(span.start + 1, span.end - 1)
  if (isPlain(source)) return source
  const value = valueAt(scan, span)
  return typeof value === 'string' ? value : undefined
}

/** A root member's value if it is a number, else undefined. */
export const numberMember = (scan: JsonScan, key: string): number | undefined => {
  const span = scan.top.get(key)
  if (span === undefined) return undefined
  const code = scan.text.charCodeAt(span.start)
  return code === 0x2d || isDigit(code) ? Number(scan.text.slice(span.start, span.end)) : undefined
}

/** A root member's value if it is `true` or `false`, else undefined. */
export const booleanMember = (scan: JsonScan, key: string): boolean | undefined => {
  const span = scan.top.get(key)
  if (span === undefined) return undefined
  const source = scan.text.slice(span.start, span.end)
  return source === 'true' ? true : source === 'false' ? false : undefined
}

const isPlain = (source: string): boolean => /^[\x20-\x5b\x5d-\x7e]*$/.test(source)
