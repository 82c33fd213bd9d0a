import type { CacheMark, FunctionTool, JsonObject, ServerToolDefinition } from '../../ir/index.ts'
import { bash, computer, memory, textEditor } from './anthropic-schemas.ts'
import { browserToolset } from './browser-toolset.ts'
import { computerToolset } from './computer-toolset.ts'
import { objectMember, objectOf, textMember } from './json-source.ts'
import type { PublishedFunction } from './published-schemas.ts'

/** A tool of Anthropic's that the client runs, as ordinary functions (translation.md TD13). */
export interface AnthropicFunctions {
  /** Under their published names. */
  readonly functions: readonly FunctionTool[]
  /** The family that its members' calls name. */
  readonly toolset?: string
}

/** Undefined for tools that the provider runs. */
export const anthropicFunctions = (tool: ServerToolDefinition): AnthropicFunctions | undefined => {
  const config = objectOf(tool.config)
  const toolset = toolsetOf(tool.wireType)
  const published = toolset === undefined ? single(tool, config) : members(toolset, config)
  if (published === undefined) return undefined
  const cache = cacheOf(config)
  const { at } = tool
  const functions = published.map(
    ({ name, description, parameters }): FunctionTool => ({
      type: 'function',
      name,
      description,
      parameters: JSON.stringify(parameters),
      ...(at === undefined ? {} : { at }),
    }),
  )
  const marked = functions.map((tool, index) =>
    cache === undefined || index < functions.length - 1 ? tool : { ...tool, cache },
  )
  return { functions: marked, ...(toolset === undefined ? {} : { toolset }) }
}

const toolsetOf = (wireType: string): 'computer' | 'browser' | undefined => {
  if (wireType.startsWith('computer_toolset_')) return 'computer'
  return wireType.startsWith('browser_toolset_') ? 'browser' : undefined
}

const single = (
  { wireType, name }: ServerToolDefinition,
  config: JsonObject,
): readonly PublishedFunction[] | undefined => {
  const version = wireType.slice(-8)
  if (wireType.startsWith('bash_20')) return [{ ...bash, name: name ?? bash.name }]
  if (wireType.startsWith('memory_20')) return [{ ...memory, name: name ?? memory.name }]
  if (wireType.startsWith('computer_20')) {
    const published = computer(version, config)
    return [{ ...published, name: name ?? published.name }]
  }
  if (!wireType.startsWith('text_editor_20')) return undefined
  const canUndo = version <= '20250124'
  return [textEditor(name ?? (canUndo ? 'str_replace_editor' : 'str_replace_based_edit_tool'), canUndo)]
}

/** What the client switched off is not offered. */
const members = (toolset: 'computer' | 'browser', config: JsonObject): readonly PublishedFunction[] => {
  const configs = objectMember(config, 'configs') ?? {}
  const said = (name: string): unknown => objectMember(configs, name)?.['enabled']
  if (toolset === 'computer') return computerToolset.filter(({ name }) => said(name) !== false)
  return [
    ...browserToolset.usual.filter(({ name }) => said(name) !== false),
    ...browserToolset.onRequest.filter(({ name }) => said(name) === true),
  ]
}

const cacheOf = (config: JsonObject): CacheMark | undefined => {
  const mark = objectMember(config, 'cache_control')
  if (mark === undefined) return undefined
  const ttl = textMember(mark, 'ttl')
  return ttl === undefined ? {} : { ttl }
}
