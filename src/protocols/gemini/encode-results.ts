import {
  extensionOf,
  isJsonObject,
  type MediaCapability,
  type Part,
  parseJson,
  type ToolResultPart,
} from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'
import { documentText } from './document-text.ts'
import { innerNotes } from './encode-calls.ts'
import type { EncodedPart, PartContext } from './encode-parts.ts'
import { writeMembers } from './read-object.ts'

/**
 * A `functionResponse`, and the media that the model does not take inside one: they stand behind all responses of the
 * turn (translation.md §5.4, TR3).
 * @param encodePart encodes a part inside it
 */
export const encodeResult = (
  part: ToolResultPart,
  context: PartContext,
  encodePart: (part: Part, context: PartContext) => readonly EncodedPart[],
): { readonly response: object; readonly behind: readonly EncodedPart[] } => {
  const words: Part[] = []
  const inside: Part[] = []
  const behind: Part[] = []
  for (const piece of part.content) {
    const text =
      piece.type === 'document' && context.side !== 'own' ? documentText(piece, context) : undefined
    if (text !== undefined) words.push({ type: 'text', text })
    else if (isWords(piece)) words.push(piece)
    else if (isTakenInside(piece, context.resultMedia)) inside.push(insidePart(piece, context))
    else behind.push(piece)
  }
  const result = {
    id: part.callId,
    name: (part.callId === undefined ? undefined : context.nameOf(part.callId)) ?? part.name ?? 'unknown',
    response: responseOf(part, words),
    parts: inside.length === 0 ? undefined : inside.flatMap((piece) => encodePart(piece, context)),
  }
  return {
    response: { functionResponse: writeMembers(result, innerNotes(part, 'functionResponse')) },
    behind: behind.flatMap((piece) => encodePart(piece, context)),
  }
}

const isWords = (part: Part): boolean =>
  part.type === 'text' || part.type === 'json' || part.type === 'refusal'

/** @param media what the model takes inside a response; undefined for Gemini's own turns, where they stood there */
const isTakenInside = (part: Part, media: MediaCapability | undefined): boolean => {
  if (media === undefined) return true
  switch (part.type) {
    case 'image':
      return media.images && (part.source.type !== 'url' || media.imageUrls)
    case 'document':
      return media.pdf
    case 'audio':
      return media.audio
    case 'video':
      return media.video
    default:
      return false
  }
}

/** Parts of a response know no resolution; only Gemini itself may have said one. */
const insidePart = (part: Part, context: PartContext): Part => {
  if (part.type !== 'image' || part.detail === undefined || context.side === 'own') return part
  const { detail, ...rest } = part
  if (detail !== 'auto') context.lose('dropped', 'image detail', part, 'no counterpart inside a response')
  return rest
}

/**
 * A structured value goes as it is, words under `output`, or `error` where the tool failed. Words that happen to be
 * JSON stay words. Keys that begin with `$` look like references to the vendor, so their object goes as words.
 */
const responseOf = (part: ToolResultPart, words: readonly Part[]): RawJson => {
  const [only] = words
  if (words.length === 1 && only?.type === 'json') {
    const value = parseJson(only.json)
    const isPlain = !hasReference(only.json)
    if (part.isError === true && value !== undefined && isPlain) return rawJson(`{"error":${only.json}}`)
    if (isJsonObject(value) && isPlain) return rawJson(only.json)
  }
  const spelling = only === undefined ? undefined : extensionOf(only, 'gemini')['$key']
  const key = part.isError === true ? 'error' : typeof spelling === 'string' ? spelling : 'output'
  return rawJson(JSON.stringify({ [key]: words.map(textOf).join('\n') }))
}

const hasReference = (json: string): boolean => /"\$[^"]*"\s*:/.test(json)

const textOf = (part: Part): string => {
  if (part.type === 'text' || part.type === 'refusal') return part.text
  return part.type === 'json' ? part.json : ''
}
