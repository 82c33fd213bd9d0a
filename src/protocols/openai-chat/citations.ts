import { type Citation, extend, extensionOf, isJsonObject, type JsonValue } from '../../ir/index.ts'
import { type JsonDocument, type RawJson, rawJson } from '../../wire/index.ts'
import { protocol } from './encode-parts.ts'
import { numberOf, objectOf, optional, stringOf } from './members.ts'
import { type Members, remainder, restore } from './remainder.ts'
import type { ChatAnnotation } from './wire.ts'

/** The text part that is cited in: where it begins in the message and how long it is, in code points. */
export interface CitedText {
  readonly start: number
  readonly length: number
}

/** One entry of `annotations`. Indexes count code points of the message's text. */
export const decodeAnnotation = (wire: JsonValue, cited: CitedText, document: JsonDocument): Citation => {
  const web =
    isJsonObject(wire) && wire['type'] === 'url_citation' ? objectOf(wire['url_citation']) : undefined
  const url = stringOf(web?.['url'])
  if (web === undefined || url === undefined || !isJsonObject(wire)) {
    return { kind: 'other', raw: { protocol, json: document.source(wire) } }
  }
  const citation: Citation = {
    kind: 'web',
    url,
    ...optional('title', stringOf(web['title'])),
    ...optional('start', within(numberOf(web['start_index']), cited)),
    ...optional('end', within(numberOf(web['end_index']), cited)),
  }
  const canonical = canonicalAnnotation(citation, cited)
  return {
    ...citation,
    ...extend(protocol, canonical === undefined ? {} : remainder(wire, canonical, document)),
  }
}

const within = (index: number | undefined, cited: CitedText): number | undefined =>
  index === undefined ? undefined : index - cited.start

/** Undefined for a citation of something that has no URL: there is no other kind here. */
export const encodeAnnotation = (
  citation: Citation,
  cited: CitedText,
): ChatAnnotation | Members | RawJson | undefined => {
  if (citation.raw?.protocol === protocol) return rawJson(citation.raw.json)
  const canonical = canonicalAnnotation(citation, cited)
  return canonical === undefined ? undefined : restore(canonical, extensionOf(citation, protocol))
}

/** Is there something to point to? A client's own search may name its source as it likes. */
export const isSayable = ({ kind, url }: Citation): boolean =>
  url !== undefined && (kind !== 'search-result' || /^https?:/i.test(url))

const canonicalAnnotation = (citation: Citation, cited: CitedText): ChatAnnotation | undefined => {
  const { url, title = url } = citation
  if (url === undefined || title === undefined || !isSayable(citation)) return undefined
  return {
    type: 'url_citation',
    url_citation: {
      url,
      title,
      // A citation without a place belongs to its whole text part.
      start_index: cited.start + (citation.start ?? 0),
      end_index: cited.start + (citation.end ?? cited.length),
    },
  }
}

/** Some providers' places are off by a few characters: none points behind the text. */
export const clamped = (citation: Citation, length: number): Citation => {
  const { start, end } = citation
  if ((start ?? 0) <= length && (end ?? 0) <= length) return citation
  return {
    ...citation,
    ...optional('start', start === undefined ? undefined : Math.min(start, length)),
    ...optional('end', end === undefined ? undefined : Math.min(end, length)),
  }
}

/** Length in code points, the unit of the indexes. */
export const codePoints = (text: string): number => {
  let count = text.length
  for (let index = 1; index < text.length; index++) {
    if (isLow(text.charCodeAt(index)) && isHigh(text.charCodeAt(index - 1))) count--
  }
  return count
}

const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff
