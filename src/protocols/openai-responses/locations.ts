import {
  extensionOf,
  type GenerateRequest,
  type Part,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import { protocolId } from './wire.ts'

/**
 * The request with `at` on every node that a warning may speak of: `instructions`, `input[3].content[0]`,
 * `input[4].output[1]`, `tools[2].tools[0]`, `tool_choice`, `reasoning`, `text.format`. A turn is one item of the
 * input, in its order, so places follow from the request alone.
 */
export const located = (request: GenerateRequest): GenerateRequest => {
  const isOneText = extensionOf(request, protocolId)['$input'] === 'string'
  let items = 0
  const turns = request.turns.map((turn) =>
    turn.placement === 'preamble'
      ? textTurn(turn, 'instructions')
      : isOneText
        ? textTurn(turn, 'input')
        : itemTurn(turn, `input[${items++}]`),
  )
  const { toolChoice, reasoning, output } = request
  return {
    ...request,
    turns,
    tools: locatedTools(request.tools, 'tools'),
    ...(toolChoice === undefined ? {} : { toolChoice: { ...toolChoice, at: 'tool_choice' } }),
    ...(reasoning === undefined ? {} : { reasoning: { ...reasoning, at: 'reasoning' } }),
    ...(output === undefined ? {} : { output: { ...output, at: 'text.format' } }),
  }
}

const textTurn = (turn: Turn, at: string): Turn => ({
  ...turn,
  at,
  parts: turn.parts.map((part) => ({ ...part, at })),
})

const itemTurn = (turn: Turn, at: string): Turn => ({
  ...turn,
  at,
  parts: turn.parts.map((part, index) => locatedPart(part, turn, at, index)),
  ...(turn.tools === undefined ? {} : { tools: locatedTools(turn.tools, `${at}.tools`) }),
  ...(turn.reasoning === undefined ? {} : { reasoning: { ...turn.reasoning, at: `${at}.reasoning` } }),
  ...(turn.output === undefined ? {} : { output: { ...turn.output, at: `${at}.text.format` } }),
})

const locatedPart = (part: Part, turn: Turn, at: string, index: number): Part => {
  if (part.type === 'tool-result') {
    const content = part.content.map((each, place) => ({
      ...each,
      at: part.form === 'string' ? `${at}.output` : `${at}.output[${place}]`,
    }))
    return { ...part, at, content }
  }
  if (isItem(part)) return { ...part, at }
  return { ...part, at: turn.form === 'string' ? `${at}.content` : `${at}.content[${index}]` }
}

/** Does the part say a whole item, instead of standing in the content of a message? */
const isItem = (part: Part): boolean => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return false
    case 'image':
    case 'document':
    case 'audio':
    case 'video':
    case 'opaque':
      // Items keep their source; of contents, only those without a canonical word do, and they are marked.
      return part.raw !== undefined && extensionOf(part, protocolId)['part'] === undefined
    default:
      return true
  }
}

const locatedTools = (tools: readonly ToolDefinition[], at: string): readonly ToolDefinition[] =>
  tools.map((tool, index) => {
    const place = `${at}[${index}]`
    return tool.type === 'namespace'
      ? { ...tool, at: place, tools: locatedTools(tool.tools, `${place}.tools`) }
      : { ...tool, at: place }
  })
