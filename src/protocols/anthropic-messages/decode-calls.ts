import { isJsonObject, type JsonObject, type ToolResultPart } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { type BlockDecoder, type BlockSource, close, closeOwn, open } from './block-reader.ts'
import { type MemberReader, ownMember } from './members.ts'
import { resultSuffix, toolOfName } from './server-tools.ts'

export const decodeToolUse: BlockDecoder = (block, { document }) => {
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

export const decodeServerCall: BlockDecoder = (block, { document }) => {
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

export const decodeMcpCall: BlockDecoder = (block, { document }) => {
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

export const decodeToolResult: BlockDecoder = (block, { parts }) => {
  const reader = open(block)
  const callId = reader.string('tool_use_id')
  const isError = reader.boolean('is_error')
  return {
    type: 'tool-result',
    ...(callId === undefined ? {} : { callId }),
    kind: 'function',
    ...resultContent(reader, block, parts),
    ...(isError === undefined ? {} : { isError }),
    ...close(reader, {}),
  }
}

const resultContent = (
  reader: MemberReader,
  block: JsonObject,
  parts: BlockSource['parts'],
): Pick<ToolResultPart, 'content' | 'form'> => {
  const text = reader.string('content')
  if (text !== undefined) return { content: [{ type: 'text', text }], form: 'string' }
  const content = ownMember(block, 'content')
  // An empty list stays in the rest, so that it differs from no content at all.
  if (!Array.isArray(content) || content.length === 0) return { content: [] }
  reader.array('content')
  return { content: parts(content, 'content') }
}

export const decodeServerResult: BlockDecoder = (block, { document }) => {
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
