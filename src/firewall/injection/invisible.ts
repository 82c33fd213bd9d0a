/** What a text carries that a reader cannot see. */
export interface InvisibleEvidence {
  /** Zero-width, filler and soft-hyphen characters where no script or emoji needs them. */
  readonly zeroWidth: number
  /** Overrides and isolates of the writing direction. */
  readonly bidi: number
  /** Unicode tag characters outside flag emoji. */
  readonly tags: number
  /** Variation selectors in runs that no glyph can have. */
  readonly selectors: number
  /** ASCII spelled in tag characters. */
  readonly tagText: string
  /** Bytes carried by variation selectors, as text. */
  readonly selectorText: string
  /** Text spelled in two kinds of zero-width characters, eight to a character. */
  readonly bitText: string
  /** Texts written backwards under a right-to-left override, in reading order. */
  readonly overridden: string
  /** First and last place of anything counted above. */
  readonly start: number
  readonly end: number
}

/** A text without its invisible characters, and where each remaining code unit was. */
export interface Visible {
  readonly codes: Uint16Array
  readonly offsets: Int32Array
  readonly length: number
  readonly evidence: InvisibleEvidence
}

const zeroWidthNonJoiner = 0x200c
const zeroWidthJoiner = 0x200d
const emojiSelector = 0xfe0f
const maxHidden = 8192

/** 1: zero-width or filler; 2: direction; 3: variation selector. */
const classOf = (code: number): number => {
  if (code === 0xad || code === 0x34f || code === 0x180e || code === 0x115f || code === 0x1160) return 1
  if (code < 0x200b) return code === 0x61c ? 2 : 0
  if (code <= 0x200d) return 1
  if (code <= 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 2
  if ((code >= 0x2060 && code <= 0x2065) || code === 0xfeff || code === 0x3164 || code === 0xffa0) return 1
  return code >= 0xfe00 && code <= 0xfe0f ? 3 : 0
}

const isPictorial = (code: number): boolean =>
  code >= 0xd800 && code <= 0xdfff ? true : (code >= 0x2190 && code <= 0x2bff) || code === emojiSelector

/** Scripts in which joiners are spelling: Arabic and Syriac, the Indic scripts, Khmer, Mongolian. */
const needsJoiners = (code: number): boolean =>
  (code >= 0x590 && code <= 0x8ff) || (code >= 0x900 && code <= 0xdff) || (code >= 0x1780 && code <= 0x18af)

const isRightToLeft = (code: number): boolean =>
  (code >= 0x590 && code <= 0x8ff) || (code >= 0xfb1d && code <= 0xfdff) || (code >= 0xfe70 && code <= 0xfefc)

/** Whether the text holds anything that `stripInvisible` would take out. */
export const hasInvisible = (text: string): boolean => {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code >= 0xad && (code === 0xdb40 || classOf(code) !== 0)) return true
  }
  return false
}

/**
 * Takes the invisible characters out and says what they were. Joiners in emoji and in scripts that need them, the
 * emoji selector, direction marks beside right-to-left text, a byte-order mark and flags of regions are taken out
 * and not counted.
 */
export const stripInvisible = (text: string): Visible => {
  const codes = new Uint16Array(text.length)
  const offsets = new Int32Array(text.length)
  const tagCodes: number[] = []
  const selectorBytes: number[] = []
  const bits: number[] = []
  let overridden = ''
  let overrideStart = -1
  let length = 0
  let zeroWidth = 0
  let bidi = 0
  let start = -1
  let end = 0
  let inFlag = false
  let previousSelector = -2
  let runOfSelectors = 0
  let selectors = 0
  let pendingSelector = -1
  const mark = (from: number, to: number): void => {
    if (start < 0) start = from
    end = to
  }
  const takeSelector = (value: number, at: number, width: number): void => {
    if (at === previousSelector) {
      runOfSelectors += 1
      if (runOfSelectors === 2) {
        selectors += 2
        if (selectorBytes.length < maxHidden) selectorBytes.push(pendingSelector)
      } else selectors += 1
      if (selectorBytes.length < maxHidden) selectorBytes.push(value)
      mark(at - width, at + width)
    } else runOfSelectors = 1
    pendingSelector = value
    previousSelector = at + width
  }
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0xad) {
      codes[length] = code
      offsets[length++] = index
      inFlag = false
      continue
    }
    if (code === 0xdb40) {
      const low = text.charCodeAt(index + 1)
      if (low >= 0xdc00 && low <= 0xdc7f) {
        inFlag ||= text.charCodeAt(index - 2) === 0xd83c && text.charCodeAt(index - 1) === 0xdff4
        if (!inFlag) {
          if (tagCodes.length < maxHidden) tagCodes.push(low - 0xdc00)
          mark(index, index + 2)
        }
        index += 1
        continue
      }
      if (low >= 0xdd00 && low <= 0xddef) {
        takeSelector(low - 0xdd00 + 16, index, 2)
        index += 1
        continue
      }
    }
    const kind = classOf(code)
    if (kind === 0) {
      codes[length] = code
      offsets[length++] = index
      continue
    }
    const before = text.charCodeAt(index - 1)
    const after = text.charCodeAt(index + 1)
    if (kind === 3) takeSelector(code - 0xfe00, index, 1)
    else if (kind === 2) {
      if (isRightToLeft(before) || isRightToLeft(after)) continue
      bidi += 1
      mark(index, index + 1)
      if (code === 0x202e) overrideStart = length
      else if (code === 0x202c && overrideStart >= 0) {
        overridden += reversedText(codes, overrideStart, length)
        overrideStart = -1
      }
    } else {
      if (code === 0xfeff && index === 0) continue
      if (code === zeroWidthJoiner && (isPictorial(before) || isPictorial(after))) continue
      if ((code === zeroWidthJoiner || code === zeroWidthNonJoiner) && needsJoiners(before)) continue
      zeroWidth += 1
      mark(index, index + 1)
      if (bits.length < maxHidden) bits.push(code)
    }
  }
  if (overrideStart >= 0) overridden += reversedText(codes, overrideStart, length)
  return {
    codes,
    offsets,
    length,
    evidence: {
      zeroWidth,
      bidi,
      tags: tagCodes.length,
      selectors,
      tagText: String.fromCharCode(...tagCodes),
      selectorText: Buffer.from(selectorBytes).toString('utf8'),
      bitText: readBits(bits),
      overridden,
      start: Math.max(start, 0),
      end,
    },
  }
}

const reversedText = (codes: Uint16Array, from: number, to: number): string =>
  String.fromCharCode(...codes.subarray(from, Math.min(to, from + maxHidden)).toReversed())

/** Zero-width characters as bits, the two commonest kinds, whichever of them is the one. */
const readBits = (bits: readonly number[]): string => {
  if (bits.length < 32) return ''
  const counts = new Map<number, number>()
  for (const bit of bits) counts.set(bit, (counts.get(bit) ?? 0) + 1)
  const [zero, one] = [...counts.keys()].sort(
    (left, right) => (counts.get(right) ?? 0) - (counts.get(left) ?? 0),
  )
  if (zero === undefined || one === undefined) return ''
  const digits = bits.filter((bit) => bit === zero || bit === one)
  for (const unit of [zero, one]) {
    let text = ''
    for (let index = 0; index + 8 <= digits.length; index += 8) {
      let value = 0
      for (let bit = 0; bit < 8; bit += 1) value = value * 2 + (digits[index + bit] === unit ? 1 : 0)
      if (value < 9 || value > 126) break
      text += String.fromCharCode(value)
    }
    if (text.length >= 4 && text.length * 8 >= digits.length * 0.9) return text
  }
  return ''
}
