import {
  type DocumentPart,
  isJsonObject,
  type JsonObject,
  type MediaSource,
  type Part,
  type PartNode,
  type ToolResultPart,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodeCitation } from './citations.ts'
import { isEmpty, type MemberReader, objectMember, ownMember, readMembers } from './members.ts'
import { own, ownIfAny } from './own.ts'
import { resultSuffix, toolOfName } from './server-tools.ts'
import { protocolId } from './wire.ts'

/**
 * One content block as a part. What has no canonical word, or is not shaped as its type promises, becomes an opaque
 * part that keeps its source.
 */
export const decodeBlock = (block: unknown, document: JsonDocument): Part => {
  if (!isJsonObject(block)) return opaque('', block, document)
  const type = ownMember(block, 'type')
  if (typeof type !== 'string') return opaque('', block, document)
  const decode = Object.hasOwn(decoders, type) ? decoders[type] : undefined
  const part =
    decode !== undefined
      ? decode(block, document)
      : type.endsWith(resultSuffix)
        ? decodeServerResult(block, document)
        : undefined
  return part ?? opaque(type, block, document)
}

export const decodeBlocks = (blocks: readonly unknown[], document: JsonDocument): readonly Part[] =>
  blocks.map((block) => decodeBlock(block, document))

const opaque = (name: string, block: unknown, document: JsonDocument): Part => ({
  type: 'opaque',
  name,
  raw: { protocol: protocolId, json: document.source(block) },
})

type Decoder = (block: JsonObject, document: JsonDocument) => Part | undefined

const decodeText: Decoder = (block) => {
  const reader = open(block)
  const text = reader.string('text')
  if (text === undefined) return undefined
  const citations = ownMember(block, 'citations')
  const hasCitations = Array.isArray(citations) && citations.length > 0
  if (hasCitations) reader.array('citations')
  return {
    type: 'text',
    text,
    ...(hasCitations ? { citations: citations.map(decodeCitation) } : {}),
    ...closeOwn(reader),
  }
}

const decodeImage: Decoder = (block, document) => {
  const reader = open(block)
  const source = decodeSource(reader.object('source'), document)
  if (source === undefined || source.source.type === 'text' || source.source.type === 'parts') {
    return undefined
  }
  return { type: 'image', source: source.source, ...close(reader, { source: source.rest }) }
}

