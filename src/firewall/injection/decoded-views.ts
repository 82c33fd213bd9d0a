import { foldDecoded } from './fold.ts'
import type { View } from './view.ts'

/** What may still be decoded for one text: a bound on work, whatever the text holds. */
export interface DecodeBudget {
  /** Code units that decoded views may add up to. */
  characters: number
  /** How many views. */
  views: number
}

/** Bits of the characters of base64, and of those that are hexadecimal as well. */
const base64 = 1
const hexadecimal = 2
const alphabet = new Uint8Array(128)
/** Which of the two counts of `nextRun` go on at a character: both, that of the alphabet, or none. */
const countMasks = new Int32Array(128)
/** What each character of base64 stands for, 0 to 63; the two variants' signs alike. */
const base64Digits = new Int8Array(128)
let isReady = false

const prepare = (): void => {
  const mark = (characters: string, bits: number): void => {
    for (const character of characters) {
      alphabet[character.charCodeAt(0)] = bits
      countMasks[character.charCodeAt(0)] = (bits & hexadecimal) === 0 ? countMask : -1
    }
  }
  base64Digits.fill(-1)
  ;[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_'].forEach((character, place) => {
    base64Digits[character.charCodeAt(0)] = place < 64 ? place : place - 2
  })
  mark('ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ+/-_', base64)
  mark('abcdefABCDEF0123456789', base64 | hexadecimal)
  isReady = true
}

const shortest = 16
const longest = 24_576

/**
 * Views of what a text carries in base64, hexadecimal, binary digits, percent signs, HTML entities and backslash
 * escapes. Each part is decoded once; base64 within base64 is decoded when the caller comes again with the view's
 * text. Garbage is dropped after its first bytes. Linear.
 */
export const decodedViews = (
  text: string,
  base: number,
  end: number,
  budget: DecodeBudget,
): readonly DecodedView[] => {
  if (!isReady) prepare()
  const found: DecodedView[] = []
  const take = (kind: View['kind'], decoded: string, from: number, to: number): void => {
    if (budget.views <= 0 || decoded.length > budget.characters) return
    budget.views -= 1
    budget.characters -= decoded.length
    const [start, stop] = base === 0 && end === text.length ? [from, to] : [base, end]
    found.push({ text: decoded, view: foldDecoded(decoded, kind, start, stop) })
  }
  decodeRuns(text, take)
  decodeBits(text, take)
  for (const form of escapes) {
    if (text.includes(form.trigger)) decodeEscapes(text, form, take)
  }
  return found
}

/** A decoded part, as it was written and as a view. */
export interface DecodedView {
  readonly text: string
  readonly view: View
}

type Take = (kind: View['kind'], decoded: string, from: number, to: number) => void

/** Runs of the base64 alphabet, joined over line breaks where the lines are long; hexadecimal pairs with separators. */
const decodeRuns = (text: string, take: Take): void => {
  for (let start = nextRun(text, 0); start >= 0; ) {
    const { end, common, pairs } = readRun(text, start)
    const size = end - start
    if (size >= shortest && size <= longest * 2) {
      if (pairs > 6) decodeHex(text.slice(start, end).replace(/[ :,]/g, ''), start, end, take)
      else if ((common & hexadecimal) !== 0) decodeHex(text.slice(start, end), start, end, take)
      else decodeBase64(text, start, end, take)
    }
    start = nextRun(text, end)
  }
}

/**
 * Where the next run may begin that is long enough to hold something, or -1: so many characters of the alphabet, or a
 * hexadecimal pair that another may follow. This reads every character of every text: what stands before a character is
 * two counts in one number, of the alphabet's characters and of the hexadecimal ones in a row, so that nothing has to
 * be decided where words end, which no processor foresees.
 */
const nextRun = (text: string, from: number): number => {
  const { length } = text
  let counts = 0
  for (let index = from; index < length; index += 1) {
    const code = text.charCodeAt(index)
    if (counts === pairOfDigits && isSeparator(code)) return index - 2
    counts = (counts + oneOfEach) & (code < 128 ? (countMasks[code] as number) : 0)
    if ((counts & countMask) >= shortest) return index + 1 - shortest
  }
  return -1
}

