import { asciiOf, type Candidate, isDigit, isWordByte } from './candidate.ts'
import type { Surroundings } from './context.ts'
import { isCounting, isExamplePhone } from './known-examples.ts'
import type { PhonePlans } from './phone-plans.ts'

/** ITU-T E.164. */
const mostDigits = 15
const longestNumber = 32

const plus = 0x2b
const open = 0x28
const close = 0x29
const space = 0x20
const hyphen = 0x2d
const dot = 0x2e
const slash = 0x2f

export interface PhoneOptions {
  readonly plans: PhonePlans
  /** Where a language is written. */
  readonly countriesOf: (language: string) => readonly string[]
  /** Whose national numbers are tried beside those of the words' languages. */
  readonly regions: readonly string[]
  readonly isExampleReported: boolean
  /** National numbers are believed without a word. */
  readonly isBare: boolean
}

export interface PhoneScan {
  readonly bytes: Uint8Array
  readonly length: number
  /** The first digit. */
  readonly place: number
  readonly floor: number
  readonly around: (start: number, end: number) => Surroundings | undefined
}

/** A number that begins at this digit, its plus sign and parenthesis with it. */
export type ScanPhone = (scan: PhoneScan) => Candidate | undefined

interface Written {
  readonly end: number
  readonly digits: string
  readonly separators: number
}

export const createPhoneScanner = (options: PhoneOptions): ScanPhone => {
  const { plans, countriesOf, regions, isExampleReported, isBare } = options

  const international = (readings: readonly Written[], start: number): Candidate | undefined => {
    for (const { end, digits } of readings) {
      if (digits.length < 7 || isExample(digits) || !plans.isInternational(digits)) continue
      return { type: 'PHONE', rule: 'phone-international', start, end, confidence: 0.9, score: 150 }
    }
    return undefined
  }

  const isExample = (digits: string): boolean =>
    !isExampleReported && (isExamplePhone(digits) || isCounting(digits) || /^(\d)\1*$/.test(digits))

  const national = (readings: readonly Written[], start: number, scan: PhoneScan): Candidate | undefined => {
    for (const { end, digits, separators } of readings) {
      if (digits.length < 6 || isExample(digits) || isDay(scan.bytes, start, end)) continue
      const isAmerican = scan.bytes[start] === open && /^[2-9]\d\d[2-9]\d{6}$/.test(digits) && separators > 0
      if (isAmerican && plans.isNational(digits, ['US'])) {
        return { type: 'PHONE', rule: 'phone-national', start, end, confidence: 0.8, score: 110 }
      }
      const surroundings = scan.around(start, end)
      const score = surroundings?.near('phone') ?? 0
      if (score > 0) {
        const spoken = surroundings?.languages('phone') ?? new Set<string>()
        const tried = new Set([...spoken].flatMap(countriesOf))
        for (const region of regions) tried.add(region)
        const isInternational = digits.startsWith('00') && plans.isInternational(digits.slice(2))
        if (isInternational || plans.isNational(digits, tried)) {
          return { type: 'PHONE', rule: 'phone-national', start, end, confidence: 0.85, score: score + 15 }
        }
      } else if (isBare && plans.isNational(digits, regions)) {
        return { type: 'PHONE', rule: 'phone-national', start, end, confidence: 0.4, score: 5 }
      }
    }
    return undefined
  }

  return (scan) => {
    const { bytes, place, floor } = scan
    const { start, isPlus } = beginning(bytes, place, floor)
    if (!isFree(bytes, start, isPlus)) return undefined
    const readings = readWritten(bytes, scan.length, start)
    return isPlus ? international(readings, start) : national(readings, start, scan)
  }
}

/** `2026-03-05`, `05.03.2026`: a day is no number to call. */
const isDay = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start === 10 &&
  /^(?:(?:19|20)\d\d([-./])[01]\d\1[0-3]\d|[0-3]\d([-./])[0-3]\d\2(?:19|20)\d\d)$/.test(
    asciiOf(bytes, start, end),
  )

/** Goes back over what stands before the first digit: `+`, `(`, `+(`, `(+`. */
const beginning = (bytes: Uint8Array, place: number, floor: number): { start: number; isPlus: boolean } => {
  let start = place
  let isPlus = false
  if (start > floor && bytes[start - 1] === open) start--
  if (start > floor && bytes[start - 1] === plus) {
    start--
    isPlus = true
  }
  if (isPlus && start > floor && bytes[start] === plus && bytes[start - 1] === open && bytes[place] !== open)
    start--
  return { start, isPlus }
}

/** A number does not begin inside a word, another number, an amount or a sum. */
const isFree = (bytes: Uint8Array, start: number, isPlus: boolean): boolean => {
  const before = bytes[start - 1]
  if (before === undefined) return true
  if (isWordByte(before)) return false
  const earlier = bytes[start - 2]
  if (before === dot || before === hyphen || before === slash) return !isWordByte(earlier) && before !== dot
  if (before === space && isDigit(earlier)) return isPlus
  // $ # @ % = have a meaning of their own in code, but for the sign of an assignment
  return before !== 0x24 && before !== 0x23 && before !== 0x40 && before !== close && before !== plus
}

/** Every place where the number may end, the longest first. */
const readWritten = (bytes: Uint8Array, length: number, start: number): readonly Written[] => {
  const readings: Written[] = []
  const highest = Math.min(length, start + longestNumber)
  let digits = ''
  let separators = 0
  let place = start
  let isOpen = false
  while (place < highest) {
    const byte = bytes[place] ?? 0
    if (byte === plus && place > start + 1) break
    if (byte === open) {
      if (isOpen) break
      isOpen = true
      place++
      continue
    }
    if (isDigit(byte)) {
      const from = place
      while (place < highest && isDigit(bytes[place])) place++
      digits += asciiOf(bytes, from, place)
      if (digits.length > mostDigits) break
      if (!isOpen && isFinished(bytes, length, place)) readings.unshift({ end: place, digits, separators })
      const skipped = separator(bytes, place, isOpen)
      if (skipped === 0) break
      if (bytes[place] === close || bytes[place + 1] === close) isOpen = false
      separators++
      place += skipped
      continue
    }
    if (byte === plus) {
      place++
      if (bytes[place] === space) place++
      continue
    }
    break
  }
  return readings
}

/** How many bytes lie between two groups: `-`, `.`, `/`, a space, `) `, ` (`, ` - `; 0 where the number ends. */
const separator = (bytes: Uint8Array, place: number, isOpen: boolean): number => {
  const first = bytes[place]
  const second = bytes[place + 1]
  if (first === close) {
    if (!isOpen) return 0
    if (isDigit(second)) return 1
    return (second === space || second === hyphen || second === dot) && isDigit(bytes[place + 2]) ? 2 : 0
  }
  if (isOpen && !(first === space || first === hyphen)) return 0
  if (first === space || first === hyphen || first === dot || first === slash) {
    if (isDigit(second) || (second === open && isDigit(bytes[place + 2]))) return 1
    if (first === space && second === hyphen && bytes[place + 2] === space && isDigit(bytes[place + 3]))
      return 3
    return 0
  }
  return 0
}

const isFinished = (bytes: Uint8Array, length: number, end: number): boolean => {
  if (end >= length) return true
  const after = bytes[end] ?? 0
  if (isWordByte(after) || after === 0x40 || after === 0x25) return false
  if (after === hyphen || after === dot || after === slash || after === 0x3a) {
    return !isDigit(bytes[end + 1]) && !(after === hyphen && isWordByte(bytes[end + 1]))
  }
  return after !== plus && after !== 0x2a
}
