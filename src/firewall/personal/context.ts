import { contextWordRows } from './context-words.ts'
import { type ContextKind, contextKinds, type Identifier } from './identifier.ts'

/** What one word or phrase says. */
interface ContextWord {
  /** Folded and without spaces: see `createLetterFolder`. */
  readonly text: Uint16Array
  kinds: number
  readonly languages: Set<string>
  readonly owners: Set<Identifier>
  /** Begins and ends where words do, not inside one. */
  readonly isWhole: boolean
  /** Begins where a word does; what follows may be its inflection. */
  readonly isStart: boolean
}

/** A context word in a text, in UTF-16 units of the original. */
interface Hit {
  readonly word: ContextWord
  readonly start: number
  readonly end: number
}

/** How far a word vouches, in UTF-16 units. A word before a value is the rule, one after it the exception. */
const reachBefore = 64
const reachAfter = 32
const afterPenalty = 25

const ownBonus = 20
const languageBonus = 10

/** Texts are read for words in pieces of this length, each once and only where something was found. */
const pieceLength = 512
const longestWord = 48

/** What the words around one value say. */
export interface Surroundings {
  /**
   * How near a word that vouches for this identifier stands: 0 for none, higher is nearer; up to 130. `isOwn` when it
   * names this very number, `isLocal` when its language is written where the number is given.
   */
  vouch(identifier: Identifier): Vouching
  /** As `vouch`, for anything of a kind. */
  near(kind: ContextKind): number
  /** Languages of the words of a kind. */
  languages(kind: ContextKind): ReadonlySet<string>
}

export interface Vouching {
  readonly score: number
  readonly isOwn: boolean
  readonly isLocal: boolean
}

const silent: Vouching = { score: 0, isOwn: false, isLocal: false }

export interface ContextReader {
  /** @param start, end in UTF-16 units of the text */
  around(start: number, end: number): Surroundings | undefined
}

/** The countries whose phone numbers are written in a language. */
export type Countries = ReadonlyMap<string, readonly string[]>

export interface ContextWords {
  readonly countries: Countries
  open(text: string): ContextReader
}

/** Reads the tables of words once; a text is then opened and asked about places in it. */
export const createContextWords = (identifiers: readonly Identifier[]): ContextWords => {
  const foldLetter = createLetterFolder()
  const words = new Map<string, ContextWord>()
  const countries = new Map<string, readonly string[]>()
  const wordOf = (text: string): ContextWord => {
    const units = squeeze(text, foldLetter)
    const name = String.fromCharCode(...units)
    let word = words.get(name)
    if (word === undefined) {
      const isCased = /[\p{Lu}\p{Ll}]/u.test(name)
      const isJoined = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}]/u.test(
        name,
      )
      const isShort = units.length < (isCased ? 5 : 4)
      word = {
        text: units,
        kinds: 0,
        languages: new Set(),
        owners: new Set(),
        isWhole: isShort && !isJoined,
        isStart: isCased,
      }
      words.set(name, word)
    }
    return word
  }
  for (const row of contextWordRows) {
    const [language = '', places = '', ...columns] = row.split(';')
    countries.set(language, places === '' ? [] : places.split(' '))
    columns.forEach((column, kind) => {
      for (const text of column.split(',')) {
        const word = wordOf(text)
        word.kinds |= 1 << kind
        word.languages.add(language)
      }
    })
  }
  for (const identifier of identifiers) {
    for (const text of identifier.words ?? []) wordOf(text).owners.add(identifier)
  }
  for (const [kind, texts] of Object.entries(internationalWords)) {
    for (const text of texts) wordOf(text).kinds |= maskOf(kind)
  }
  const byStart = new Map<number, ContextWord[]>()
  for (const word of words.values()) {
    const key = keyOf(word.text, 0)
    const list = byStart.get(key)
    if (list === undefined) byStart.set(key, [word])
    else list.push(word)
  }
  for (const list of byStart.values()) list.sort((a, b) => b.text.length - a.text.length)
  const masks = new Map(identifiers.map((identifier) => [identifier, kindMask(identifier.kinds)]))
  return { countries, open: (text) => openText(text, foldLetter, byStart, masks) }
}

/** Words of kinds that are the same in most languages. */
const internationalWords: Readonly<Record<string, readonly string[]>> = {
  company: ['vat', 'company number', 'registration number', 'company registration', 'business number'],
  crypto: [
    'bitcoin',
    'btc',
    'ethereum',
    'eth',
    'wallet',
    'crypto',
    'usdt',
    'erc20',
    'litecoin',
    'blockchain',
  ],
  network: ['ip address', 'mac address', 'ip', 'mac', 'hardware address', 'ethernet'],
}

const maskOf = (kind: string): number => {
  const place = contextKinds.findIndex((known) => String(known) === kind)
  return place < 0 ? 0 : 1 << place
}

const kindMask = (kinds: readonly ContextKind[]): number =>
  kinds.reduce((mask, kind) => mask | maskOf(kind), 0)

const keyOf = (units: Uint16Array, at: number): number => (units[at] ?? 0) * 0x10000 + (units[at + 1] ?? 0)

