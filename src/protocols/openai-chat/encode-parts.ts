import { extensionOf, type MediaSource, type Part, type ReasoningPart } from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'
import { formatDataUrl } from './data-url.ts'
import { optional } from './members.ts'
import { type Members, restore, spellingKey } from './remainder.ts'
import type { CacheBreakpoint, ChatPart } from './wire.ts'

export const protocol = 'openai-chat'

/** A content part as the wire says it; undefined when Chat Completions has no word for it. */
export const encodePart = (part: Part): ChatPart | Members | RawJson | undefined => {
  if (part.type === 'opaque') return part.raw?.protocol === protocol ? rawJson(part.raw.json) : undefined
  const canonical = canonicalPart(part)
  return canonical === undefined ? undefined : restore(canonical, extensionOf(part, protocol))
}

/** The part without its extension. */
export const canonicalPart = (part: Part): ChatPart | undefined => {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text, ...breakpoint(part) }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    case 'image': {
      const url = mediaUrl(part.source)
      if (url === undefined) return undefined
      return {
        type: 'image_url',
        image_url: { url, ...optional('detail', part.detail) },
        ...breakpoint(part),
      }
    }
    case 'audio':
      if (part.source.type !== 'base64') return undefined
      return {
        type: 'input_audio',
        input_audio: { data: part.source.data, format: audioFormat(part.source.mediaType) },
        ...breakpoint(part),
      }
    case 'video': {
      const url = mediaUrl(part.source)
      return url === undefined ? undefined : { type: 'video_url', video_url: { url } }
    }
    case 'document':
      return canonicalDocument(part)
    case 'reasoning':
      return isThinkingPart(part)
        ? {
            type: 'thinking',
            thinking: part.pieces.map((piece) => ({ type: 'text' as const, text: piece.text })),
          }
        : undefined
    case 'json':
      return { type: 'text', text: part.json }
    default:
      return undefined
  }
}

/** Mistral writes thoughts as a content part; everybody else beside the content. */
export const isThinkingPart = (part: ReasoningPart): boolean =>
  extensionOf(part, protocol)[spellingKey] === 'thinking'

const canonicalDocument = (part: Extract<Part, { type: 'document' }>): ChatPart | undefined => {
  const { source } = part
  switch (source.type) {
    case 'base64': {
      const { mediaType, data } = source
      return {
        type: 'file',
        file: {
          // Required beside the data.
          filename: part.title ?? `document.${(mediaType ?? 'application/pdf').split('/')[1] ?? 'pdf'}`,
          file_data: mediaType === undefined ? data : formatDataUrl({ mediaType, data }),
        },
        ...breakpoint(part),
      }
    }
    case 'file':
      return {
        type: 'file',
        file: { ...optional('filename', part.title), file_id: source.id },
        ...breakpoint(part),
      }
    case 'url':
      return {
        type: 'document_url',
        document_url: source.url,
        ...optional('document_name', part.title),
      }
    default:
      return undefined
  }
}

const mediaUrl = (source: MediaSource): string | undefined => {
  switch (source.type) {
    case 'url':
      return source.url
    case 'base64':
      return formatDataUrl(source)
    default:
      return undefined
  }
}

/** `audio/mpeg` is `mp3` here; other subtypes are the format's own name. */
const audioFormat = (mediaType: string | undefined): string => {
  const subtype = (mediaType ?? 'audio/wav').split('/')[1] ?? 'wav'
  return subtype === 'mpeg' ? 'mp3' : subtype
}

export const audioMediaType = (format: string): string => `audio/${format === 'mp3' ? 'mpeg' : format}`

/** A mark that the source put on the whole message is written there. */
const breakpoint = (part: Part): { prompt_cache_breakpoint?: CacheBreakpoint } =>
  part.cache === undefined || extensionOf(part, protocol)[spellingKey] === 'message'
    ? {}
    : { prompt_cache_breakpoint: { mode: 'explicit', ...optional('ttl', part.cache.ttl) } }
