import { isJsonObject, type JsonObject, type ToolChoice, type ToolDefinition } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { readCacheMark } from './block-reader.ts'
import { ownMember, readMembers } from './members.ts'
import { own, ownIfAny } from './own.ts'
import { toolOfDefinition } from './server-tools.ts'
import { protocolId } from './wire.ts'

/**
 * A definition without a type, or with `custom`, is the client's own function; every other type is the provider's.
 * @param at where it stands in the client's request, if the definition shall tell
 */
export const decodeTool = (tool: unknown, document: JsonDocument, at?: string): ToolDefinition => {
  const decoded = decodeUnplaced(tool, document)
  return at === undefined ? decoded : { ...decoded, at }
}

const decodeUnplaced = (tool: unknown, document: JsonDocument): ToolDefinition => {
  if (!isJsonObject(tool)) return decodeServerTool({}, '', document.source(tool))
  const type = ownMember(tool, 'type')
  if (typeof type === 'string' && type !== 'custom') {
    return decodeServerTool(tool, type, document.source(tool))
  }
  const reader = readMembers(tool)
  const name = reader.string('name')
  if (name === undefined) return decodeServerTool(tool, '', document.source(tool))
  const description = reader.string('description')
  const parameters = reader.object('input_schema')
  const strict = reader.boolean('strict')
  const deferLoading = reader.boolean('defer_loading')
  const { cache, rest } = readCacheMark(reader)
  return {
    type: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters: document.source(parameters) }),
    ...(strict === undefined ? {} : { strict }),
    ...cache,
    ...(deferLoading === undefined ? {} : { deferLoading }),
    ...ownIfAny({ ...reader.rest(), ...rest }),
  }
}

const decodeServerTool = (tool: JsonObject, wireType: string, config: string): ToolDefinition => {
  const name = ownMember(tool, 'name')
  return {
    type: 'server',
    tool: toolOfDefinition(wireType),
    wireType,
    ...(typeof name === 'string' ? { name } : {}),
    config,
  }
}

export interface DecodedToolChoice {
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls?: boolean
}

/** `disable_parallel_tool_use` is the inverse of the canonical field. */
export const decodeToolChoice = (
  choice: JsonObject,
  tools: readonly ToolDefinition[],
  document: JsonDocument,
  at?: string,
): DecodedToolChoice => {
  const decoded = decodeUnplacedChoice(choice, tools, document)
  return at === undefined ? decoded : { ...decoded, toolChoice: { ...decoded.toolChoice, at } }
}

const decodeUnplacedChoice = (
  choice: JsonObject,
  tools: readonly ToolDefinition[],
  document: JsonDocument,
): DecodedToolChoice => {
  const reader = readMembers(choice)
  const type = reader.string('type')
  const disabled = reader.boolean('disable_parallel_tool_use')
  const parallel = disabled === undefined ? {} : { parallelToolCalls: !disabled }
  // A default that was spelled out comes back spelled out.
  const rest = (): JsonObject => ({
    ...reader.rest(),
    ...(disabled === false ? { disable_parallel_tool_use: false } : {}),
  })
  switch (type) {
    case 'auto':
    case 'none':
      return { toolChoice: { type, ...ownIfAny(rest()) }, ...parallel }
    case 'any':
      return { toolChoice: { type: 'required', ...ownIfAny(rest()) }, ...parallel }
    case 'tool': {
      const name = reader.string('name')
      if (name === undefined) break
      const isServer = tools.some((tool) => tool.type === 'server' && tool.name === name)
      const kind = isServer ? 'server' : 'function'
      return { toolChoice: { type: 'tool', name, kind, ...ownIfAny(rest()) }, ...parallel }
    }
  }
  return {
    toolChoice: {
      type: 'other',
      ...own({}),
      raw: { protocol: protocolId, json: document.source(choice) },
    },
    ...parallel,
  }
}
