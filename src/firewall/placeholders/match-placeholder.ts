import { longestPlaceholder } from './placeholder.ts'
import type { PlaceholderEntry } from './placeholder-map.ts'

/** What stands at a place of a text. */
export type Match = 'match' | 'partial' | 'none'

/** Recognises live placeholders as models write them back. */
export interface Matcher {
  /** Can a placeholder begin with this character? Letters only where no word goes on. */
  begins(code: number): boolean
  /** The same for ASCII, as a table: 1 where one can begin. */
  readonly starts: Uint8Array
  /**
   * Looks at the text from `at` on. `partial`: it ends with a proper prefix of a placeholder.
   * @param followsWord the character before is a letter, digit or underscore
   * @param isWhole nothing comes after this text
   */
  match(text: string, at: number, followsWord: boolean, isWhole: boolean): Match
  /** After a match: where it ends, and what it stands for. */
  readonly end: number
  readonly value: string
  /** Is the word, without its brackets, shaped like a placeholder of these types, but none of them? */
  isUnknown(word: string): boolean
}

/** Spellings of one sign, in lower case, by their first character. */
type Spellings = ReadonlyMap<number, readonly string[]>

const spelled = (variants: readonly string[]): Spellings =>
  Map.groupBy(variants, (variant) => variant.charCodeAt(0))

/** Opening and closing brackets and the line between, as models, Markdown, HTML, addresses and JSON write them. */
const openings = spelled([
  '[',
  '\\[',
  '\\\\[',
  '%5b',
  '&#91;',
  '&#x5b;',
  '&lbrack;',
  '&lsqb;',
  '\\u005b',
  '［',
  '【',
  '〔',
  '⟦',
])
const closings = spelled([
  ']',
  '\\]',
  '\\\\]',
  '%5d',
  '&#93;',
  '&#x5d;',
  '&rbrack;',
  '&rsqb;',
  '\\u005d',
  '］',
  '】',
  '〕',
  '⟧',
])
const lines = spelled(['_', '\\_', '\\\\_', '%5f', '&#95;', '&#x5f;', '&lowbar;', '\\u005f', '＿'])
/** Within brackets only: elsewhere a space or hyphen ends a word. */
const looseLines = spelled([...[...lines.values()].flat(), ' ', '-', '\u00a0', '\u2010', '\u2011', '\u2013'])
const ats = spelled(['@', '\\@', '%40', '&#64;', '&#x40;', '&commat;', '\\u0040', '＠'])
const dots = spelled(['.', '\\.', '%2e', '&#46;', '&period;'])

export const createMatcher = (entries: readonly PlaceholderEntry[]): Matcher => {
  const live = entries.filter(({ value }) => value !== undefined)
  const tags = sorted(live.filter(isTag))
  const alike = sorted(live.filter((entry) => !isTag(entry)))
  const starts = startsOf(tags, alike)
  const known = new Set(entries.filter(isTag).map(bodyOf))
  const labels = new Set([...known].map((body) => body.slice(0, body.lastIndexOf('_'))))

  const matcher = {
    end: 0,
    value: '',
    starts,
    begins: (code: number): boolean => (code < 128 ? starts[code] === 1 : openers.has(code)),

    match(text: string, at: number, followsWord: boolean, isWhole: boolean): Match {
      const code = text.charCodeAt(at)
      if (isLetterOrDigit(code)) {
        if (followsWord) return 'none'
        const bare = walk(tags, text, at, 'bare', isWhole)
        if (bare === 'match') return bare
        const other = walk(alike, text, at, 'alike', isWhole)
        return other === 'none' ? bare : other
      }
      const size = variantAt(openings, text, at)
      if (size < 0) return isWhole ? 'none' : 'partial'
      return size === 0 ? 'none' : walk(tags, text, at, 'tag', isWhole, size)
    },

    isUnknown(word: string): boolean {
      const line = word.lastIndexOf('_')
      return (
        line > 0 &&
        labels.has(word.slice(0, line)) &&
        /^[0-9A-HJKMNP-TV-Z]{6,12}$/.test(word.slice(line + 1)) &&
        !known.has(word)
      )
    },
  }

  /** Follows the text through the sorted bodies: those that begin with what was read are always one run of them. */
  const walk = (
    { bodies, values }: Bodies,
    text: string,
    at: number,
    form: 'tag' | 'bare' | 'alike',
    isWhole: boolean,
    opening = 0,
  ): Match => {
    const limit = at + longestPlaceholder
    let position = at + opening
    let low = 0
    let high = bodies.length
    let depth = 0
    while (low < high && position < limit) {
      const isComplete = bodies[low]?.length === depth
      if (position >= text.length) {
        if (!isWhole) return 'partial'
        return isComplete && form !== 'tag' ? accept(values[low], position) : 'none'
      }
      const code = text.charCodeAt(position)
      if (isLetterOrDigit(code)) {
        const [from, to] = narrowLetter(bodies, low, high, depth, code, form === 'bare')
        low = from
        high = to
        depth++
        position++
        continue
      }
      if (isComplete) {
        if (form !== 'tag') return code === 0x5f ? 'none' : accept(values[low], position)
        const size = variantAt(closings, text, position)
        if (size > 0) return position + size <= limit ? accept(values[low], position + size) : 'none'
        if (size < 0 && !isWhole) return text.length < limit ? 'partial' : 'none'
      }
      const [size, symbol] = symbolAt(form, text, position)
      if (size < 0) return isWhole || text.length >= limit ? 'none' : 'partial'
      if (size === 0) return 'none'
      low = lowerBound(bodies, low, high, depth, symbol)
      high = lowerBound(bodies, low, high, depth, symbol + 1)
      depth++
      position += size
    }
    return 'none'
  }

  const accept = (value: string | undefined, end: number): Match => {
    if (value === undefined) return 'none'
    matcher.end = end
    matcher.value = value
    return 'match'
  }

  return matcher
}

