import { isJsonObject, type Part } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { type BlockDecoder, type BlockSource, closeOwn, open } from './block-reader.ts'
import { decodeCitation } from './citations.ts'
import {
  decodeMcpCall,
  decodeServerCall,
  decodeServerResult,
  decodeToolResult,
  decodeToolUse,
} from './decode-calls.ts'
import { decodeDocument, decodeImage, decodeSearchResult } from './decode-media.ts'
import { ownMember } from './members.ts'
import { resultSuffix } from './server-tools.ts'
import { protocolId } from './wire.ts'

/**
 * One content block as a part. What has no canonical word, or is not shaped as its type promises, becomes an opaque
 * part that keeps its source.
 * @param at where the block stands in the client's request, if the part shall tell
 */
export const decodeBlock = (block: unknown, document: JsonDocument, at?: string): Part => {
  const part = decodeUnplaced(block, document, at)
  return at === undefined ? part : { ...part, at }
}

/** @param at where the list stands; its blocks are then placed below it: `messages.3.content.0` */
export const decodeBlocks = (
  blocks: readonly unknown[],
  document: JsonDocument,
  at?: string,
): readonly Part[] =>
  blocks.map((block, index) => decodeBlock(block, document, at === undefined ? undefined : `${at}.${index}`))

const decodeUnplaced = (block: unknown, document: JsonDocument, at: string | undefined): Part => {
  if (!isJsonObject(block)) return opaque('', block, document)
  const type = ownMember(block, 'type')
  if (typeof type !== 'string') return opaque('', block, document)
  const source: BlockSource = {
    document,
    parts: (blocks, member) =>
      decodeBlocks(blocks, document, at === undefined ? undefined : `${at}.${member}`),
  }
  const decode = Object.hasOwn(decoders, type) ? decoders[type] : undefined
  const part =
    decode !== undefined
      ? decode(block, source)
      : type.endsWith(resultSuffix)
        ? decodeServerResult(block, source)
        : undefined
  return part ?? opaque(type, block, document)
}

const opaque = (name: string, block: unknown, document: JsonDocument): Part => ({
  type: 'opaque',
  name,
  raw: { protocol: protocolId, json: document.source(block) },
})

const decodeText: BlockDecoder = (block) => {
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

const decodeThinking: BlockDecoder = (block) => {
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

const decodeRedactedThinking: BlockDecoder = (block) => {
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

/** Blocks inside a tool result that name things: other protocols show them as their JSON. */
const decodeStructured: BlockDecoder = (block, { document }) => ({
  type: 'json',
  json: document.source(block),
})

const decoders: Readonly<Record<string, BlockDecoder>> = {
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
