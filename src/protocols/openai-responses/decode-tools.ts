import {
  extend,
  isJsonObject,
  type JsonObject,
  type ServerTool,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { encodeToolChoice, writeTool } from './encode-tools.ts'
import { arrayMember, booleanMember, member, objectMember, stringMember } from './members.ts'
import { patchOf } from './patch.ts'
import { protocolId } from './wire.ts'

export const decodeTools = (tools: readonly unknown[], document: JsonDocument): readonly ToolDefinition[] =>
  tools.map((tool) => decodeTool(tool, document))

const decodeTool = (tool: unknown, document: JsonDocument): ToolDefinition => {
  const known = isJsonObject(tool) ? knownTool(tool, document) : undefined
  if (known === undefined || !isJsonObject(tool)) return serverTool(tool, document)
  const patch = patchOf(tool, writeTool(known), ['tools'])
  return { ...known, ...extend(protocolId, patch) }
}

const knownTool = (tool: JsonObject, document: JsonDocument): ToolDefinition | undefined => {
  const name = stringMember(tool, 'name')
  if (name === undefined) return undefined
  const description = stringMember(tool, 'description')
  const named = { name, ...(description === undefined ? {} : { description }) }
  switch (tool['type']) {
    case 'function': {
      const parameters = objectMember(tool, 'parameters')
      const strict = booleanMember(tool, 'strict')
      const deferLoading = booleanMember(tool, 'defer_loading')
      const outputSchema = objectMember(tool, 'output_schema')
      const nonBlocking = booleanMember(tool, 'async')
      return {
        type: 'function',
        ...named,
        ...(parameters === undefined ? {} : { parameters: document.source(parameters) }),
        ...(strict === undefined ? {} : { strict }),
        ...(deferLoading === undefined ? {} : { deferLoading }),
        ...(outputSchema === undefined ? {} : { outputSchema: document.source(outputSchema) }),
        ...(nonBlocking === undefined ? {} : { nonBlocking }),
      }
    }
    case 'custom': {
      const format = objectMember(tool, 'format')
      return {
        type: 'custom',
        ...named,
        ...(format === undefined ? {} : { format: document.source(format) }),
      }
    }
    case 'namespace': {
      const tools = arrayMember(tool, 'tools')
      return tools && { type: 'namespace', ...named, tools: decodeTools(tools, document) }
    }
    default:
      return undefined
  }
}

/** A tool that the provider runs, or whose schema is the provider's: `config` is its whole source. */
const serverTool = (tool: unknown, document: JsonDocument): ToolDefinition => {
  const members = isJsonObject(tool) ? tool : {}
  const wireType = stringMember(members, 'type') ?? ''
  const name = stringMember(members, 'server_label') ?? stringMember(members, 'name')
  return {
    type: 'server',
    tool: serverToolOf(wireType),
    wireType,
    ...(name === undefined ? {} : { name }),
    config: document.source(tool),
    raw: { protocol: protocolId, json: document.source(tool) },
  }
}

/** Versions are part of the names: `web_search_preview_2025_03_11`. */
const serverToolOf = (wireType: string): ServerTool =>
  serverTools.find(([prefix]) => wireType.startsWith(prefix))?.[1] ?? 'other'

const serverTools: readonly (readonly [string, ServerTool])[] = [
  ['web_search', 'web-search'],
  ['file_search', 'file-search'],
  ['code_interpreter', 'code-execution'],
  ['image_generation', 'image-generation'],
  ['mcp', 'mcp'],
  ['computer', 'computer'],
  ['local_shell', 'shell'],
  ['shell', 'shell'],
  ['apply_patch', 'text-editor'],
  ['tool_search', 'tool-search'],
]

/** Undefined when absent or no choice at all; what has no canonical word keeps its source. */
export const decodeToolChoice = (choice: unknown, document: JsonDocument): ToolChoice | undefined => {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  if (!isJsonObject(choice)) return undefined
  const known = knownChoice(choice)
  if (known === undefined) {
    return { type: 'other', raw: { protocol: protocolId, json: document.source(choice) } }
  }
  const written = encodeToolChoice(known, [])
  const patch = isJsonObject(written) ? patchOf(choice, written) : {}
  return { ...known, ...extend(protocolId, patch) }
}

const knownChoice = (choice: JsonObject): ToolChoice | undefined => {
  const type = stringMember(choice, 'type')
  const name = stringMember(choice, 'name')
  if (type === 'function' || type === 'custom') {
    return name === undefined ? undefined : { type: 'tool', name, kind: type }
  }
  if (type === 'allowed_tools') {
    const mode = member(choice, 'mode')
    const names = (arrayMember(choice, 'tools') ?? []).map(allowedName)
    if (mode !== 'auto' && mode !== 'required') return undefined
    return { type: 'allowed', mode, names: names.filter((allowed) => allowed !== undefined) }
  }
  // `{type: 'mcp', server_label}` and the like say more than a name.
  return type !== undefined && Object.keys(choice).length === 1
    ? { type: 'tool', name: type, kind: 'server' }
    : undefined
}

const allowedName = (tool: unknown): string | undefined => {
  if (!isJsonObject(tool)) return undefined
  return stringMember(tool, 'name') ?? stringMember(tool, 'server_label') ?? stringMember(tool, 'type')
}
