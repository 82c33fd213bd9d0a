import {
  type CacheMark,
  extend,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MediaSource,
  type Part,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { parseDataUrl } from './data-url.ts'
import { audioMediaType, canonicalPart, protocol } from './encode-parts.ts'
import { arrayOf, objectOf, optional, stringOf } from './members.ts'
import { remainder, spellingKey } from './remainder.ts'

export interface DecodedContent {
  readonly parts: readonly Part[]
  readonly form?: 'string'
}

/** A message's `content`: a string, a list of parts, or nothing. */
export const decodeContent = (content: JsonValue | undefined, document: JsonDocument): DecodedContent => {
  if (typeof content === 'string') {
    return { parts: content === '' ? [] : [{ type: 'text', text: content }], form: 'string' }
  }
  return { parts: arrayOf(content).map((part) => decodePart(part, document)) }
}

/** One content part. What is unknown, or lacks what its type needs, becomes opaque. */
export const decodePart = (wire: JsonValue, document: JsonDocument): Part => {
  if (!isJsonObject(wire)) return opaque(wire, typeof wire, document)
  const known = knownPart(wire)
  if (known === undefined) return opaque(wire, stringOf(wire['type']) ?? 'unknown', document)
  const part = { ...known, ...cacheOf(wire) } satisfies Part
  const canonical = canonicalPart(part)
  if (canonical === undefined) return opaque(wire, stringOf(wire['type']) ?? 'unknown', document)
  const spelling = part.extensions?.[protocol]
  const rest = remainder(wire, canonical, document)
  return { ...part, ...extend(protocol, { ...spelling, ...rest }) }
}

const opaque = (wire: JsonValue, name: string, document: JsonDocument): Part => ({
  type: 'opaque',
  name,
  raw: { protocol, json: document.source(wire) },
})

const knownPart = (wire: JsonObject): Part | undefined => {
  switch (wire['type']) {
    case 'text':
      return typeof wire['text'] === 'string' ? { type: 'text', text: wire['text'] } : undefined
    case 'refusal':
      return typeof wire['refusal'] === 'string' ? { type: 'refusal', text: wire['refusal'] } : undefined
    case 'image_url': {
      // Mistral also takes the URL itself instead of an object.
      const image = objectOf(wire['image_url']) ?? { url: wire['image_url'] }
      const source = sourceOf(image['url'])
      return source && { type: 'image', source, ...optional('detail', stringOf(image['detail'])) }
    }
    case 'video_url': {
      const source = sourceOf(objectOf(wire['video_url'])?.['url'])
      return source && { type: 'video', source }
    }
    case 'input_audio': {
      const audio = objectOf(wire['input_audio'])
      const [data, format] = [stringOf(audio?.['data']), stringOf(audio?.['format'])]
      if (data === undefined || format === undefined) return undefined
      return { type: 'audio', source: { type: 'base64', data, mediaType: audioMediaType(format) } }
    }
    case 'file':
      return filePart(objectOf(wire['file']) ?? {})
    case 'document_url': {
      const url = stringOf(wire['document_url'])
      if (url === undefined) return undefined
      const title = stringOf(wire['document_name'])
      return { type: 'document', source: { type: 'url', url }, ...optional('title', title) }
    }
    case 'thinking': {
      const pieces = arrayOf(wire['thinking']).map((piece) => stringOf(objectOf(piece)?.['text']))
      if (!Array.isArray(wire['thinking']) || pieces.some((piece) => piece === undefined)) return undefined
      return {
        type: 'reasoning',
        pieces: pieces.map((text) => ({ kind: 'text', text: text ?? '' })),
        extensions: { [protocol]: { [spellingKey]: 'thinking' } },
      }
    }
    default:
      return undefined
  }
}

const filePart = (file: JsonObject): Part | undefined => {
  const title = optional('title', stringOf(file['filename']))
  const data = stringOf(file['file_data'])
  if (data !== undefined) {
    const source = parseDataUrl(data) ?? { data }
    return { type: 'document', source: { type: 'base64', ...source }, ...title }
  }
  const id = stringOf(file['file_id'])
  return id === undefined ? undefined : { type: 'document', source: { type: 'file', id }, ...title }
}

const sourceOf = (url: JsonValue | undefined): MediaSource | undefined => {
  if (typeof url !== 'string') return undefined
  const data = parseDataUrl(url)
  return data === undefined ? { type: 'url', url } : { type: 'base64', ...data }
}

/** A mark in OpenAI's words, or in Anthropic's, which OpenRouter and some clients send. */
export const cacheOf = (wire: JsonObject): { readonly cache?: CacheMark } => {
  const mark = objectOf(wire['prompt_cache_breakpoint']) ?? objectOf(wire['cache_control'])
  return mark === undefined ? {} : { cache: optional('ttl', stringOf(mark['ttl'])) }
}
