import { extensionOf, type ToolChoice, type ToolDefinition } from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'
import { patched, type Written } from './patch.ts'
import { protocolId } from './wire.ts'

/** Tells of a loss: which feature, where in the request, and why. */
export type Warn = (feature: string, path: string, reason: string) => void

/**
 * Tool definitions as the wire has them. Server tools of other protocols are left out, with a warning.
 * @param explicitStrict write `strict` where the source said nothing: left out it means true here, false elsewhere
 */
export const encodeTools = (
  tools: readonly ToolDefinition[],
  explicitStrict: boolean,
  warn: Warn,
): readonly (Written | RawJson)[] => {
  const written: (Written | RawJson)[] = []
  tools.forEach((tool, index) => {
    const encoded = encodeTool(tool, explicitStrict, warn)
    if (encoded === undefined) warn('server tool', `tools[${index}]`, 'no counterpart')
    else written.push(encoded)
  })
  return written
}

const encodeTool = (
  tool: ToolDefinition,
  explicitStrict: boolean,
  warn: Warn,
): Written | RawJson | undefined => {
  if (tool.type === 'server') {
    return tool.raw?.protocol === protocolId || isOwnType(tool.wireType) ? rawJson(tool.config) : undefined
  }
  const own = patched(writeTool(tool), extensionOf(tool, protocolId))
  if (tool.type === 'namespace') return { ...own, tools: encodeTools(tool.tools, explicitStrict, warn) }
  return explicitStrict && tool.type === 'function' && tool.strict === undefined
    ? { ...own, strict: false }
    : own
}

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

/** Anthropic's server tools carry a date at the end, Gemini's are camelCase. */
const isOwnType = (wireType: string): boolean =>
  /^(?:web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?|file_search|code_interpreter|image_generation|mcp|computer(?:_use(?:_preview)?)?|local_shell|shell|apply_patch|tool_search|programmatic_tool_calling)$/.test(
    wireType,
  )

/** A tool choice as the wire has it; undefined where it cannot be said. */
export const encodeToolChoice = (choice: ToolChoice): unknown => {
  if (choice.raw?.protocol === protocolId) return rawJson(choice.raw.json)
  const patch = extensionOf(choice, protocolId)
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.type
    case 'tool':
      return choice.kind === 'server'
        ? patched({ type: choice.name }, patch)
        : patched({ type: choice.kind, name: choice.name }, patch)
    case 'allowed':
      return patched(
        {
          type: 'allowed_tools',
          mode: choice.mode === 'required' ? 'required' : 'auto',
          tools: choice.names.map((name) => ({ type: 'function', name })),
        },
        patch,
      )
    case 'other':
      return undefined
  }
}
