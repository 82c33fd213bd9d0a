import { extensionOf, type MediaSource, type Part, type PartNode, type TextPart } from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'
import { codePoints, encodeCitation } from './citations.ts'
import { formatDataUrl } from './data-url.ts'
import { objectMember, stringMember } from './members.ts'
import { patched, type Written } from './patch.ts'
import { protocolId } from './wire.ts'

/** Where a content part stands: who speaks, and whether it is part of a request or of an answer. */
export interface ContentPlace {
  readonly speaker: 'user' | 'assistant'
  readonly side: 'request' | 'answer'
}

/** A content part; undefined where the wire has no form for it in this place. */
export const encodePart = (part: Part, place: ContentPlace): Written | RawJson | undefined => {
  if (part.raw?.protocol === protocolId) return rawJson(part.raw.json)
  const written = writePart(part, place)
  return written === undefined ? undefined : patched(written, partPatch(part))
}

/** What the wire said about a content part beyond the canonical form. */
export const partPatch = (part: Part) => objectMember(extensionOf(part, protocolId), 'part') ?? {}

/** A content part by its canonical fields alone. */
export const writePart = (part: Part, place: ContentPlace): Written | undefined => {
  switch (part.type) {
    case 'text':
      return place.speaker === 'assistant'
        ? writeOutputText(part, place)
        : { type: 'input_text', text: part.text, ...writeCacheMark(part) }
    case 'refusal': {
      if (place.speaker === 'user') return { type: 'input_text', text: part.text }
      const key = stringMember(extensionOf(part, protocolId), 'refusalKey') ?? 'refusal'
      return { type: 'refusal', [key]: part.text }
    }
    case 'image': {
      const source = writeMedia(part.source)
      if (source === undefined || place.speaker === 'assistant') return undefined
      return {
        type: 'input_image',
        ...('id' in source ? { file_id: source.id } : { image_url: source.url ?? source.data }),
        detail: part.detail,
        ...writeCacheMark(part),
      }
    }
    case 'document': {
      if (part.source.type === 'parts' || place.speaker === 'assistant') return undefined
      const source = writeMedia(part.source)
      if (source === undefined) return undefined
      return {
        type: 'input_file',
        filename: part.title,
        ...('id' in source
          ? { file_id: source.id }
          : source.url !== undefined
            ? { file_url: source.url }
            : { file_data: source.data }),
        ...writeCacheMark(part),
      }
    }
    case 'audio': {
      if (part.source.type !== 'base64' || place.speaker === 'assistant') return undefined
      const format = part.source.mediaType?.replace(/^audio\//, '')
      return { type: 'input_audio', input_audio: { data: part.source.data, format } }
    }
    case 'json':
      return { type: place.speaker === 'assistant' ? 'output_text' : 'input_text', text: part.json }
    default:
      return undefined
  }
}

const writeOutputText = (part: TextPart, place: ContentPlace): Written => ({
  type: 'output_text',
  annotations: (part.citations ?? [])
    .map((citation) => encodeCitation(citation, { start: 0, end: codePoints(part.text) }))
    .filter((annotation) => annotation !== undefined),
  ...(place.side === 'answer' ? { logprobs: [] } : {}),
  text: part.text,
})

type WrittenMedia =
  | { readonly id: string }
  | { readonly url: string; readonly data?: undefined }
  | { readonly url?: undefined; readonly data: string }

const writeMedia = (source: MediaSource): WrittenMedia | undefined => {
  switch (source.type) {
    case 'file':
      return { id: source.id }
    case 'url':
      return { url: source.url }
    case 'base64':
      return {
        data:
          source.mediaType === undefined
            ? source.data
            : formatDataUrl({ mediaType: source.mediaType, data: source.data }),
      }
    case 'text':
      return {
        data: formatDataUrl({
          mediaType: source.mediaType ?? 'text/plain',
          data: Buffer.from(source.text, 'utf8').toString('base64'),
        }),
      }
  }
}

const writeCacheMark = (part: PartNode): Written =>
  part.cache === undefined
    ? {}
    : {
        prompt_cache_breakpoint: {
          mode: 'explicit',
          ...(part.cache.ttl === undefined ? {} : { ttl: part.cache.ttl }),
        },
      }
