import {
  extend,
  isJsonObject,
  type JsonObject,
  type OutputFormat,
  type Part,
  type ReasoningPiece,
  type ReasoningSettings,
  type ToolDefinition,
  type ToolResultPart,
  type Turn,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodePart, opaquePart } from './decode-parts.ts'
import { decodeTools } from './decode-tools.ts'
import type { ContentPlace } from './encode-parts.ts'
import { decodeHosted } from './hosted-items.ts'
import { arrayMember, member, objectMember, stringMember } from './members.ts'
import { decodeFormat } from './output-format.ts'
import { patchOf, type Written } from './patch.ts'
import { protocolId } from './wire.ts'
import {
  writeCall,
  writeConfiguration,
  writeMessage,
  writeReasoning,
  writeToolResult,
} from './write-items.ts'

/** One item of `input` or `output` in canonical words. */
export interface DecodedItem {
  readonly role: Turn['role']
  readonly authority?: 'system' | 'developer'
  readonly form?: 'string'
  readonly parts: readonly Part[]
  readonly tools?: readonly ToolDefinition[]
  readonly reasoning?: ReasoningSettings
  readonly output?: OutputFormat
  /** What the item says beyond that, under the wire's names. */
  readonly patch: JsonObject
  /** Each part keeps the source of the whole item. */
  readonly whole?: true
}

type Side = ContentPlace['side']

/** Never throws: what has no canonical word, or is not shaped as its type promises, is an opaque part. */
export const decodeItem = (item: unknown, side: Side, document: JsonDocument): DecodedItem => {
  if (!isJsonObject(item)) return opaqueItem('', item, document)
  const type = typeOf(item)
  const decoded = knownItem(type, item, side, document)
  if (decoded !== undefined) return decoded
  const hosted = decodeHosted(item, document)
  if (hosted === undefined) return opaqueItem(type, item, document)
  return { role: type.endsWith('_output') ? 'user' : 'assistant', parts: hosted, patch: {}, whole: true }
}

/** `type` may be left out of messages and item references. */
const typeOf = (item: JsonObject): string => {
  const type = stringMember(item, 'type')
  if (type !== undefined) return type
  return stringMember(item, 'role') === undefined ? 'item_reference' : 'message'
}

const opaqueItem = (type: string, item: unknown, document: JsonDocument): DecodedItem => ({
  role:
    type.endsWith('_output') || type.endsWith('_response') || type.endsWith('_trigger')
      ? 'user'
      : 'assistant',
  parts: [opaquePart(type, item, document)],
  patch: {},
  whole: true,
})

const knownItem = (
  type: string,
  item: JsonObject,
  side: Side,
  document: JsonDocument,
): DecodedItem | undefined => {
  switch (type) {
    case 'message':
      return decodeMessage(item, side, document)
    case 'function_call':
      return decodeCall(item, side, 'function')
    case 'custom_tool_call':
      return decodeCall(item, side, 'custom')
    case 'function_call_output':
      return decodeResult(item, side, 'function', document)
    case 'custom_tool_call_output':
      return decodeResult(item, side, 'custom', document)
    case 'reasoning':
      return decodeReasoning(item, side)
    case 'compaction':
      return decodeCompaction(item, document)
    case 'additional_tools':
      return side === 'request' ? decodeAdditionalTools(item, document) : undefined
    case 'configuration_update':
      return side === 'request' ? decodeConfiguration(item, document) : undefined
    default:
      return undefined
  }
}

const decodeMessage = (item: JsonObject, side: Side, document: JsonDocument): DecodedItem | undefined => {
  const wireRole = stringMember(item, 'role')
  const content = member(item, 'content')
  const speaker = wireRole === 'assistant' ? 'assistant' : 'user'
  const who = speakerOf(wireRole)
  if (who === undefined || wireRole === undefined) return undefined
  const patch = itemPatch(item, writeMessage({ side, role: wireRole, status: 'completed' }), side, [
    'content',
  ])
  if (typeof content === 'string' && side === 'request') {
    return { ...who, form: 'string', parts: [{ type: 'text', text: content }], patch }
  }
  const parts = arrayMember(item, 'content')?.map((part) => decodePart(part, { speaker, side }, document))
  // An answer has no turns: a message without content would have no part to live in.
  if (parts === undefined || (side === 'answer' && parts.length === 0)) return undefined
  return { ...who, parts, patch }
}

const speakerOf = (wireRole: string | undefined): Pick<DecodedItem, 'role' | 'authority'> | undefined => {
  switch (wireRole) {
    case 'user':
    case 'assistant':
      return { role: wireRole }
    case 'system':
    case 'developer':
      return { role: 'system', authority: wireRole }
    default:
      return undefined
  }
}

const decodeCall = (item: JsonObject, side: Side, kind: 'function' | 'custom'): DecodedItem | undefined => {
  const name = stringMember(item, 'name')
  const input = stringMember(item, kind === 'function' ? 'arguments' : 'input')
  if (name === undefined || input === undefined) return undefined
  const id = stringMember(item, 'call_id')
  const namespace = stringMember(item, 'namespace')
  const part: Part = {
    type: 'tool-call',
    ...(id === undefined ? {} : { id }),
    name,
    kind,
    input,
    ...(namespace === undefined ? {} : { namespace }),
  }
  return {
    role: 'assistant',
    parts: [part],
    patch: itemPatch(item, writeCall(part, side, 'completed'), side),
  }
}

