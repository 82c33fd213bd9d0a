/**
 * A text as the scanners read it: one byte for each UTF-16 unit. ASCII stands for itself and for what folds to it
 * (every decimal digit of every script, full-width forms, dashes, spaces); the rest is told by class alone.
 */
export interface FoldedText {
  /** Longer than the text: only the first `length` bytes count, and some zeros follow. Valid until the next folding. */
  readonly bytes: Uint8Array
  readonly length: number
  /** The place in the original, in UTF-16 units, where this byte begins. */
  readonly startOf: (place: number) => number
  /** The place in the original where the byte before this one ends. */
  readonly endOf: (place: number) => number
}

/** Classes of what is not ASCII. */
export const folded = {
  /** A letter of a script that writes words apart and has two cases: Latin, Greek, Cyrillic, … */
  casedLetter: 0x80,
  /** Any other letter: ideographs, kana, Thai, Arabic, Devanagari, … */
  letter: 0x81,
  other: 0x82,
  year: 0x84,
  month: 0x85,
  day: 0x86,
} as const

/** Left out: invisible marks that people's tools put into numbers (directions, joiners, soft hyphens). */
const dropped = 0xff
/** The first half of what may be a digit beyond the basic plane. */
const paired = 0xfe

/** Zeros after the text, so that looking a little ahead sees nothing. */
const ending = 8

/** More than this is not kept between texts. */
const keptBytes = 1 << 20

/**
 * What each unit of the basic plane becomes. Of NFKC only what matters to numbers: a footnote's superscript is no
 * digit of the number before it.
 */
const foldTable = (): Uint8Array => {
  const table = new Uint8Array(0x10000).fill(folded.other)
  // One text of all characters is asked for runs: asking for each by itself takes ten times as long.
  const units = Uint16Array.from({ length: 0x10000 }, (_, unit) =>
    unit === 0xfeff || (unit >= 0xd800 && unit < 0xe000) ? 0x20 : unit,
  )
  const all = Buffer.from(units.buffer).toString('utf16le')
  for (const { index, 0: run } of all.matchAll(/[\p{L}\p{M}]+/gu)) {
    table.fill(folded.letter, index, index + run.length)
  }
  for (const { index, 0: run } of all.matchAll(/[\p{Lu}\p{Ll}\p{Lt}]+/gu)) {
    table.fill(folded.casedLetter, index, index + run.length)
  }
  for (let unit = 0; unit < 0x80; unit++) table[unit] = unit
  for (const { index, 0: run } of all.matchAll(/\p{Nd}+/gu)) {
    for (let place = 0; place < run.length; place++) table[index + place] = 0x30 + (place % 10)
  }
  for (let unit = 0xff01; unit <= 0xff5e; unit++) table[unit] = unit - 0xfee0
  for (let unit = 0xfe50; unit <= 0xfe6b; unit++) {
    const small = String.fromCharCode(unit).normalize('NFKC')
    if (small.length === 1) table[unit] = small.charCodeAt(0)
  }
  const to = (byte: number, characters: string): void => {
    for (const character of characters) table[character.charCodeAt(0)] = byte
  }
  to(0x2d, '\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63')
  to(0x20, '\u00a0\u1680\u202f\u205f\u3000')
  for (let unit = 0x2000; unit <= 0x200a; unit++) table[unit] = 0x20
  to(folded.year, '年년')
  to(folded.month, '月월')
  to(folded.day, '日일号號')
  to(dropped, '\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff')
  to(dropped, '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')
  // Mathematical digits and those of younger scripts; pictures (U+1F000 to U+1F7FF) are left alone.
  table.fill(paired, 0xd801, 0xd83c)
  table[0xd83e] = paired
  return table
}

