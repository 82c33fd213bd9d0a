import { isReadable, nextByte } from './readable-bytes.ts'
import type { ViewKind } from './view.ts'

/** Takes what was decoded, and where it stood. */
export type TakeDecoded = (kind: ViewKind, decoded: string, from: number, to: number) => void

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

/** Runs of the base64 alphabet, joined over line breaks where the lines are long; hexadecimal pairs with separators. */
export const decodeRuns = (text: string, take: TakeDecoded): void => {
  if (!isReady) prepare()
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

const decodeHex = (digits: string, start: number, end: number, take: TakeDecoded): void => {
  if (digits.length % 2 !== 0) return
  if (!isReadable(Buffer.from(digits.slice(0, 24), 'hex'))) return
  const bytes = Buffer.from(digits, 'hex')
  if (isReadable(bytes)) take('hex', bytes.toString('utf8'), start, end)
}

const decodeBase64 = (text: string, start: number, end: number, take: TakeDecoded): void => {
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
