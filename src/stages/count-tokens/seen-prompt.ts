import {
  extensionOf,
  type GenerateRequest,
  type Part,
  type ServerTool,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import { imageSize } from '../../translation/index.ts'

/** Does the request itself hold all that the model reads, so that it can be counted from outside? */
export const isSeen = (request: GenerateRequest): boolean =>
  request.previousResponseId === undefined &&
  request.conversation === undefined &&
  !unseenMembers.some((name) => Object.hasOwn(extensionOf(request, request.protocol), name)) &&
  request.tools.every(isToolSeen) &&
  request.turns.every(isTurnSeen) &&
  !goesOnWithSealedThoughts(request.turns)

/** By these the provider puts something in, or takes something out. */
const unseenMembers = [
  'mcp_servers',
  'container',
  'context_management',
  'thread',
  'prompt',
  'cachedContent',
  'cached_content',
]

const isTurnSeen = ({ parts, tools = [] }: Turn): boolean =>
  parts.every(isPartSeen) && tools.every(isToolSeen)

const isToolSeen = (tool: ToolDefinition): boolean => {
  switch (tool.type) {
    case 'function':
      // The model finds it first.
      return tool.deferLoading !== true
    case 'custom':
      return true
    case 'namespace':
      return tool.tools.every(isToolSeen)
    case 'server':
      return briefed.has(tool.tool)
  }
}

/** What the model is told about these is a few lines, always the same; about others it is pages that nobody sees. */
const briefed: ReadonlySet<ServerTool> = new Set(['web-search', 'web-fetch', 'code-execution'])

const isPartSeen = (part: Part): boolean => {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'json':
    case 'tool-call':
    case 'reasoning':
      return true
    case 'tool-result':
      return part.content.every(isPartSeen)
    case 'server-call':
      return part.byClient === true
    case 'image':
      return part.source.type === 'base64' && imageSize(part.source.data) !== undefined
    case 'document':
      return isDocumentSeen(part)
    // Their tokens are guessed from their bytes, or sealed.
    case 'audio':
    case 'video':
    case 'server-result':
    case 'opaque':
      return false
  }
}

const isDocumentSeen = ({ source }: Extract<Part, { type: 'document' }>): boolean =>
  source.type === 'text' ||
  (source.type === 'parts' && source.parts.every(isPartSeen)) ||
  (source.type === 'base64' && source.mediaType?.startsWith('text/') === true)

/** Models read what they thought since the last question; what of older thoughts is read is said by their profile. */
const goesOnWithSealedThoughts = (turns: readonly Turn[]): boolean => {
  const question = turns.findLastIndex(
    ({ role, parts }) => role === 'user' && parts.some(({ type }) => type !== 'tool-result'),
  )
  return turns
    .slice(question + 1)
    .some(({ parts }) => parts.some((part) => part.type === 'reasoning' && part.state !== undefined))
}
