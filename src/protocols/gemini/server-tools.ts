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
  googleMaps: 'other',
  exaAiSearch: 'web-search',
  parallelAiSearch: 'web-search',
}

/** `toolType` of `toolCall` and `toolResponse` parts. */
const byToolType: Readonly<Record<string, ServerTool>> = {
  GOOGLE_SEARCH_WEB: 'web-search',
  GOOGLE_SEARCH_IMAGE: 'web-search',
  URL_CONTEXT: 'web-fetch',
  FILE_SEARCH: 'file-search',
}

/** A key of `tools[]` in the documented spelling, for those that are known; others stay as they are. */
export const documentedKey = (key: string): string => {
  const camel = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return Object.hasOwn(byKey, camel) ? camel : key
}

/** @param key in the documented spelling */
export const serverToolOfKey = (key: string): ServerTool =>
  (Object.hasOwn(byKey, key) ? byKey[key] : undefined) ?? 'other'

export const serverToolOfType = (toolType: string): ServerTool =>
  (Object.hasOwn(byToolType, toolType) ? byToolType[toolType] : undefined) ?? 'other'

/** Is it a key of `tools[]`? */
export const isServerToolKey = (key: string): boolean => Object.hasOwn(byKey, key)