const openText = (
  text: string,
  foldLetter: (unit: number) => number,
  byStart: ReadonlyMap<number, readonly ContextWord[]>,
  masks: ReadonlyMap<Identifier, number>,
): ContextReader => {
  const pieces = new Map<number, readonly Hit[]>()
  const scratch = {
    units: new Uint16Array(pieceLength + longestWord),
    places: new Uint32Array(pieceLength + longestWord),
    isStart: new Uint8Array(pieceLength + longestWord + 1),
  }
  const readPiece = (piece: number): readonly Hit[] => {
    const known = pieces.get(piece)
    if (known !== undefined) return known
    const from = piece * pieceLength
    const to = Math.min(text.length, from + pieceLength + longestWord)
    const { units, places, isStart } = scratch
    let length = 0
    let isOpen = !isLetterUnit(text.charCodeAt(from - 1))
    let isLower = false
    for (let place = from; place < to; place++) {
      const unit = text.charCodeAt(place)
      const letter = foldLetter(unit)
      if (letter === skipped) {
        if (!isJoiner(unit)) isOpen = true
        continue
      }
      const isUpper = unit >= 0x41 && unit <= 0x5a
      units[length] = letter
      places[length] = place
      isStart[length] = isOpen || (isUpper && isLower) ? 1 : 0
      isLower = unit >= 0x61 && unit <= 0x7a
      isOpen = !isLetterUnit(letter)
      length++
    }
    isStart[length] = 1
    units[length] = 0
    const hits: Hit[] = []
    for (let at = 0; at < length && (places[at] ?? 0) < from + pieceLength; at++) {
      const candidates = byStart.get((units[at] ?? 0) * 0x10000 + (units[at + 1] ?? 0))
      if (candidates === undefined) continue
      for (const word of candidates) {
        const stop = at + word.text.length
        if (stop > length || !isAt(units, at, word.text)) continue
        if ((word.isStart || word.isWhole) && isStart[at] !== 1) continue
        if (word.isWhole && stop < length && isStart[stop] !== 1 && isLetterUnit(units[stop] ?? 0)) continue
        hits.push({ word, start: places[at] ?? 0, end: (places[stop - 1] ?? 0) + 1 })
        at = stop - 1
        break
      }
    }
    pieces.set(piece, hits)
    return hits
  }
  return {
    around: (start, end) => {
      const near: { readonly word: ContextWord; readonly score: number }[] = []
      const from = Math.max(0, start - reachBefore)
      const to = Math.min(text.length, end + reachAfter)
      for (let piece = Math.floor(from / pieceLength); piece * pieceLength < to; piece++) {
        for (const hit of readPiece(piece)) {
          const { word } = hit
          if (hit.end <= start && hit.start >= from && lineBreaks(text, hit.end, start) <= 1) {
            near.push({ word, score: 100 - (start - hit.end) })
          } else if (hit.start >= end && hit.start < to && lineBreaks(text, end, hit.start) === 0) {
            near.push({ word, score: 100 - afterPenalty - (hit.start - end) })
          }
        }
      }
      return near.length === 0 ? undefined : surroundingsOf(near, masks)
    },
  }
}

const surroundingsOf = (
  near: readonly { readonly word: ContextWord; readonly score: number }[],
  masks: ReadonlyMap<Identifier, number>,
): Surroundings => ({
  vouch: (identifier) => {
    const mask = masks.get(identifier) ?? 0
    let best = silent
    for (const { word, score } of near) {
      const isOwn = word.owners.has(identifier)
      if (!isOwn && (word.kinds & mask) === 0) continue
      if (identifier.isGeneric === true && score < 100 - afterPenalty) continue
      const isLocal = identifier.languages?.some((language) => word.languages.has(language)) === true
      const total = score + (isOwn ? ownBonus : 0) + (isLocal ? languageBonus : 0)
      if (total > best.score) best = { score: total, isOwn, isLocal }
    }
    return best
  },
  near: (kind) => {
    const mask = maskOf(kind)
    return near.reduce(
      (best, { word, score }) => ((word.kinds & mask) === 0 ? best : Math.max(best, score)),
      0,
    )
  },
  languages: (kind) => {
    const mask = maskOf(kind)
    return new Set(near.flatMap(({ word }) => ((word.kinds & mask) === 0 ? [] : [...word.languages])))
  },
})

const isAt = (units: Uint16Array, at: number, word: Uint16Array): boolean => {
  for (let index = 0; index < word.length; index++) {
    if (units[at + index] !== word[index]) return false
  }
  return true
}

const lineBreaks = (text: string, from: number, to: number): number => {
  let breaks = 0
  for (let place = from; place < to; place++) {
    if (text.charCodeAt(place) === 0x0a) breaks++
  }
  return breaks
}

/** Left out of words: spaces, hyphens, underscores, quotes inside words, accents, invisible marks. */
const skipped = 1

const isJoiner = (unit: number): boolean =>
  unit >= 0x300 && unit !== 0x3000 && (unit < 0x2000 || unit > 0x200a)

const isLetterUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) ||
  (unit >= 0x41 && unit <= 0x5a) ||
  (unit >= 0xc0 && unit < 0x2000) ||
  unit > 0x2e80

/** Lower case, without the accents of Latin, Greek and Cyrillic letters; computed once per character. */
const createLetterFolder = (): ((unit: number) => number) => {
  const table = new Uint16Array(0x10000)
  const skip = " \t_-.'’ʻʼ`´\u00a0\u00ad\u2010\u2011\u200b\u200c\u200d\u200e\u200f\u3000\ufeff"
  for (const character of skip) table[character.charCodeAt(0)] = skipped
  for (let unit = 0x300; unit < 0x370; unit++) table[unit] = skipped
  return (unit) => {
    const known = table[unit] ?? 0
    if (known !== 0) return known
    const parts = String.fromCharCode(unit).toLowerCase().normalize('NFKD')
    const isPlain = parts.length === 1 || /^.[\u0300-\u036f]+$/u.test(parts)
    const letter = isPlain ? parts.charCodeAt(0) : unit
    table[unit] = letter
    return letter
  }
}

const squeeze = (text: string, foldLetter: (unit: number) => number): Uint16Array => {
  const units: number[] = []
  for (let index = 0; index < text.length; index++) {
    const letter = foldLetter(text.charCodeAt(index))
    if (letter !== skipped) units.push(letter)
  }
  return Uint16Array.from(units)
}
