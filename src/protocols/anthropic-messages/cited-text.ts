/**
 * Citations of other protocols name a range of the answer's text, in code points. Here a citation belongs to a whole
 * text block, so that the text is cut where ranges begin and end (translation.md §9).
 */
import type { Citation, TextPart } from '../../ir/index.ts'
import { saysNothing } from './block-context.ts'

/** The pieces of a text, each with the citations that cover it; one piece where nothing names a range. */
export const splitAtCitations = (part: TextPart): readonly TextPart[] => {
  const { citations = [], text } = part
  if (citations.length === 0) return [part]
  const offsets = offsetsOf(text)
  const ranged = citations.map((citation) => {
    const range = rangeOf(citation, offsets)
    return { range, citation: withCitedText(citation, text, range) }
  })
  if (ranged.every(({ range }) => range === undefined)) {
    return [{ ...part, citations: ranged.map(({ citation }) => citation) }]
  }
  const { citations: _citations, ...bare } = part
  const borders = new Set([0, text.length, ...ranged.flatMap(({ range }) => range ?? [])])
  const sorted = [...borders].sort((a, b) => a - b)
  const pieces = sorted.slice(1).map((end, index): TextPart => {
    const start = sorted[index] ?? 0
    const covering = ranged.filter(({ range }) =>
      // Who names no range, means the text as a whole: it stands with the last words.
      range === undefined ? end === text.length : range[0] <= start && range[1] >= end,
    )
    const cited = covering.length === 0 ? {} : { citations: covering.map(({ citation }) => citation) }
    return { ...bare, text: text.slice(start, end), ...cited }
  })
  return withoutBlanks(pieces)
}

/** White space alone would be refused when it comes back as history: it goes with the piece before or behind it. */
const withoutBlanks = (pieces: readonly TextPart[]): readonly TextPart[] => {
  const result: TextPart[] = []
  let ahead = ''
  for (const piece of pieces) {
    const last = result.at(-1)
    if (!saysNothing(piece.text)) {
      result.push(ahead === '' ? piece : { ...piece, text: ahead + piece.text })
      ahead = ''
    } else if (last === undefined) {
      ahead += piece.text
    } else {
      const cited = [...(last.citations ?? []), ...(piece.citations ?? []).filter(isNew(last))]
      result[result.length - 1] = {
        ...last,
        text: last.text + piece.text,
        ...(cited.length === 0 ? {} : { citations: cited }),
      }
    }
  }
  return result
}

const isNew =
  (piece: TextPart) =>
  (citation: Citation): boolean =>
    piece.citations?.includes(citation) !== true

/** The citation with the words that it covers, where its source gave none. */
export const withCitedText = (
  citation: Citation,
  text: string,
  range = rangeOf(citation, offsetsOf(text)),
): Citation => {
  if (citation.citedText !== undefined || range === undefined) return citation
  return { ...citation, citedText: text.slice(range[0], range[1]) }
}

type Range = readonly [start: number, end: number]

/** In UTF-16 units, within the text; some providers' ranges are off by a few. An empty one is none. */
const rangeOf = (citation: Citation, offset: (codePoints: number) => number): Range | undefined => {
  if (citation.start === undefined || citation.end === undefined) return undefined
  const start = offset(citation.start)
  const end = offset(citation.end)
  return end > start ? [start, end] : undefined
}

/** From code points to UTF-16 units. */
const offsetsOf = (text: string): ((codePoints: number) => number) => {
  if (!astral.test(text)) return (point) => Math.max(0, Math.min(text.length, point))
  const starts: number[] = []
  for (let unit = 0; unit < text.length; unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1) {
    starts.push(unit)
  }
  return (point) => (point <= 0 ? 0 : (starts[point] ?? text.length))
}

const astral = /[\ud800-\udbff]/
