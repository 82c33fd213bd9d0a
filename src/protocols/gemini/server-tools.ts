import type { ServerTool } from '../../ir/index.ts'

/** Names of tools as they stand in `tools[]`, in camelCase. */
const byKey: Readonly<Record<string, ServerTool>> = {
  googleSearch: 'web-search',
  googleSearchRetrieval: 'web-search',
  enterpriseWebSearch: 'web-search',
  urlContext: 'web-fetch',
  codeExecution: 'code-execution',
  fileSearch: 'file-search',
  retrieval: 'file-search',
  computerUse: 'computer',
  mcpServers: 'mcp',
}

/** `toolType` of `toolCall` and `toolResponse` parts. */
const byToolType: Readonly<Record<string, ServerTool>> = {
  GOOGLE_SEARCH_WEB: 'web-search',
  GOOGLE_SEARCH_IMAGE: 'web-search',
  URL_CONTEXT: 'web-fetch',
  FILE_SEARCH: 'file-search',
}

/** Canonical tools that have an entry here, for requests of other protocols. */
const keys: Readonly<Partial<Record<ServerTool, string>>> = {
  'web-search': 'googleSearch',
  'web-fetch': 'urlContext',
  'code-execution': 'codeExecution',
}

export const serverToolOfKey = (key: string): ServerTool => {
  const camel = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return (Object.hasOwn(byKey, camel) ? byKey[camel] : undefined) ?? 'other'
}

export const serverToolOfType = (toolType: string): ServerTool =>
  (Object.hasOwn(byToolType, toolType) ? byToolType[toolType] : undefined) ?? 'other'

export const keyOfServerTool = (tool: ServerTool): string | undefined => keys[tool]
