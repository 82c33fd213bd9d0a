import {
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type Part,
  type ToolDefinition,
} from '../ir/index.ts'

/** Why the cache keeps out of an exchange. */
export type BypassReason =
  | 'asked-to'
  | 'not-understood'
  | 'upstream-state'
  | 'kept-elsewhere'
  | 'server-tools'
  | 'several-answers'
  | 'logprobs'
  | 'audio'
  | 'media-by-address'
  | 'prewarm'
  | 'compaction'
  | 'own-exchange'

/**
 * Why no earlier answer can stand for an answer to this request; undefined where one can. It refers to what lives
 * elsewhere and may have changed, or wants what a kept answer does not hold.
 */
export const uncacheable = (request: GenerateRequest): BypassReason | undefined => {
  const { sampling, turns, tools } = request
  if (refersToState(request)) return 'upstream-state'
  if (request.maxOutputTokens === 0) return 'prewarm'
  if ((sampling.candidates ?? 1) !== 1) return 'several-answers'
  if (sampling.logprobs === true || (sampling.topLogprobs ?? 0) > 0) return 'logprobs'
  const extensions = Object.values(request.extensions ?? {})
  if (extensions.some(saysAny(audioMembers))) return 'audio'
  if (extensions.some(saysAny(serverToolMembers))) return 'server-tools'
  if (hasServerTool(tools) || turns.some((turn) => hasServerTool(turn.tools ?? []))) return 'server-tools'
  for (const { parts } of turns) {
    const reason = reasonOf(parts)
    if (reason !== undefined) return reason
  }
  return undefined
}

const refersToState = ({ previousResponseId, conversation, background, extensions }: GenerateRequest) =>
  previousResponseId !== undefined ||
  conversation !== undefined ||
  background === true ||
  Object.values(extensions ?? {}).some(saysAny(stateMembers))

/** Members that only one protocol has: what they name lives at the provider. */
const stateMembers = ['container', 'thread', 'cachedContent', 'cached_content', 'prompt']
/** Settings that make a provider search or run something by itself. */
const serverToolMembers = [
  ...['web_search_options', 'search_parameters', 'plugins', 'mcp_servers', 'web_search', 'enable_search'],
]
const audioMembers = ['audio', 'modalities', 'responseModalities', 'speechConfig']

const saysAny =
  (names: readonly string[]) =>
  (members: JsonObject): boolean =>
    names.some((name) => says(members[name])) || names.some((name) => says(nested(members)[name]))

/** Gemini's own settings stand one level deeper. */
const nested = (members: JsonObject): JsonObject => {
  const config = members['$generationConfig']
  return isJsonObject(config) ? config : {}
}

const says = (value: unknown): boolean => value !== undefined && value !== null

const hasServerTool = (tools: readonly ToolDefinition[]): boolean =>
  tools.some((tool) => tool.type === 'server' || (tool.type === 'namespace' && hasServerTool(tool.tools)))

const reasonOf = (parts: readonly Part[]): BypassReason | undefined => {
  for (const part of parts) {
    switch (part.type) {
      case 'server-call':
      case 'server-result':
        return 'server-tools'
      case 'tool-result': {
        const reason = reasonOf(part.content)
        if (reason !== undefined) return reason
        break
      }
      case 'image':
      case 'document':
      case 'audio':
      case 'video': {
        const { source } = part
        if (source.type === 'file') return 'upstream-state'
        // What stands behind an address today may be something else tomorrow.
        if (source.type === 'url') return 'media-by-address'
        if (source.type === 'parts') {
          const reason = reasonOf(source.parts)
          if (reason !== undefined) return reason
        }
        break
      }
      case 'opaque':
        // What is kept of an answer are its words; this one is an envelope.
        if (part.name === 'compaction_trigger') return 'compaction'
        break
      default:
    }
  }
  return undefined
}
