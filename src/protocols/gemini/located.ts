import {
  extensionOf,
  type GenerateRequest,
  type Part,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import { entryNote } from './decode-tools.ts'

/**
 * The request with `at` on every node that a warning may speak of: `systemInstruction.parts[0]`,
 * `contents[3].parts[0]`, `contents[3].parts[0].functionResponse.parts[1]`, `tools[0].functionDeclarations[2]`,
 * `tools[1].googleSearch`. A turn is one content, in their order, so places follow from the request alone. Names are
 * the documented camelCase ones, however the client spelled them.
 */
export const located = (request: GenerateRequest): GenerateRequest => {
  let contents = 0
  const turns = request.turns.map((turn) =>
    turn.placement === 'preamble'
      ? locatedTurn(turn, 'systemInstruction')
      : locatedTurn(turn, `contents[${contents++}]`),
  )
  const { toolChoice, reasoning, output } = request
  return {
    ...request,
    turns,
    tools: locatedTools(request.tools),
    ...(toolChoice === undefined
      ? {}
      : { toolChoice: { ...toolChoice, at: 'toolConfig.functionCallingConfig' } }),
    ...(reasoning === undefined
      ? {}
      : { reasoning: { ...reasoning, at: 'generationConfig.thinkingConfig' } }),
    ...(output === undefined
      ? {}
      : { output: { ...output, at: outputPlace(extensionOf(output, 'gemini')) } }),
  }
}

const locatedTurn = (turn: Turn, at: string): Turn => ({
  ...turn,
  at,
  parts: turn.parts.map((part, index) =>
    locatedPart(part, turn.form === 'string' ? at : `${at}.parts[${index}]`),
  ),
})

/** What a tool answered comes first in its result's content; the media behind it have places of their own. */
const locatedPart = (part: Part, at: string): Part => {
  if (part.type !== 'tool-result') return { ...part, at }
  const content = part.content.map((piece, index) => ({
    ...piece,
    at: index === 0 ? `${at}.functionResponse.response` : `${at}.functionResponse.parts[${index - 1}]`,
  }))
  return { ...part, at, content }
}

const locatedTools = (tools: readonly ToolDefinition[]): readonly ToolDefinition[] => {
  let entry: unknown
  let declarations = 0
  return tools.map((tool) => {
    const index = extensionOf(tool, 'gemini')[entryNote]
    if (index !== entry) declarations = 0
    entry = index
    const place = `tools[${typeof index === 'number' ? index : 0}]`
    if (tool.type === 'function') return { ...tool, at: `${place}.functionDeclarations[${declarations++}]` }
    return {
      ...tool,
      at: tool.type === 'server' && tool.wireType !== '' ? `${place}.${tool.wireType}` : place,
    }
  })
}

const outputPlace = (members: object): string => {
  for (const name of ['responseJsonSchema', 'responseSchema']) {
    if (name in members) return `generationConfig.${name}`
  }
  return 'generationConfig.responseMimeType'
}
