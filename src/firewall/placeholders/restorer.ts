import { escapeText } from './apply-edits.ts'
import { firstWideOpening, isWord } from './match-placeholder.ts'
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
  const stops = kind === 'json' ? withJson(matcher.starts) : matcher.starts
  let held = ''
  /** Is the last character that went out, as a reader sees it, part of a word? */
  let followsWord = false

  const run = (text: string, isWhole: boolean): string => {
    let output = ''
    let copied = 0
    let at = 0
    /** Where `followsWord` tells what came before; elsewhere the text does. */
    let knownAt = 0
    const follows = (): boolean => (at === knownAt ? followsWord : isWord(text.charCodeAt(at - 1)))
    while (at < text.length) {
      const code = text.charCodeAt(at)
      if (json?.isWithinEscape === true) {
        json.readEscape(code)
        at++
        followsWord = json.followsWord
        knownAt = at
        continue
      }
      if (code < 128 ? stops[code] === 0 : code < firstWideOpening) {
        at++
        continue
      }
      if (matcher.begins(code)) {
        const found = matcher.match(text, at, follows(), isWhole)
        if (found === 'partial') {
          followsWord = follows()
          held = text.slice(at)
          return output + text.slice(copied, at)
        }
        if (found === 'match') {
          output += text.slice(copied, at) + write(matcher.value)
          at = matcher.end
          copied = at
          counts.restored++
          continue
        }
      }
      json?.read(code)
      at++
    }
    followsWord = follows()
    held = ''
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

/** JSON's own signs are to be looked at as well. */
const withJson = (starts: Uint8Array): Uint8Array => {
  const stops = starts.slice()
  stops[0x22] = 1
  stops[0x5c] = 1
  return stops
}

/** Told of each quote and backslash of JSON source: where strings begin and end, and what belongs to an escape. */
const jsonReader = () => {
  /** Digits of a `\u` escape still to come; -1: its letter. */
  let left = -1
  let unit = 0
  const reader = {
    isInString: false,
    /** The next character is the rest of an escape. */
    isWithinEscape: false,
    /** After an escape: what it says is part of a word. */
    followsWord: false,
    read(code: number): void {
      if (code === 0x22) reader.isInString = !reader.isInString
      if (code !== 0x5c || !reader.isInString) return
      reader.isWithinEscape = true
      left = -1
    },
    readEscape(code: number): void {
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
    },
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
