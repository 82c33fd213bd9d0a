import {
  type JsonObject,
  type Part,
  parseJson,
  type ServerCallPart,
  type ServerResultPart,
  type ToolCallPart,
  type ToolResultPart,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { type BlockContext, encodeCacheMark, isEmptyText } from './block-context.ts'
import { callId } from './identifiers.ts'
import { withRest } from './members.ts'
import { ownRest } from './own.ts'
import { isServerCallId, resultSuffix, toolOfName } from './server-tools.ts'
import type { WireCaller } from './wire.ts'

export const directCaller: WireCaller = { type: 'direct' }

export const encodeToolCall = (part: ToolCallPart, context: BlockContext): unknown => {
  const rest = ownRest(part)
  const fillsCaller = context.side === 'answer' && context.shape === 'full' && rest === undefined
  return withRest(
    {
      type: 'tool_use',
      id: part.id === undefined ? undefined : callId(part.id),
      name: toolUseName(part),
      input: toolInput(part),
      caller: fillsCaller ? directCaller : undefined,
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}

/** Namespaces are flattened (translation.md §1.6). */
export const toolUseName = (part: ToolCallPart): string =>
  part.namespace === undefined ? part.name : `${part.namespace}__${part.name}`

/**
 * The source text of an object, untouched. Free text is wrapped as `{"input": text}`, and a text that is no object
 * (cut off by a length stop) as `{"INVALID_JSON": text}` (translation.md §1.3).
 */
export const toolInput = (part: ToolCallPart | ServerCallPart): unknown => {
  if (part.type === 'tool-call' && part.kind === 'custom') return { input: part.input }
  if (part.input.trim() === '') return {}
  const value = parseJson(part.input)
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const isOwnValue = value !== undefined && ownRest(part) !== undefined
  return isObject || isOwnValue ? rawJson(part.input) : { INVALID_JSON: part.input }
}

/** @param content gives the blocks of the result */
export const encodeToolResult = (
  part: ToolResultPart,
  content: () => readonly unknown[],
  context: BlockContext,
): unknown => {
  const rest = ownRest(part) ?? {}
  const first = part.content[0]
  const asString = part.form === 'string' && part.content.length === 1 && first?.type === 'text'
  const blocks = asString ? [] : content().filter((block) => !(context.isForeign && isEmptyText(block)))
  return withRest(
    {
      type: 'tool_result',
      tool_use_id: part.callId === undefined ? undefined : callId(part.callId),
      content: asString ? first.text : blocks.length === 0 ? undefined : blocks,
      is_error: part.isError,
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest,
  )
}

/** A streamed block's inner events are no members of the block. */
const blockRest = (part: Part): JsonObject | undefined => {
  const rest = ownRest(part)
  if (rest === undefined) return undefined
  const { events: _events, ...members } = rest
  return members
}

export const encodeServerCall = (part: ServerCallPart, path: string, context: BlockContext): unknown => {
  const rest = blockRest(part)
  if (rest === undefined && !isServerCallId(part.id)) {
    context.warn('dropped', `${part.tool} call`, path, 'a call of another provider')
    return undefined
  }
  const isMcp = part.tool === 'mcp'
  return withRest(
    {
      type: isMcp ? 'mcp_tool_use' : 'server_tool_use',
      id: part.id,
      name: part.name,
      server_name: isMcp ? part.server : undefined,
      input: toolInput(part),
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}

export const encodeServerResult = (part: ServerResultPart, path: string, context: BlockContext): unknown => {
  const rest = blockRest(part)
  if (rest === undefined && !isServerCallId(part.callId)) {
    context.warn('dropped', `${part.tool} result`, path, 'a result of another provider')
    return undefined
  }
  const isMcp = toolOfName(part.name) === 'mcp'
  return withRest(
    {
      type: `${part.name}${resultSuffix}`,
      tool_use_id: part.callId,
      is_error: isMcp ? part.isError : undefined,
      content: rawJson(part.output),
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}
