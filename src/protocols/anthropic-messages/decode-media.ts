import type { DocumentPart, JsonObject, MediaSource } from '../../ir/index.ts'
import { type BlockDecoder, type BlockSource, close, open } from './block-reader.ts'
import { type MemberReader, objectMember, ownMember, readMembers } from './members.ts'

export const decodeImage: BlockDecoder = (block, { parts }) => {
  const reader = open(block)
  const source = decodeSource(reader.object('source'), parts)
  if (source === undefined || source.source.type === 'text' || source.source.type === 'parts') {
    return undefined
  }
  return { type: 'image', source: source.source, ...close(reader, { source: source.rest }) }
}

export const decodeDocument: BlockDecoder = (block, { parts }) => {
  const reader = open(block)
  const source = decodeSource(reader.object('source'), parts)
  if (source === undefined) return undefined
  const citations = wantsCitations(reader, block)
  return {
    type: 'document',
    source: source.source,
    ...documentMembers(reader),
    ...citations.members,
    ...close(reader, { source: source.rest, citations: citations.rest }),
  }
}

/** A result of a client's own search: a document of several texts, whose `url` says where it is from. */
export const decodeSearchResult: BlockDecoder = (block, { parts }) => {
  const content = ownMember(block, 'content')
  if (!Array.isArray(content)) return undefined
  const hasSource = typeof ownMember(block, 'source') === 'string'
  // Without a source the type alone says what it is, and stays in the rest.
  const reader = hasSource ? open(block) : readMembers(block)
  reader.array('content')
  const url = reader.string('source')
  const citations = wantsCitations(reader, block)
  return {
    type: 'document',
    source: { type: 'parts', parts: parts(content, 'content') },
    ...(url === undefined ? {} : { url }),
    ...documentMembers(reader),
    ...citations.members,
    ...close(reader, { citations: citations.rest }),
  }
}

const documentMembers = (reader: MemberReader): Pick<DocumentPart, 'title' | 'context'> => {
  const title = reader.string('title')
  const context = reader.string('context')
  return {
    ...(title === undefined ? {} : { title }),
    ...(context === undefined ? {} : { context }),
  }
}

/** `citations: {enabled}`, taken where it says so. */
const wantsCitations = (
  reader: MemberReader,
  block: JsonObject,
): { readonly members: Pick<DocumentPart, 'wantsCitations'>; readonly rest: JsonObject } => {
  const citations = objectMember(block, 'citations')
  const inner = readMembers(citations)
  const enabled = inner.boolean('enabled')
  if (enabled === undefined) return { members: {}, rest: {} }
  reader.object('citations')
  return { members: { wantsCitations: enabled }, rest: inner.rest() }
}

interface DecodedSource {
  readonly source: DocumentPart['source']
  readonly rest: JsonObject
}

const decodeSource = (
  source: JsonObject | undefined,
  parts: BlockSource['parts'],
): DecodedSource | undefined => {
  if (source === undefined) return undefined
  const reader = open(source)
  const media = (build: (mediaType: { mediaType?: string }) => MediaSource | undefined) => {
    const mediaType = reader.string('media_type')
    const built = build(mediaType === undefined ? {} : { mediaType })
    return built === undefined ? undefined : { source: built, rest: reader.rest() }
  }
  switch (ownMember(source, 'type')) {
    case 'base64':
      return media((mediaType) => {
        const data = reader.string('data')
        return data === undefined ? undefined : { type: 'base64', data, ...mediaType }
      })
    case 'url':
      return media((mediaType) => {
        const url = reader.string('url')
        return url === undefined ? undefined : { type: 'url', url, ...mediaType }
      })
    case 'file':
      return media((mediaType) => {
        const id = reader.string('file_id')
        return id === undefined ? undefined : { type: 'file', id, ...mediaType }
      })
    case 'text':
      return media((mediaType) => {
        const text = reader.string('data')
        return text === undefined ? undefined : { type: 'text', text, ...mediaType }
      })
    case 'content': {
      const blocks = reader.array('content')
      if (blocks !== undefined) {
        return { source: { type: 'parts', parts: parts(blocks, 'source.content') }, rest: reader.rest() }
      }
      const text = reader.string('content')
      // One string instead of blocks: the same thing as a plain text, but for its spelling.
      return text === undefined
        ? undefined
        : { source: { type: 'text', text }, rest: { type: 'content', ...reader.rest() } }
    }
    default:
      return undefined
  }
}
