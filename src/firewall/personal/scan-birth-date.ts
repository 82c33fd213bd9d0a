import { isDigit, isLetter, isWordByte } from './candidate.ts'
import { isDate, isShortDate } from './checksums.ts'
import { folded } from './fold-text.ts'

/** A date as it is written, before anything says that it is somebody's birth. */
export interface WrittenDate {
  readonly start: number
  readonly end: number
}

const space = 0x20
const hyphen = 0x2d
const dot = 0x2e
const comma = 0x2c
const slash = 0x2f

/** The name of a month, with what stands around it: `de septiembre de`. */
const longestName = 32

/**
 * The date that begins at this digit, or at the month's name before it. Months may be named in any language: between a
 * day and a year stands a word or three. Years are those of living people in the Gregorian, Buddhist and Persian
 * calendars.
 *
 * @param size how many digits the group has
 */
export const scanDate = (
  bytes: Uint8Array,
  length: number,
  start: number,
  size: number,
  floor: number,
): WrittenDate | undefined => {
  if (size > 4 || size === 3) return size === 8 ? readCompact(bytes, length, start) : undefined
  if (!isFree(bytes, start)) return undefined
  return readNumeric(bytes, length, start) ?? readNamed(bytes, length, start, size, floor)
}

const isFree = (bytes: Uint8Array, start: number): boolean => {
  const before = bytes[start - 1]
  if (isWordByte(before)) return false
  const isJoined =
    before === hyphen || before === dot || before === slash || before === 0x3a || before === 0x2b
  return !(isJoined && isWordByte(bytes[start - 2]))
}

interface Group {
  readonly value: number
  readonly size: number
  readonly end: number
}

const readGroup = (bytes: Uint8Array, length: number, from: number): Group | undefined => {
  let value = 0
  let end = from
  while (end < length && isDigit(bytes[end]) && end - from < 5)
    value = value * 10 + (bytes[end++] ?? 0) - 0x30
  return end === from ? undefined : { value, size: end - from, end }
}

/** Years of birth; also Persian (13xx) and Buddhist (24xx, 25xx) ones. */
const isYear = ({ value, size }: Group): boolean =>
  size === 4 &&
  ((value >= 1900 && value < 2040) || (value >= 1300 && value < 1460) || (value >= 2440 && value < 2585))

const readNumeric = (bytes: Uint8Array, length: number, start: number): WrittenDate | undefined => {
  const first = readGroup(bytes, length, start)
  if (first === undefined) return undefined
  const firstGap = gap(bytes, first.end)
  if (firstGap === undefined) return undefined
  const second = readGroup(bytes, length, first.end + firstGap.width)
  if (second === undefined || second.size > 2) return undefined
  const secondGap = gap(bytes, second.end)
  if (secondGap === undefined || !fits(firstGap.kind, secondGap.kind)) return undefined
  const third = readGroup(bytes, length, second.end + secondGap.width)
  if (third === undefined) return undefined
  let end = third.end
  if (secondGap.kind === folded.month) {
    const width = bytes[end] === space ? 1 : 0
    if (bytes[end + width] === folded.day) end += width + 1
    else return undefined
    // The years of Japanese eras count from one.
    if (first.size <= 2) return isEra(second.value, third.value) ? { start, end } : undefined
  }
  if (!isEnd(bytes, end)) return undefined
  return isCalendarDate(first, second, third) ? { start, end } : undefined
}

const isEra = (month: number, day: number): boolean => isShortDate(0, month, day)

const isCalendarDate = (first: Group, second: Group, third: Group): boolean => {
  if (isYear(first)) return third.size <= 2 && isDayOf(second.value, third.value)
  if (first.size > 2) return false
  const isEither = isDayOf(second.value, first.value) || isDayOf(first.value, second.value)
  return (isYear(third) || third.size === 2) && isEither
}

/** Without the year: other calendars have their own leap years, and months of 31 and 32 days. */
const isDayOf = (month: number, day: number): boolean =>
  isDate(2000, month, day) || (month <= 12 && month > 0 && day > 0 && day <= 31)

interface Gap {
  readonly kind: number
  readonly width: number
}