const decodeResult = (
  item: JsonObject,
  side: Side,
  kind: 'function' | 'custom',
  document: JsonDocument,
): DecodedItem | undefined => {
  const output = member(item, 'output')
  const content = contentOf(output, side, document)
  if (content === undefined) return undefined
  const callId = stringMember(item, 'call_id')
  const name = stringMember(item, 'name')
  const part: ToolResultPart = {
    type: 'tool-result',
    ...(callId === undefined ? {} : { callId }),
    ...(name === undefined ? {} : { name }),
    kind,
    ...content,
  }
  return {
    role: 'user',
    parts: [part],
    patch: itemPatch(item, writeToolResult(part, side), side, ['output']),
  }
}

const contentOf = (
  output: unknown,
  side: Side,
  document: JsonDocument,
): Pick<ToolResultPart, 'content' | 'form'> | undefined => {
  if (typeof output === 'string') return { content: [{ type: 'text', text: output }], form: 'string' }
  if (!Array.isArray(output)) return undefined
  return { content: output.map((part) => decodePart(part, { speaker: 'user', side }, document)) }
}

const decodeReasoning = (item: JsonObject, side: Side): DecodedItem | undefined => {
  const summary = piecesOf(arrayMember(item, 'summary'), 'summary', 'summary_text')
  const content = piecesOf(arrayMember(item, 'content') ?? [], 'text', 'reasoning_text')
  if (summary === undefined || content === undefined) return undefined
  const encrypted = stringMember(item, 'encrypted_content')
  const part: Part = {
    type: 'reasoning',
    pieces: [...summary, ...content],
    ...(encrypted === undefined
      ? {}
      : { state: { protocol: protocolId, kind: 'encrypted', value: encrypted } }),
  }
  return { role: 'assistant', parts: [part], patch: itemPatch(item, writeReasoning(part, side), side) }
}

/** Items of an answer get an id when they have none, so an id, or its absence, is always said. */
export const itemPatch = (
  item: JsonObject,
  written: Written,
  side: Side,
  skip: readonly string[] = [],
): JsonObject => patchOf(item, side === 'answer' ? { id: Symbol.for('none'), ...written } : written, skip)

/** Undefined when a piece says more than its text. */
const piecesOf = (
  list: readonly unknown[] | undefined,
  kind: ReasoningPiece['kind'],
  type: string,
): readonly ReasoningPiece[] | undefined => {
  const pieces: ReasoningPiece[] = []
  for (const entry of list ?? []) {
    if (!isJsonObject(entry) || entry['type'] !== type || Object.keys(entry).length !== 2) return undefined
    const text = stringMember(entry, 'text')
    if (text === undefined) return undefined
    pieces.push({ kind, text })
  }
  return list === undefined ? undefined : pieces
}

/** The state of what was compacted goes back unchanged, as that of reasoning does. */
const decodeCompaction = (item: JsonObject, document: JsonDocument): DecodedItem | undefined => {
  const value = stringMember(item, 'encrypted_content')
  if (value === undefined) return undefined
  const part = opaquePart('compaction', item, document)
  const state = { protocol: protocolId, kind: 'encrypted', value } as const
  return { role: 'assistant', parts: [{ ...part, state }], patch: {}, whole: true }
}

const decodeAdditionalTools = (item: JsonObject, document: JsonDocument): DecodedItem | undefined => {
  const tools = arrayMember(item, 'tools')
  if (tools === undefined) return undefined
  const written = { type: 'additional_tools', role: 'developer' }
  return {
    role: 'system',
    authority: 'developer',
    parts: [],
    tools: decodeTools(tools, document),
    patch: patchOf(item, written, ['tools']),
  }
}

const decodeConfiguration = (item: JsonObject, document: JsonDocument): DecodedItem | undefined => {
  const effort = stringMember(objectMember(item, 'reasoning') ?? {}, 'effort')
  const output = decodeFormat(objectMember(objectMember(item, 'text') ?? {}, 'format'), document)
  if (effort === undefined && output === undefined) return undefined
  const settings = {
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...(output === undefined ? {} : { output }),
  }
  return {
    role: 'system',
    authority: 'developer',
    parts: [],
    ...settings,
    patch: patchOf(item, writeConfiguration(settings)),
  }
}

/**
 * Puts what an answer's item says beyond its parts on its first part, which thereby marks where the item begins. The
 * others are marked too: without a mark they would be foreign text that continues the first.
 */
export const answerParts = (decoded: DecodedItem): readonly Part[] => {
  if (decoded.whole === true) return decoded.parts
  const last = decoded.parts.length - 1
  return decoded.parts.map((part, index) => {
    if (index === 0) return withOwn(part, { item: decoded.patch })
    const own = { part: objectMember(part.extensions?.[protocolId] ?? {}, 'part') ?? {} }
    return withOwn(part, index === last ? { ...own, itemEnd: decoded.patch } : own)
  })
}

/** The part with members added to its extension of this protocol. */
export const withOwn = <Given extends Part>(part: Given, members: JsonObject): Given => ({
  ...part,
  ...extend(protocolId, { ...part.extensions?.[protocolId], ...members }),
})
