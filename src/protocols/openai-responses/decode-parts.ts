import {
  extend,
  isJsonObject,
  type JsonObject,
  type MediaSource,
  type Part,
  type PartNode,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodeAnnotation } from './citations.ts'
import { parseDataUrl } from './data-url.ts'
import { type ContentPlace, writePart } from './encode-parts.ts'
import { arrayMember, objectMember, stringMember } from './members.ts'
import { patchOf } from './patch.ts'
import { protocolId } from './wire.ts'

/**
 * One content part of a message or a tool output. What has no canonical word, or is not shaped as its type promises,
 * becomes an opaque part that keeps its source.
 */
export const decodePart = (content: unknown, place: ContentPlace, document: JsonDocument): Part => {
  const part = isJsonObject(content) ? knownPart(content, document) : undefined
  const written = part && writePart(part, place)
  if (!isJsonObject(content) || part === undefined || written === undefined) {
    const name = isJsonObject(content) ? (stringMember(content, 'type') ?? '') : ''
    // The mark tells it from an opaque item.
    return { ...opaquePart(name, content, document), extensions: { [protocolId]: { part: {} } } }
  }
  // Annotations are citations, each with its own patch.
  const cited = written['annotations'] !== undefined && arrayMember(content, 'annotations') !== undefined
  const patch = patchOf(content, written, cited ? ['annotations'] : [])
  return Object.keys(patch).length === 0
    ? part
    : { ...part, ...extend(protocolId, { ...part.extensions?.[protocolId], part: patch }) }
}

export const opaquePart = (name: string, source: unknown, document: JsonDocument): Part => ({
  type: 'opaque',
  name,
  raw: { protocol: protocolId, json: document.source(source) },
})

const knownPart = (content: JsonObject, document: JsonDocument): Part | undefined => {
  const mark = cacheMark(content)
  switch (content['type']) {
    case 'input_text':
    case 'output_text':
    case 'text': {
      const text = stringMember(content, 'text')
      const annotations = arrayMember(content, 'annotations') ?? []
      const citations = annotations.map((annotation) => decodeAnnotation(annotation, document))
      if (text === undefined) return undefined
      return { type: 'text', text, ...(citations.length === 0 ? {} : { citations }), ...mark }
    }
    case 'refusal': {
      const refusal = stringMember(content, 'refusal')
      if (refusal !== undefined) return { type: 'refusal', text: refusal }
      const text = stringMember(content, 'text')
      // Some clients send the words of a refusal back under `text`.
      return text === undefined
        ? undefined
        : { type: 'refusal', text, ...extend(protocolId, { refusalKey: 'text' }) }
    }
    case 'input_image': {
      const source = imageSource(content)
      const detail = stringMember(content, 'detail')
      return source && { type: 'image', source, ...(detail === undefined ? {} : { detail }), ...mark }
    }
    case 'input_file': {
      const source = fileSource(content)
      const title = stringMember(content, 'filename')
      return source && { type: 'document', source, ...(title === undefined ? {} : { title }), ...mark }
    }
    case 'input_audio': {
      const audio = objectMember(content, 'input_audio') ?? {}
      const data = stringMember(audio, 'data')
      const format = stringMember(audio, 'format')
      return data === undefined
        ? undefined
        : {
            type: 'audio',
            source: {
              type: 'base64',
              data,
              ...(format === undefined ? {} : { mediaType: `audio/${format}` }),
            },
          }
    }
    default:
      return undefined
  }
}

const imageSource = (content: JsonObject): MediaSource | undefined => {
  const url = stringMember(content, 'image_url')
  if (url !== undefined) return fromUrl(url)
  const id = stringMember(content, 'file_id')
  return id === undefined ? undefined : { type: 'file', id }
}

const fileSource = (content: JsonObject): MediaSource | undefined => {
  const data = stringMember(content, 'file_data')
  // `file_data` is a data URL or, from some clients, bare base64 without a media type.
  if (data !== undefined) {
    const media = parseDataUrl(data)
    if (media !== undefined) return { type: 'base64', ...media }
    return data.startsWith('data:') ? undefined : { type: 'base64', data }
  }
  const url = stringMember(content, 'file_url')
  if (url !== undefined) return { type: 'url', url }
  const id = stringMember(content, 'file_id')
  return id === undefined ? undefined : { type: 'file', id }
}

const fromUrl = (url: string): MediaSource => {
  const media = parseDataUrl(url)
  return media === undefined ? { type: 'url', url } : { type: 'base64', ...media }
}

const cacheMark = (content: JsonObject): Pick<PartNode, 'cache'> => {
  const mark = objectMember(content, 'prompt_cache_breakpoint')
  if (mark?.['mode'] !== 'explicit') return {}
  const ttl = stringMember(mark, 'ttl')
  return { cache: ttl === undefined ? {} : { ttl } }
}
