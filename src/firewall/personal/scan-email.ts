import { asciiOf, type Candidate, isAlphanumeric, isDigit } from './candidate.ts'
import { folded } from './fold-text.ts'
import { isExampleAddress } from './known-examples.ts'
import { topLevelDomains } from './top-level-domains.ts'

/** RFC 5321, 4.5.3.1. */
const longestLocal = 64
const longestDomain = 253

/** Of RFC 5322's atext, what people's addresses hold and code does not put around them. */
const localSigns = new Set([...'.!#%&+-_'].map((sign) => sign.charCodeAt(0)))

const at = 0x40
const dot = 0x2e
const hyphen = 0x2d

export interface EmailOptions {
  readonly isExampleReported: boolean
}

/** @returns the address around the at sign at this place, if there is one; `floor` is where the last finding ended */
export type ScanEmail = (
  bytes: Uint8Array,
  length: number,
  place: number,
  floor: number,
) => Candidate | undefined

export const createEmailScanner = ({ isExampleReported }: EmailOptions): ScanEmail => {
  const endings = new Set(topLevelDomains.trim().split(/\s+/))
  const isEnding = (label: string): boolean => endings.has(label) || /^xn--[a-z0-9-]{2,}$/.test(label)

  return (bytes, length, place, floor) => {
    const start = localStart(bytes, place, floor)
    if (start === place) return undefined
    const end = domainEnd(bytes, length, place + 1)
    if (end === place + 1) return undefined
    const domain = asciiOf(bytes, place + 1, end).toLowerCase()
    const cut = domain.lastIndexOf('.')
    if (cut < 0 || !isEnding(domain.slice(cut + 1))) return undefined
    if (isElsewhere(bytes, length, start, end)) return undefined
    if (/^[23]x\./.test(domain)) return undefined // icon@2x.so, as pictures for dense screens are named
    const local = asciiOf(bytes, start, place).toLowerCase()
    // plugin@marketplace and the like name one thing twice
    if (local === domain) return undefined
    if (!isExampleReported && isExampleAddress(local, domain)) return undefined
    return { type: 'EMAIL', rule: 'email', start, end, confidence: 0.95, score: 200 }
  }
}

const localStart = (bytes: Uint8Array, place: number, floor: number): number => {
  let start = place
  const lowest = Math.max(floor, place - longestLocal)
  while (start > lowest) {
    const byte = bytes[start - 1] ?? 0
    if (!isAlphanumeric(byte) && byte !== folded.casedLetter && !localSigns.has(byte)) break
    start--
  }
  while (
    start < place &&
    !isAlphanumeric(bytes[start]) &&
    bytes[start] !== folded.casedLetter &&
    bytes[start] !== 0x5f
  ) {
    start++
  }
  return bytes[place - 1] === dot ? place : start
}

/** The end of the longest row of labels; a dot at the end is a sentence's. */
const domainEnd = (bytes: Uint8Array, length: number, from: number): number => {
  const highest = Math.min(length, from + longestDomain)
  let end = from
  let label = from
  let place = from
  for (; place < highest; place++) {
    const byte = bytes[place] ?? 0
    if (isAlphanumeric(byte) || byte === folded.casedLetter) continue
    if (byte === hyphen && place > label) continue
    if (byte !== dot || place === label) break
    end = place
    label = place + 1
  }
  if (place > label) end = place
  while (end > from && bytes[end - 1] === hyphen) end--
  return end
}

/** The user part of a URL, a remote of git or ssh with a path, a package of a scope, a longer word. */
const isElsewhere = (bytes: Uint8Array, length: number, start: number, end: number): boolean => {
  const before = bytes[start - 1]
  const after = bytes[end]
  if (before === at || after === at) return true
  if (after === 0x5f || after === folded.casedLetter) return true
  if (before === 0x2f && bytes[start - 2] === 0x2f && bytes[start - 3] === 0x3a) return true
  // scheme://user:secret@host
  if (before === 0x3a && startsAfterScheme(bytes, start)) return true
  // host:path of scp and git; a port or the end of a sentence is something else
  const isPath =
    after === 0x3a && end + 1 < length && (isAlphanumeric(bytes[end + 1]) || bytes[end + 1] === 0x2f)
  return isPath && !isDigit(bytes[end + 1])
}

const startsAfterScheme = (bytes: Uint8Array, start: number): boolean => {
  for (let place = start - 2, steps = 0; place > 2 && steps < 64; place--, steps++) {
    const byte = bytes[place] ?? 0
    if (byte === 0x2f) return bytes[place - 1] === 0x2f && bytes[place - 2] === 0x3a
    if (byte <= 0x20) return false
  }
  return false
}
