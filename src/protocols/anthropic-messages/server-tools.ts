import type { ServerTool } from '../../ir/index.ts'

/**
 * Tool definitions whose type is a dated name: those that run at the provider, and those that run at the client with
 * a schema of the provider's (`bash_20250124`). Decided by `type`, never by name: `web_search` is a legal name of a
 * client's own function.
 */
const byDefinition: readonly (readonly [prefix: string, tool: ServerTool])[] = [
  ['web_search_', 'web-search'],
  ['web_fetch_', 'web-fetch'],
  ['code_execution_', 'code-execution'],
  ['bash_', 'shell'],
  ['text_editor_', 'text-editor'],
  ['computer_', 'computer'],
  ['browser_', 'computer'],
  ['memory_', 'memory'],
  ['tool_search_tool_', 'tool-search'],
  ['mcp_toolset', 'mcp'],
  ['advisor_', 'advisor'],
]

export const toolOfDefinition = (type: string): ServerTool =>
  byDefinition.find(([prefix]) => type.startsWith(prefix))?.[1] ?? 'other'

/** Is it one of Anthropic's own type names? They end in a date, or are a toolset. */
export const isOwnDefinition = (type: string): boolean =>
  toolOfDefinition(type) !== 'other' && (/_20\d{6}$/.test(type) || type === 'mcp_toolset')

/** By the name in `server_tool_use`, and by a result's type without `_tool_result`. */
const byName: Readonly<Record<string, ServerTool>> = {
  web_search: 'web-search',
  web_fetch: 'web-fetch',
  code_execution: 'code-execution',
  bash_code_execution: 'shell',
  text_editor_code_execution: 'text-editor',
  tool_search: 'tool-search',
  tool_search_tool_bm25: 'tool-search',
  tool_search_tool_regex: 'tool-search',
  mcp: 'mcp',
  advisor: 'advisor',
}

export const toolOfName = (name: string): ServerTool =>
  Object.hasOwn(byName, name) ? (byName[name] ?? 'other') : 'other'

export const resultSuffix = '_tool_result'

/** Ids that Anthropic gave to calls of its own tools. A foreign item of the same kind has another id. */
export const isServerCallId = (id: string | undefined): boolean =>
  id !== undefined && /^(srv|mcp)toolu_/.test(id)