/** Digits beyond the basic plane, by code point, each ten apart from the next script's. */
const astralDigits = (): ReadonlyMap<number, number> => {
  const digits = new Map<number, number>()
  const isDigit = /^\p{Nd}$/u
  const blocks: readonly (readonly [number, number])[] = [
    [0x10400, 0x12000],
    [0x16100, 0x16200],
    [0x16a00, 0x16e00],
    [0x1ccf0, 0x1cd00],
    [0x1d7ce, 0x1d800],
    [0x1e100, 0x1e300],
    [0x1e4f0, 0x1e600],
    [0x1e950, 0x1e960],
    [0x1fbf0, 0x1fbfa],
  ]
  for (const [from, to] of blocks) {
    let run = 0
    for (let point = from; point < to; point++) {
      const found = isDigit.test(String.fromCodePoint(point))
      if (found) digits.set(point, run++ % 10)
      else run = 0
    }
  }
  return digits
}

/** Makes the folding function. */
export const createFolder = (): ((text: string) => FoldedText) => {
  let table: Uint8Array = new Uint8Array(0)
  let astral: ReadonlyMap<number, number> = new Map()
  const encoder = new TextEncoder()
  let kept = new Uint8Array(1 << 16)

  const room = (length: number): Uint8Array<ArrayBuffer> => {
    if (length + ending <= kept.length) return kept
    const bytes = new Uint8Array(length + ending)
    if (length <= keptBytes) kept = bytes
    return bytes
  }

  const finish = (bytes: Uint8Array, length: number): number => {
    bytes.fill(0, length, length + ending)
    return length
  }

  return (text) => {
    const length = text.length
    const bytes = room(length)
    // Text of ASCII alone, as most of what agents send, fills its own length and is done.
    const { read, written } = encoder.encodeInto(text, bytes)
    if (read === length && written === length) {
      return { bytes, length: finish(bytes, length), startOf: same, endOf: same }
    }
    if (table.length === 0) {
      table = foldTable()
      astral = astralDigits()
    }
    const stop = foldUntilMove(table, text, bytes, 0, 0)
    if (stop === length) return { bytes, length: finish(bytes, length), startOf: same, endOf: same }
    return foldMoved(table, astral, text, bytes, stop)
  }
}

const same = (place: number): number => place

/** Folds into the bytes from `place` on, up to what may move the rest. @returns where in the text that is */
const foldUntilMove = (
  table: Uint8Array,
  text: string,
  bytes: Uint8Array,
  from: number,
  place: number,
): number => {
  const shift = place - from
  const { length } = text
  for (let index = from; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) {
      bytes[index + shift] = unit
      continue
    }
    const byte = table[unit] as number
    if (byte >= paired) return index
    bytes[index + shift] = byte
  }
  return length
}

/** Goes on from the first such place: what follows one lies further back in the bytes than in the text. */
const foldMoved = (
  table: Uint8Array,
  astral: ReadonlyMap<number, number>,
  text: string,
  bytes: Uint8Array,
  first: number,
): FoldedText => {
  /** From this byte on, the original is so many units ahead. */
  const places: number[] = []
  const shifts: number[] = []
  let length = first
  let from = first
  while (from < text.length) {
    if (table[text.charCodeAt(from)] === dropped) from++
    else {
      const digit = astral.get(text.codePointAt(from) ?? 0)
      bytes[length++] = digit === undefined ? folded.other : 0x30 + digit
      from += digit === undefined ? 1 : 2
    }
    if (from - length !== (shifts.at(-1) ?? 0)) {
      places.push(length)
      shifts.push(from - length)
    }
    const stop = foldUntilMove(table, text, bytes, from, length)
    length += stop - from
    from = stop
  }
  bytes.fill(0, length, length + ending)
  const startOf = (place: number): number => place + (shifts[lastAtMost(places, place)] ?? 0)
  const endOf = (place: number): number => {
    const last = startOf(place - 1)
    const unit = text.charCodeAt(last)
    return last + (unit >= 0xd800 && unit < 0xdc00 ? 2 : 1)
  }
  return { bytes, length, startOf, endOf }
}

/** Index of the last number that is not above this one; -1 for none. */
const lastAtMost = (sorted: readonly number[], limit: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