const gap = (bytes: Uint8Array, place: number): Gap | undefined => {
  const byte = bytes[place] ?? 0
  const next = bytes[place + 1] ?? 0
  if (byte === hyphen || byte === slash) return { kind: byte, width: 1 }
  if (byte === dot) return { kind: dot, width: next === space ? 2 : 1 }
  if (byte === folded.year || byte === folded.month) return { kind: byte, width: next === space ? 2 : 1 }
  if (byte === space && (next === folded.year || next === folded.month)) {
    return { kind: next, width: bytes[place + 2] === space ? 3 : 2 }
  }
  if (byte === space && next === slash && bytes[place + 2] === space) return { kind: slash, width: 3 }
  return byte === space && isDigit(next) ? { kind: space, width: 1 } : undefined
}

const fits = (first: number, second: number): boolean =>
  first === folded.year ? second === folded.month : first !== folded.month && first === second

/** What follows is neither more of a number nor the time of a timestamp. */
const isEnd = (bytes: Uint8Array, end: number): boolean => {
  const after = bytes[end]
  if (isWordByte(after)) return false
  return !(
    (after === hyphen || after === slash || after === dot || after === 0x3a) &&
    isDigit(bytes[end + 1])
  )
}

/** `12 March 1985`, `12. März 1985`, `12 de marzo de 1985`; `March 12, 1985`. */
const readNamed = (
  bytes: Uint8Array,
  length: number,
  start: number,
  size: number,
  floor: number,
): WrittenDate | undefined => {
  if (size > 2) return undefined
  const day = readGroup(bytes, length, start)
  if (day === undefined || day.value < 1 || day.value > 32) return undefined
  return readYearAfter(bytes, length, day, start) ?? readMonthBefore(bytes, length, day, start, floor)
}

const readYearAfter = (
  bytes: Uint8Array,
  length: number,
  day: Group,
  start: number,
): WrittenDate | undefined => {
  let place = day.end
  let letters = 0
  const highest = Math.min(length, place + longestName)
  while (place < highest && !isDigit(bytes[place])) {
    const byte = bytes[place] ?? 0
    if (isLetter(byte) || (byte >= folded.casedLetter && byte <= folded.day)) letters++
    else if (byte !== space && byte !== dot && byte !== comma && byte !== hyphen && byte !== 0x27)
      return undefined
    place++
  }
  const year = readGroup(bytes, length, place)
  const isNamed = letters >= 2 && bytes[place - 1] !== dot
  return isNamed && year !== undefined && isYear(year) && isEnd(bytes, year.end)
    ? { start, end: year.end }
    : undefined
}

const readMonthBefore = (
  bytes: Uint8Array,
  length: number,
  day: Group,
  start: number,
  floor: number,
): WrittenDate | undefined => {
  let place = day.end
  while (bytes[place] === comma || bytes[place] === space) place++
  if (place === day.end || place > day.end + 2) return undefined
  const year = readGroup(bytes, length, place)
  if (year === undefined || !isYear(year) || !isEnd(bytes, year.end)) return undefined
  let from = start
  if (bytes[from - 1] === space) from--
  if (bytes[from - 1] === dot) from--
  const nameEnd = from
  while (from > floor && nameEnd - from < 16 && isLetterByte(bytes[from - 1])) from--
  return nameEnd - from >= 3 ? { start: from, end: year.end } : undefined
}

const isLetterByte = (byte: number | undefined): boolean =>
  isLetter(byte) || byte === folded.casedLetter || byte === folded.letter

const readCompact = (bytes: Uint8Array, length: number, start: number): WrittenDate | undefined => {
  const end = start + 8
  if (end > length || isWordByte(bytes[start - 1]) || !isEnd(bytes, end)) return undefined
  const number = (from: number, to: number): number => {
    let value = 0
    for (let at = from; at < to; at++) value = value * 10 + (bytes[at] ?? 0) - 0x30
    return value
  }
  const year = number(start, start + 4)
  const isBirthYear = year >= 1900 && year < 2040
  return isBirthYear && isDate(year, number(start + 4, start + 6), number(start + 6, end))
    ? { start, end }
    : undefined
}
