import { type Candidate, isAlphanumeric, isDigit, isWordByte } from './candidate.ts'
import { compileTemplates, type Ending } from './compile-templates.ts'
import type { Surroundings } from './context.ts'
import { type Identifier, strength } from './identifier.ts'
import { isExampleNumber } from './known-examples.ts'

export interface IdentifierOptions {
  readonly identifiers: readonly Identifier[]
  readonly isExampleReported: boolean
  /** Types believed without a word, or all of them. */
  readonly isBare: (type: string) => boolean
}

export interface IdentifierScan {
  readonly bytes: Uint8Array
  readonly length: number
  /** Where a token begins. */
  readonly start: number
  readonly around: (start: number, end: number) => Surroundings | undefined
}

/** The best reading of what begins at a token as one of the identifiers. */
export type ScanIdentifiers = (scan: IdentifierScan) => Candidate | undefined

const space = 0x20

/** Scores of what is believed without a word: below what a near word gives, above what a far one gives. */
const unspokenScore = 60
/** A catch-all comes after a rule that fits, and so does a foreign rule that fits by chance. */
const genericPenalty = 40
const foreignPenalty = 45

/** Places where templates of one walk end. */
const mostEndings = 12

export const createIdentifierScanner = (options: IdentifierOptions): ScanIdentifiers => {
  const { identifiers, isExampleReported, isBare } = options
  const { classOf, classes, next, endings } = compileTemplates(identifiers)
  const ends = new Uint32Array(mostEndings)
  const states = new Uint16Array(mostEndings)

  const grade = (
    ending: Ending,
    written: Written,
    surroundings: Surroundings | undefined,
  ): { readonly score: number; readonly confidence: number } | undefined => {
    const { identifier } = ending
    const vouching = surroundings?.vouch(identifier)
    const isVouched = vouching !== undefined && vouching.score > 0
    const mayBeBare = isBareForm(ending, written)
    if (!isVouched && !mayBeBare && !isBare(identifier.type)) return undefined
    const found = identifier.check(written.compact)
    if (found === strength.no) return undefined
    if (!isExampleReported && isExampleNumber(identifier.type, written.compact)) return undefined
    const isStrong = found === strength.strong
    if (isVouched) {
      const { score, isOwn, isLocal } = vouching
      if (identifier.isGeneric === true) return { score: score - genericPenalty, confidence: 0.7 }
      const penalty = isOwn || isLocal || isStrong ? 0 : foreignPenalty
      return {
        score: score + (isStrong ? 10 : 0) - penalty,
        confidence: isOwn ? 0.95 : isLocal || isStrong ? 0.9 : 0.7,
      }
    }
    if (mayBeBare && isStrong) return { score: unspokenScore, confidence: 0.8 }
    return isBare(identifier.type) ? { score: isStrong ? 20 : 10, confidence: 0.4 } : undefined
  }

  const readAs = (scan: IdentifierScan, end: number, state: number): Candidate | undefined => {
    const list = endings[state] ?? []
    const written = readWritten(scan.bytes, scan.start, end)
    if (!written.isUniform || !isFree(scan, end, written)) return undefined
    const isAnyBare = list.some((ending) => isBareForm(ending, written) || isBare(ending.identifier.type))
    const surroundings = scan.around(scan.start, end)
    if (surroundings === undefined && !isAnyBare) return undefined
    let best: Candidate | undefined
    for (const ending of list) {
      const graded = grade(ending, written, surroundings)
      if (graded === undefined || (best !== undefined && graded.score <= best.score)) continue
      const { type } = ending.identifier
      best = { type, rule: ruleOf(type), start: scan.start, end, ...graded }
    }
    return best
  }

  return (scan) => {
    const { bytes, length, start } = scan
    let state = 1
    let count = 0
    for (let place = start; place < length; place++) {
      state = next[state * classes + (classOf[bytes[place] ?? 0] ?? 0)] ?? 0
      if (state === 0) break
      if ((endings[state]?.length ?? 0) > 0 && !isAlphanumeric(bytes[place + 1]) && count < mostEndings) {
        ends[count] = place + 1
        states[count++] = state
      }
    }
    let best: Candidate | undefined
    while (count-- > 0) {
      const found = readAs(scan, ends[count] ?? 0, states[count] ?? 0)
      if (found !== undefined && (best === undefined || found.score > best.score)) best = found
    }
    return best
  }
}

