import {
  extensionOf,
  type FunctionTool,
  type ServerToolDefinition,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'
import type { Losses } from './losses.ts'
import { patched, type Written } from './patch.ts'
import { protocolId } from './wire.ts'

/**
 * Tool definitions as the wire has them. Server tools of other protocols are left out, with a warning.
 * @param own the tools were decoded from this protocol, so what they leave out was meant to be left out
 * @param path where the list stands in the request
 */
export const encodeTools = (
  tools: readonly ToolDefinition[],
  own: boolean,
  path: string,
  losses: Losses,
): readonly (Written | RawJson)[] => {
  const written: (Written | RawJson)[] = []
  tools.forEach((tool, index) => {
    const at = tool.at ?? `${path}[${index}]`
    const encoded = encodeTool(tool, own, at, losses)
    if (encoded === undefined) losses.add('dropped', 'server tool', at, 'no counterpart')
    else written.push(encoded)
  })
  return written
}

const encodeTool = (
  tool: ToolDefinition,
  own: boolean,
  at: string,
  losses: Losses,
): Written | RawJson | undefined => {
  if (tool.type === 'server') {
    return isSayable(tool) ? rawJson(tool.config) : undefined
  }
  const written = patched(writeTool(tool), extensionOf(tool, protocolId))
  if (tool.type === 'namespace') {
    return { ...written, tools: encodeTools(tool.tools, own, `${at}.tools`, losses) }
  }
  return own || tool.type !== 'function' ? written : { ...written, ...required(tool) }
}

/** The type wants both. `strict` left out means true here and false elsewhere (translation.md TD2, TD3). */
const required = (tool: FunctionTool): Written => ({
  parameters: rawJson(tool.parameters ?? '{"type":"object","properties":{}}'),
  strict: tool.strict ?? false,
})

/** A tool by its canonical fields alone; a namespace without its members. */
export const writeTool = (tool: ToolDefinition): Written => {
  switch (tool.type) {
    case 'function':
      return {
        type: 'function',
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters === undefined ? undefined : rawJson(tool.parameters),
        strict: tool.strict,
        defer_loading: tool.deferLoading,
        output_schema: tool.outputSchema === undefined ? undefined : rawJson(tool.outputSchema),
        async: tool.nonBlocking,
      }
    case 'custom':
      return {
        type: 'custom',
        name: tool.name,
        description: tool.description,
        format: tool.format === undefined ? undefined : rawJson(tool.format),
      }
    case 'namespace':
      return { type: 'namespace', name: tool.name, description: tool.description }
    case 'server':
      return {}
  }
}

/** Is this a server tool of this protocol? */
export const isSayable = (tool: ServerToolDefinition): boolean =>
  tool.raw?.protocol === protocolId || isOwnType(tool.wireType)

/** Anthropic's server tools carry a date at the end, Gemini's are camelCase. */
const isOwnType = (wireType: string): boolean =>
  /^(?:web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?|file_search|code_interpreter|image_generation|mcp|computer(?:_use(?:_preview)?)?|local_shell|shell|apply_patch|tool_search|programmatic_tool_calling)$/.test(
    wireType,
  )

/**
 * A tool choice as the wire has it; undefined where it cannot be said.
 * @param tools the request's tools, which tell of which kind a named one is; without them all are functions
 */
export const encodeToolChoice = (choice: ToolChoice, tools: readonly ToolDefinition[]): unknown => {
  if (choice.raw?.protocol === protocolId) return rawJson(choice.raw.json)
  const patch = extensionOf(choice, protocolId)
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.type
    case 'tool':
      return choice.kind === 'server'
        ? patched(serverReference(choice.name, tools), patch)
        : patched({ type: choice.kind, name: choice.name }, patch)
    case 'allowed':
      return patched(
        {
          type: 'allowed_tools',
          mode: choice.mode === 'required' ? 'required' : 'auto',
          tools: choice.names.map((name) => reference(name, tools)),
        },
        patch,
      )
    case 'other':
      return undefined
  }
}

const reference = (name: string, tools: readonly ToolDefinition[]): Written => {
  const tool = tools.find((each) => each.type !== 'namespace' && each.name === name)
  if (tool?.type === 'custom') return { type: 'custom', name }
  return tool?.type === 'server' ? serverReference(name, tools) : { type: 'function', name }
}

/** A hosted tool is named by its type; of MCP servers there are several. */
const serverReference = (name: string, tools: readonly ToolDefinition[]): Written => {
  const tool = tools.find((each) => each.type === 'server' && (each.wireType === name || each.name === name))
  if (tool?.type !== 'server') return { type: name }
  return tool.tool === 'mcp' && tool.name !== undefined && tool.wireType !== name
    ? { type: 'mcp', server_label: tool.name }
    : { type: tool.wireType }
}
