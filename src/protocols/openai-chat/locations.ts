import {
  extensionOf,
  type GenerateRequest,
  type Part,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import { isFunctionCall, opaqueCallPrefix } from './encode-calls.ts'
import { isOfMessage } from './encode-messages.ts'
import { isThinkingPart, protocol } from './encode-parts.ts'
import { webSearchOptions } from './encode-tools.ts'
import { objectOf } from './members.ts'
import { spellingOf } from './reasoning-fields.ts'
import { spellingKey } from './remainder.ts'

/**
 * The request with `at` on every node that a warning may speak of: `messages[3].content[0]`,
 * `messages[4].tool_calls[1]`, `messages[4].reasoning_content`, `tools[2]`, `functions[0]`, `tool_choice`. A turn is one
 * message, in their order, so places follow from the request alone.
 */
export const located = (request: GenerateRequest): GenerateRequest => {
  const { toolChoice, reasoning, output } = request
  return {
    ...request,
    turns: request.turns.map((turn, index) => locatedTurn(turn, `messages[${index}]`)),
    tools: locatedTools(request.tools),
    ...(toolChoice === undefined
      ? {}
      : { toolChoice: { ...toolChoice, at: isOldForm(toolChoice) ? 'function_call' : 'tool_choice' } }),
    ...(reasoning === undefined ? {} : { reasoning: { ...reasoning, at: reasoningPlace(request) } }),
    ...(output === undefined ? {} : { output: { ...output, at: 'response_format' } }),
  }
}

const locatedTurn = (turn: Turn, at: string): Turn => {
  const content = contentPlaces(at, turn.form)
  let calls = 0
  const placeOf = (part: Part): string => {
    switch (part.type) {
      case 'tool-result':
        return at
      case 'tool-call':
        return isFunctionCall(part) ? `${at}.function_call` : `${at}.tool_calls[${calls++}]`
      case 'opaque':
        return part.name.startsWith(opaqueCallPrefix) ? `${at}.tool_calls[${calls++}]` : content()
      case 'reasoning':
        return isThinkingPart(part) ? content() : `${at}.${spellingOf(part)}`
      case 'refusal':
        return isOfMessage(part) ? `${at}.refusal` : content()
      case 'audio':
        return part.source.type === 'file' ? `${at}.audio` : content()
      default:
        return content()
    }
  }
  return { ...turn, at, parts: turn.parts.map((part) => locatedPart(part, placeOf(part))) }
}

const locatedPart = (part: Part, at: string): Part => {
  if (part.type !== 'tool-result') return { ...part, at }
  const content = contentPlaces(at, part.form)
  return { ...part, at, content: part.content.map((each) => ({ ...each, at: content() })) }
}

const contentPlaces = (at: string, form: 'string' | undefined): (() => string) => {
  let next = 0
  return () => (form === 'string' ? `${at}.content` : `${at}.content[${next++}]`)
}

const locatedTools = (tools: readonly ToolDefinition[]): readonly ToolDefinition[] => {
  const next = { tools: 0, functions: 0 }
  return tools.map((tool) => {
    if (tool.type === 'server' && tool.wireType === webSearchOptions) return { ...tool, at: webSearchOptions }
    const list =
      isOldForm(tool) || (tool.type === 'server' && tool.wireType === 'functions') ? 'functions' : 'tools'
    return { ...tool, at: `${list}[${next[list]++}]` }
  })
}

/** Written as `functions` or `function_call`, the words of before `tools`. */
const isOldForm = (node: Parameters<typeof extensionOf>[0]): boolean => {
  const spelling = extensionOf(node, protocol)[spellingKey]
  return spelling === 'functions' || spelling === 'function_call'
}

const reasoningPlace = (request: GenerateRequest): string => {
  const spelling = objectOf(extensionOf(request, protocol)[spellingKey]) ?? {}
  if (spelling['reasoning'] === 'reasoning') return 'reasoning'
  return request.reasoning?.effort === undefined && spelling['thinking'] === 'thinking'
    ? 'thinking'
    : 'reasoning_effort'
}