const decodeDocument: Decoder = (block, document) => {
  const reader = open(block)
  const source = decodeSource(reader.object('source'), document)
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

/** A result of a client's own search: a document of several texts, whose `source` says where it is from. */
const decodeSearchResult: Decoder = (block, document) => {
  const reader = readMembers(block)
  const content = reader.array('content')
  if (content === undefined) return undefined
  const citations = wantsCitations(reader, block)
  return {
    type: 'document',
    source: { type: 'parts', parts: decodeBlocks(content, document) },
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

const decodeSource = (source: JsonObject | undefined, document: JsonDocument): DecodedSource | undefined => {
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
        return { source: { type: 'parts', parts: decodeBlocks(blocks, document) }, rest: reader.rest() }
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

const decodeThinking: Decoder = (block) => {
  const reader = open(block)
  const thinking = reader.string('thinking')
  if (thinking === undefined) return undefined
  const signature = reader.string('signature')
  return {
    type: 'reasoning',
    pieces: thinking === '' ? [] : [{ kind: 'summary', text: thinking }],
    ...(signature === undefined
      ? {}
      : { state: { protocol: protocolId, kind: 'signature', value: signature } }),
    ...closeOwn(reader),
  }
}

const decodeRedactedThinking: Decoder = (block) => {
  const reader = open(block)
  const data = reader.string('data')
  if (data === undefined) return undefined
  return {
    type: 'reasoning',
    pieces: [],
    state: { protocol: protocolId, kind: 'redacted', value: data },
    ...closeOwn(reader),
  }
}

const decodeToolUse: Decoder = (block, document) => {
  const reader = open(block)
  const name = reader.string('name')
  if (name === undefined) return undefined
  const id = reader.string('id')
  return {
    type: 'tool-call',
    ...(id === undefined ? {} : { id }),
    name,
    kind: 'function',
    input: readToolInput(reader, block, document),
    ...closeOwn(reader),
  }
}

/**
 * The source text of `input`. A broken text that we once had to wrap into `{"INVALID_JSON": text}` is unwrapped
 * (translation.md §1.3); absent is empty.
 */
const readToolInput = (reader: MemberReader, block: JsonObject, document: JsonDocument): string => {
  const object = reader.object('input')
  if (object === undefined) {
    const other = ownMember(block, 'input')
    if (other === undefined) return ''
    reader.array('input')
    reader.string('input')
    reader.number('input')
    reader.boolean('input')
    return document.source(other)
  }
  const wrapped = ownMember(object, 'INVALID_JSON')
  return typeof wrapped === 'string' && Object.keys(object).length === 1 ? wrapped : document.source(object)
}

const decodeToolResult: Decoder = (block, document) => {
  const reader = open(block)
  const callId = reader.string('tool_use_id')
  const isError = reader.boolean('is_error')
  return {
    type: 'tool-result',
    ...(callId === undefined ? {} : { callId }),
    kind: 'function',
    ...resultContent(reader, block, document),
    ...(isError === undefined ? {} : { isError }),
    ...close(reader, {}),
  }
}

const resultContent = (
  reader: MemberReader,
  block: JsonObject,
  document: JsonDocument,
): Pick<ToolResultPart, 'content' | 'form'> => {
  const text = reader.string('content')
  if (text !== undefined) return { content: [{ type: 'text', text }], form: 'string' }
  const content = ownMember(block, 'content')
  // An empty list stays in the rest, so that it differs from no content at all.
  if (!Array.isArray(content) || content.length === 0) return { content: [] }
  reader.array('content')
  return { content: decodeBlocks(content, document) }
}

/** Blocks inside a tool result that name things: other protocols show them as their JSON. */
const decodeStructured: Decoder = (block, document) => ({ type: 'json', json: document.source(block) })

const decodeServerCall: Decoder = (block, document) => {
  const reader = open(block)
  const name = reader.string('name')
  if (name === undefined) return undefined
  const id = reader.string('id')
  return {
    type: 'server-call',
    ...(id === undefined ? {} : { id }),
    tool: toolOfName(name),
    name,
    input: readToolInput(reader, block, document),
    ...closeOwn(reader),
  }
}

const decodeMcpCall: Decoder = (block, document) => {
  const reader = open(block)
  const name = reader.string('name')
  if (name === undefined) return undefined
  const id = reader.string('id')
  const server = reader.string('server_name')
  return {
    type: 'server-call',
    ...(id === undefined ? {} : { id }),
    tool: 'mcp',
    name,
    input: readToolInput(reader, block, document),
    ...(server === undefined ? {} : { server }),
    ...closeOwn(reader),
  }
}

const decodeServerResult: Decoder = (block, document) => {
  const reader = open(block)
  const content = ownMember(block, 'content')
  if (content === undefined || content === null) return undefined
  reader.object('content')
  reader.array('content')
  reader.string('content')
  const callId = reader.string('tool_use_id')
  const name = String(ownMember(block, 'type')).slice(0, -resultSuffix.length)
  const stated = reader.boolean('is_error')
  const failed = isJsonObject(content) && String(ownMember(content, 'type')).endsWith('_error')
  const isError = stated ?? (failed ? true : undefined)
  return {
    type: 'server-result',
    ...(callId === undefined ? {} : { callId }),
    tool: toolOfName(name),
    name,
    output: document.source(content),
    ...(isError === undefined ? {} : { isError }),
    ...closeOwn(reader),
  }
}

const decoders: Readonly<Record<string, Decoder>> = {
  text: decodeText,
  image: decodeImage,
  document: decodeDocument,
  search_result: decodeSearchResult,
  thinking: decodeThinking,
  redacted_thinking: decodeRedactedThinking,
  tool_use: decodeToolUse,
  tool_result: decodeToolResult,
  tool_reference: decodeStructured,
  browser_state: decodeStructured,
  server_tool_use: decodeServerCall,
  mcp_tool_use: decodeMcpCall,
}

/** A reader that has taken the `type`. */
const open = (block: JsonObject): MemberReader => {
  const reader = readMembers(block)
  reader.string('type')
  return reader
}

/** The cache mark, and the rest as an extension where there is any. `nested` are rests of inner objects. */
const close = (
  reader: MemberReader,
  nested: Readonly<Record<string, JsonObject>>,
): Pick<PartNode, 'cache' | 'extensions'> => {
  const { cache, rest } = readCacheMark(reader)
  const inner = Object.entries(nested).filter(([, member]) => !isEmpty(member))
  return { ...cache, ...ownIfAny({ ...reader.rest(), ...rest, ...Object.fromEntries(inner) }) }
}

/** As `close`, with the extension always there: these blocks have defaults that must not be filled in. */
const closeOwn = (reader: MemberReader): Pick<PartNode, 'cache' | 'extensions'> => {
  const { cache, rest } = readCacheMark(reader)
  return { ...cache, ...own({ ...reader.rest(), ...rest }) }
}

/** `cache_control: {type: 'ephemeral', ttl?}`; anything else about it is rest. */
export const readCacheMark = (
  reader: MemberReader,
): { readonly cache: Pick<PartNode, 'cache'>; readonly rest: JsonObject } => {
  const mark = reader.object('cache_control')
  if (mark === undefined) return { cache: {}, rest: {} }
  const inner = readMembers(mark)
  if (!inner.exactly('type', 'ephemeral')) return { cache: {}, rest: { cache_control: mark } }
  const ttl = inner.string('ttl')
  const rest = inner.rest()
  return {
    cache: { cache: ttl === undefined ? {} : { ttl } },
    rest: isEmpty(rest) ? {} : { cache_control: rest },
  }
}