const countMask = 0xffff
const oneOfEach = 0x1_0001
const pairOfDigits = 0x2_0002

interface Run {
  readonly end: number
  /** Bits that all of its characters have. */
  readonly common: number
  /** Hexadecimal pairs with something between them. */
  readonly pairs: number
}

const readRun = (text: string, start: number): Run => {
  const { length } = text
  let index = start
  let common = base64 | hexadecimal
  let lineStart = start
  let pairs = 0
  while (index < length) {
    const next = text.charCodeAt(index)
    const bits = next < 128 ? (alphabet[next] ?? 0) : 0
    if (bits !== 0) {
      common &= bits
      index += 1
      continue
    }
    const run = index - lineStart
    const isPair = run === 2 && (common & hexadecimal) !== 0
    if (isPair && isSeparator(next) && isHex(text, index + 1)) pairs += 1
    else if (!(run >= 48 && (next === 0x0a || next === 0x0d) && isRun(text, index + 1))) break
    index += 1
    if (text.charCodeAt(index) === 0x0a) index += 1
    lineStart = index
  }
  return { end: index, common, pairs }
}

const isSeparator = (code: number): boolean => code === 0x20 || code === 0x3a || code === 0x2c

const isHex = (text: string, index: number): boolean => {
  const code = text.charCodeAt(index)
  return code < 128 && ((alphabet[code] ?? 0) & hexadecimal) !== 0
}

const isRun = (text: string, index: number): boolean => {
  const code = text.charCodeAt(text.charCodeAt(index) === 0x0a ? index + 1 : index)
  return code < 128 && (alphabet[code] ?? 0) !== 0
}

const decodeHex = (digits: string, start: number, end: number, take: Take): void => {
  if (digits.length % 2 !== 0) return
  if (!isReadable(Buffer.from(digits.slice(0, 24), 'hex'))) return
  const bytes = Buffer.from(digits, 'hex')
  if (isReadable(bytes)) take('hex', bytes.toString('utf8'), start, end)
}

const decodeBase64 = (text: string, start: number, end: number, take: Take): void => {
  if (!beginsReadable(text, start)) return
  const bytes = Buffer.from(text.slice(start, end), 'base64')
  if (isReadable(bytes)) take('base64', bytes.toString('utf8'), start, end)
}

/**
 * Whether the first twelve bytes of a run of base64 may be text. Most runs are names and paths, which fail at their first
 * bytes: so nothing is made for them. A run that is cut by a separator or a line end so early is not told here.
 */
const beginsReadable = (text: string, start: number): boolean => {
  let following = 0
  for (let index = start; index < start + shortest; index += 4) {
    const four =
      (digitAt(text, index) << 18) |
      (digitAt(text, index + 1) << 12) |
      (digitAt(text, index + 2) << 6) |
      digitAt(text, index + 3)
    if (four < 0) return true
    for (let shift = 16; shift >= 0; shift -= 8) {
      following = nextByte(following, (four >> shift) & 0xff)
      if (following < 0) return false
    }
  }
  return true
}

const digitAt = (text: string, index: number): number => {
  const code = text.charCodeAt(index)
  return code < 128 ? (base64Digits[code] ?? -1) : -1
}

/** Whether bytes are text: no control characters, and UTF-8 beyond ASCII only in whole sequences. */
const isReadable = (bytes: Uint8Array): boolean => {
  let following = 0
  for (let index = 0; index < bytes.length && following >= 0; index += 1)
    following = nextByte(following, bytes[index] ?? 0)
  return following >= 0 && bytes.length > 0
}

/** How many bytes of a sequence follow after this one, of which so many were expected; -1 where it is not text. */
const nextByte = (expected: number, byte: number): number => {
  if (expected > 0) return (byte & 0xc0) === 0x80 ? expected - 1 : -1
  if (byte < 0x80) return byte < 9 || (byte > 13 && byte < 32) || byte === 127 ? -1 : 0
  return byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : -1
}

