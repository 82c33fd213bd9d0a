import { escapeText } from './apply-edits.ts'
import { isWord } from './match-placeholder.ts'
import { longestPlaceholder } from './placeholder.ts'
import type { PlaceholderMap } from './placeholder-map.ts'

/** Puts values back into one text that comes in pieces. */
export interface Restorer {
  /** What can go out now. */
  push(piece: string): string
  /** What was held back. */
  end(): string
  /** Characters held back: the beginning of what may become a placeholder, never more than 32. */
  readonly held: number
  readonly counts: RestoreCounts
}

export interface RestoreCounts {
  restored: number
  /** Words of a placeholder's form that stand for nothing: left as they are. */
  unknown: number
}

/** A text with its placeholders' values. */
export const restoreText = (
  text: string,
  map: PlaceholderMap,
  counts: RestoreCounts = { restored: 0, unknown: 0 },
): string => restoreWhole(text, map, 'text', counts)

/** The same for JSON source: values are escaped as the string around them wants it. */
export const restoreJson = (
  source: string,
  map: PlaceholderMap,
  counts: RestoreCounts = { restored: 0, unknown: 0 },
): string => restoreWhole(source, map, 'json', counts)

const restoreWhole = (
  text: string,
  map: PlaceholderMap,
  kind: 'text' | 'json',
  counts: RestoreCounts,
): string => {
  const restorer = createRestorer(map, kind, counts)
  const restored = restorer.push(text) + restorer.end()
  return restored === text ? text : restored
}

/**
 * @param kind `json`: the text is JSON source, whose strings hold placeholders; one that stands outside of a string,
 *   where no JSON can be, becomes a string
 */
export const createRestorer = (
  map: PlaceholderMap,
  kind: 'text' | 'json',
  counts: RestoreCounts = { restored: 0, unknown: 0 },
): Restorer => {
  const matcher = map.matcher()
  const unknowns = unknownCounter((word) => matcher.isUnknown(word), counts)
  const json = kind === 'json' ? jsonReader() : undefined
  let held = ''
  /** Is the last character that went out, as a reader sees it, part of a word? */
  let followsWord = false

  const run = (text: string, isWhole: boolean): string => {
    let output = ''
    let copied = 0
    let at = 0
    while (at < text.length) {
      const code = text.charCodeAt(at)
      const goesOn = json?.isWithinEscape === true
      if (!goesOn && matcher.begins(code)) {
        const follows = at === 0 || json !== undefined ? followsWord : isWord(text.charCodeAt(at - 1))
        const found = matcher.match(text, at, follows, isWhole)
        if (found === 'partial') {
          held = text.slice(at)
          if (at > 0 && json === undefined) followsWord = isWord(text.charCodeAt(at - 1))
          return output + text.slice(copied, at)
        }
        if (found === 'match') {
          output += text.slice(copied, at) + write(matcher.value)
          at = matcher.end
          copied = at
          followsWord = isWord(text.charCodeAt(at - 1))
          counts.restored++
          continue
        }
      }
      if (json !== undefined) {
        json.read(code)
        followsWord = json.followsWord
      }
      at++
    }
    held = ''
    if (json === undefined && text.length > 0) followsWord = isWord(text.charCodeAt(text.length - 1))
    return output + text.slice(copied)
  }

  const write = (value: string): string => {
    if (json === undefined) return value
    return json.isInString ? escapeText(value) : JSON.stringify(value)
  }

  return {
    push(piece) {
      if (piece === '') return ''
      unknowns(piece)
      return run(held + piece, false)
    },
    end: () => run(held, true),
    get held() {
      return held.length
    },
    counts,
  }
}

/** Walks JSON source by characters: where strings begin and end, and which characters belong to an escape. */
const jsonReader = () => {
  const reader = {
    isInString: false,
    /** The next character is the rest of an escape. */
    isWithinEscape: false,
    followsWord: false,
    read(code: number): void {
      if (reader.isWithinEscape) {
        readEscape(code)
        return
      }
      if (code === 0x5c && reader.isInString) {
        reader.isWithinEscape = true
        left = -1
        return
      }
      if (code === 0x22) reader.isInString = !reader.isInString
      reader.followsWord = isWord(code)
    },
  }
  /** Digits of a `\u` escape still to come; -1: its letter. */
  let left = -1
  let unit = 0

  const readEscape = (code: number): void => {
    if (left < 0) {
      unit = 0
      left = code === 0x75 ? 4 : 0
    } else {
      left--
      unit = unit * 16 + Number.parseInt(String.fromCharCode(code), 16)
    }
    if (left > 0) return
    reader.isWithinEscape = false
    reader.followsWord = isWord(unit)
  }
  return reader
}

/** Counts words in brackets that look like placeholders and are none; only the end of a piece is remembered. */
const unknownCounter = (isUnknown: (word: string) => boolean, counts: RestoreCounts) => {
  let tail = ''
  return (piece: string): void => {
    const text = tail + piece
    for (let end = text.indexOf(']', tail.length); end >= 0; end = text.indexOf(']', end + 1)) {
      const near = text.slice(Math.max(0, end - longestPlaceholder), end)
      const start = near.lastIndexOf('[')
      if (start >= 0 && isUnknown(near.slice(start + 1))) counts.unknown++
    }
    tail = text.slice(-longestPlaceholder)
  }
}
