import { decodeRuns, type TakeDecoded } from './encoded-runs.ts'
import { foldDecoded } from './fold.ts'
import { isReadable } from './readable-bytes.ts'
import type { View } from './view.ts'

/** What may still be decoded for one text: a bound on work, whatever the text holds. */
export interface DecodeBudget {
  /** Code units that decoded views may add up to. */
  characters: number
  /** How many views. */
  views: number
}

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

/** Eight binary digits to a character, with or without a separator. */
const decodeBits = (text: string, take: TakeDecoded): void => {
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

/** A region of escapes is read so far, in characters. */
const longestRegion = 24_576
const gap = 48
const fewest = 3

/** Decodes each region of a text where escapes of one kind stand close together; a lone one is no region. */
const decodeEscapes = (text: string, form: Escape, take: TakeDecoded): void => {
  let index = text.indexOf(form.trigger)
  while (index >= 0) {
    let decoded = ''
    let hits = 0
    let end = index
    const regionStart = lineStart(text, index)
    decoded += text.slice(regionStart, index)
    while (index >= 0 && index - end <= gap && decoded.length < longestRegion) {
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