const ruleOf = (type: string): string => type.toLowerCase().replaceAll('_', '-')

interface Written {
  /** Letters in upper case, separators left out. */
  readonly compact: string
  readonly separators: number
  /** The separators that templates leave open (`-`, `.`, space) are of one kind. */
  readonly isUniform: boolean
  readonly hasSpaces: boolean
  readonly hasHyphens: boolean
  readonly isLower: boolean
}

const readWritten = (bytes: Uint8Array, start: number, end: number): Written => {
  let compact = ''
  let separators = 0
  let spaces = 0
  let hyphens = 0
  let isLower = false
  for (let place = start; place < end; place++) {
    const byte = bytes[place] ?? 0
    if (isAlphanumeric(byte)) {
      if (byte >= 0x61) isLower = true
      compact += String.fromCharCode(byte >= 0x61 ? byte - 0x20 : byte)
      continue
    }
    separators++
    if (byte === space) spaces++
    if (byte === 0x2d) hyphens++
  }
  return {
    compact,
    separators,
    // `123.456.789-09` is one form, `123 456-789` is two numbers.
    isUniform: !(spaces > 0 && spaces < separators && spaces + hyphens === separators && hyphens > 1),
    hasSpaces: spaces > 0,
    hasHyphens: hyphens > 0,
    isLower,
  }
}

const isBareForm = ({ identifier, separators }: Ending, written: Written): boolean => {
  if (identifier.bare === undefined || written.isLower) return false
  if (identifier.bare === 'any') return true
  // Groups of digits with spaces or dots between are too common to speak for themselves.
  return (
    separators > 0 &&
    written.separators === separators &&
    (written.hasHyphens || !/^\d{9}$/.test(written.compact))
  )
}

/** Nothing on either side makes it part of something longer. */
const isFree = ({ bytes, start, length }: IdentifierScan, end: number, written: Written): boolean => {
  const before = bytes[start - 1]
  const earlier = bytes[start - 2]
  if (isWordByte(before)) return false
  if (before === 0x2e && (isDigit(earlier) || isWordByte(earlier)) && !isAbbreviation(bytes, start - 1))
    return false
  if (before === 0x2d && !isName(bytes, start - 1)) return false
  if ((before === 0x2f || before === 0x3a || before === 0x2b) && isDigit(earlier)) return false
  if (before === 0x2b || before === 0x24 || before === 0x23 || before === 0x40 || before === 0x25)
    return false
  if (before === space && isDigit(earlier) && written.hasSpaces) return false
  if (end >= length) return true
  const after = bytes[end]
  const later = bytes[end + 1]
  if (isWordByte(after) || after === 0x40 || after === 0x25) return false
  if (after === 0x2d && isWordByte(later)) return false
  if ((after === 0x2e || after === 0x2f || after === 0x3a || after === 0x2b) && isDigit(later)) return false
  if (after === 0x2e && later !== undefined && later >= 0x61 && later <= 0x7a) return false
  return !(after === space && isDigit(later) && written.hasSpaces)
}

/** `Nr.`, `No.`: a dot after a few letters. */
const isAbbreviation = (bytes: Uint8Array, dot: number): boolean => {
  let place = dot - 1
  while (place >= 0 && dot - place <= 8 && isWordByte(bytes[place]) && !isDigit(bytes[place])) place--
  return dot - place <= 8 && !isDigit(bytes[place])
}

/** `SSN-`: a hyphen after letters alone. */
const isName = (bytes: Uint8Array, hyphen: number): boolean => {
  let place = hyphen - 1
  let letters = 0
  while (place >= 0 && hyphen - place <= 24 && isWordByte(bytes[place])) {
    if (isDigit(bytes[place])) return false
    letters++
    place--
  }
  return letters > 0 && bytes[place] !== 0x2d
}