interface Bodies {
  /** Upper case, without brackets, sorted by code unit. */
  readonly bodies: readonly string[]
  readonly values: readonly (string | undefined)[]
}

const isTag = ({ placeholder }: PlaceholderEntry): boolean => placeholder.startsWith('[')

const bodyOf = ({ placeholder }: PlaceholderEntry): string =>
  placeholder.replace(/^\[|\]$/g, '').toUpperCase()

const sorted = (entries: readonly PlaceholderEntry[]): Bodies => {
  const pairs = entries
    .map((entry) => ({ body: bodyOf(entry), value: entry.value }))
    .sort((a, b) => (a.body < b.body ? -1 : a.body > b.body ? 1 : 0))
  return { bodies: pairs.map(({ body }) => body), values: pairs.map(({ value }) => value) }
}

const openers: ReadonlySet<number> = new Set(openings.keys())

/** No opening bracket outside of ASCII lies below. */
export const firstWideOpening = 0x27e6

const startsOf = (tags: Bodies, alike: Bodies): Uint8Array => {
  const starts = new Uint8Array(128)
  if (tags.bodies.length > 0) {
    for (const opener of openers) if (opener < 128) starts[opener] = 1
  }
  for (const body of tags.bodies) starts[body.charCodeAt(0)] = 1
  for (const body of alike.bodies) {
    starts[body.charCodeAt(0)] = 1
    starts[body.charCodeAt(0) | 0x20] = 1
  }
  return starts
}

const isLetterOrDigit = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)

/** Letters, digits and the underscore, as far as names in code go. */
export const isWord = (code: number): boolean => isLetterOrDigit(code) || code === 0x5f

/** What a reader of Crockford's alphabet takes for what. */
const takenFor = new Map([
  [0x4f, 0x30],
  [0x49, 0x31],
  [0x4c, 0x31],
])

const narrowLetter = (
  bodies: readonly string[],
  low: number,
  high: number,
  depth: number,
  code: number,
  isStrict: boolean,
): readonly [number, number] => {
  const upper = code >= 0x61 && !isStrict ? code - 0x20 : code
  const from = lowerBound(bodies, low, high, depth, upper)
  const to = lowerBound(bodies, from, high, depth, upper + 1)
  const other = from === to ? takenFor.get(upper) : undefined
  if (other === undefined) return [from, to]
  const start = lowerBound(bodies, low, high, depth, other)
  return [start, lowerBound(bodies, start, high, depth, other + 1)]
}

/** The first body of the run whose character at that depth is not below the code. */
const lowerBound = (
  bodies: readonly string[],
  low: number,
  high: number,
  depth: number,
  code: number,
): number => {
  let from = low
  let to = high
  while (from < to) {
    const middle = (from + to) >> 1
    const body = bodies[middle] ?? ''
    if (depth < body.length && body.charCodeAt(depth) >= code) to = middle
    else from = middle + 1
  }
  return from
}

const symbolAt = (form: 'tag' | 'bare' | 'alike', text: string, at: number): readonly [number, number] => {
  if (form !== 'alike') return [variantAt(form === 'tag' ? looseLines : lines, text, at), 0x5f]
  const size = variantAt(ats, text, at)
  return size !== 0 ? [size, 0x40] : [variantAt(dots, text, at), 0x2e]
}

/** The size of the spelling that stands there; 0: none of them; -1: the text ends within one. */
const variantAt = (spellings: Spellings, text: string, at: number): number => {
  let isOpen = false
  for (const variant of spellings.get(lower(text.charCodeAt(at))) ?? []) {
    let same = 1
    while (same < variant.length && lower(text.charCodeAt(at + same)) === variant.charCodeAt(same)) same++
    if (same === variant.length) return same
    if (at + same >= text.length) isOpen = true
  }
  return isOpen ? -1 : 0
}

const lower = (code: number): number => (code >= 0x41 && code <= 0x5a ? code + 0x20 : code)