/** Eight binary digits to a character, with or without a separator. */
const decodeBits = (text: string, take: Take): void => {
  let index = text.indexOf('0')
  while (index >= 0 && index < text.length) {
    let bits = 0
    let value = 0
    let bytes = ''
    const start = index
    while (index < text.length) {
      const code = text.charCodeAt(index)
      if (code === 0x30 || code === 0x31) {
        value = value * 2 + (code - 0x30)
        bits += 1
        if (bits === 8) {
          bytes += String.fromCharCode(value)
          bits = 0
          value = 0
        }
      } else if (bits !== 0 || (code !== 0x20 && code !== 0x2c && code !== 0x0a)) break
      index += 1
    }
    if (bytes.length >= 8) {
      const decoded = Buffer.from(bytes, 'latin1')
      if (isReadable(decoded)) take('binary', decoded.toString('utf8'), start, index)
    }
    index = text.indexOf('0', index + 1)
  }
}

/** One kind of escape: what starts it, and what it stands for at a place. */
interface Escape {
  readonly kind: View['kind']
  readonly trigger: string
  readonly pattern: RegExp
  decode(match: RegExpExecArray): string
}

const characterOf = (value: number): string =>
  value > 0 && value <= 0x10ffff ? String.fromCodePoint(value) : ''

const entityNames: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  colon: ':',
  period: '.',
  comma: ',',
  excl: '!',
  lpar: '(',
  rpar: ')',
  NewLine: '\n',
  Tab: '\t',
}

const escapes: readonly Escape[] = [
  {
    kind: 'percent',
    trigger: '%',
    pattern: /(?:%[0-9a-f]{2})+/giy,
    decode: (match) => Buffer.from(match[0].replaceAll('%', ''), 'hex').toString('utf8'),
  },
  {
    kind: 'entities',
    trigger: '&',
    pattern: /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/giy,
    decode: ([whole, decimal, hexadecimal, name]) => {
      if (decimal !== undefined) return characterOf(Number.parseInt(decimal, 10))
      if (hexadecimal !== undefined) return characterOf(Number.parseInt(hexadecimal, 16))
      return entityNames[name ?? ''] ?? whole
    },
  },
  {
    kind: 'escapes',
    trigger: '\\',
    pattern: /\\(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|U([0-9a-f]{8})|x([0-9a-f]{2})|([0-3][0-7]{2}))/giy,
    decode: ([, four, braced, eight, two, octal]) =>
      octal !== undefined
        ? characterOf(Number.parseInt(octal, 8))
        : four !== undefined
          ? String.fromCharCode(Number.parseInt(four, 16))
          : characterOf(Number.parseInt(braced ?? eight ?? two ?? '0', 16)),
  },
]

const gap = 48
const fewest = 3

/** Decodes each region of a text where escapes of one kind stand close together; a lone one is no region. */
const decodeEscapes = (text: string, form: Escape, take: Take): void => {
  let index = text.indexOf(form.trigger)
  while (index >= 0) {
    let decoded = ''
    let hits = 0
    let end = index
    const regionStart = lineStart(text, index)
    decoded += text.slice(regionStart, index)
    while (index >= 0 && index - end <= gap && decoded.length < longest) {
      form.pattern.lastIndex = index
      const match = form.pattern.exec(text)
      decoded += text.slice(end, index)
      if (match === null) {
        decoded += text[index] ?? ''
        end = index + 1
      } else {
        decoded += form.decode(match)
        end = index + match[0].length
        // A run of percent signs is one match and many escapes.
        hits += Math.ceil(match[0].length / 10)
      }
      index = text.indexOf(form.trigger, end)
    }
    if (hits >= fewest) {
      const stop = Math.min(text.length, end + gap)
      take(form.kind, decoded + text.slice(end, stop), regionStart, stop)
    }
  }
}

/** Where the words before an escape begin, at most one gap back. */
const lineStart = (text: string, index: number): number => {
  const from = Math.max(0, index - gap)
  return from + text.slice(from, index).lastIndexOf('\n') + 1
}
