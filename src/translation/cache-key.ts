import { createHash } from 'node:crypto'
import type { GenerateRequest, Part, ToolDefinition } from '../ir/index.ts'
import type { Pass } from './pass.ts'

/**
 * Anthropic and Gemini clients have no routing key for the prompt cache, and OpenAI's caches want one: what stands at
 * the front of the prompt names it, so that equal prefixes meet the same machine (translation.md §8). The organisation
 * is part of it: two of them never share a key.
 */
export const cacheKey: Pass = {
  name: 'cache key',
  run(request, { organisation, target }) {
    const takesKey = target.protocol === 'openai-chat' || target.protocol === 'openai-responses'
    const hasKey = request.protocol === 'openai-chat' || request.protocol === 'openai-responses'
    if (!takesKey || hasKey || !target.capabilities.cacheKey) return { request }
    if (request.promptCacheKey !== undefined) return { request }
    const prefix = prefixOf(request)
    if (prefix === undefined) return { request }
    const digest = createHash('sha256').update(`${organisation}\u0000${prefix}`).digest('hex')
    return { request: { ...request, promptCacheKey: `tgw-${digest.slice(0, 32)}` } }
  },
}

/** Tools and leading system text; undefined where there is neither, as such prompts have no prefix worth a key. */
const prefixOf = (request: GenerateRequest): string | undefined => {
  const system: string[] = []
  for (const turn of request.turns) {
    if (turn.role !== 'system') break
    for (const part of turn.parts) system.push(textOf(part))
  }
  if (system.length === 0 && request.tools.length === 0) return undefined
  return JSON.stringify([request.tools.map(toolText), system])
}

const textOf = (part: Part): string => (part.type === 'text' ? part.text : part.type)

const toolText = (tool: ToolDefinition): unknown => {
  switch (tool.type) {
    case 'function':
      return [tool.name, tool.description, tool.parameters]
    case 'custom':
      return [tool.name, tool.description, tool.format]
    case 'namespace':
      return [tool.name, tool.description, tool.tools.map(toolText)]
    case 'server':
      return [tool.wireType, tool.config]
  }
}
