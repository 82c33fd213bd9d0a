import {
  type Choice,
  type FinishReason,
  type GenerateRequest,
  type GenerateResponse,
  isJsonObject,
  type Part,
  type ToolCallPart,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import { sampleValue } from './sample-value.ts'

/** About four bytes of English make a token; good enough for a model that bills nothing. */
export const countTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4)

/**
 * The loopback model's answer: deterministic, and a function of the request alone. `loopback` says back what it heard
 * last; `loopback-agent` calls the first offered tool once, and finishes when it sees the result.
 */
export const composeAnswer = (
  request: GenerateRequest,
  id: string,
  inputTokens: number,
): GenerateResponse => {
  const call = request.model.endsWith('loopback-agent') ? firstCall(request, id) : undefined
  const text = call === undefined ? wordsOf(request) : 'Calling a tool.'
  const { text: said, cut } = fit(text, request.maxOutputTokens)
  const parts: Part[] = [{ type: 'text', text: said }]
  if (call !== undefined && !cut) parts.push(call)
  const reason: FinishReason = cut ? 'length' : call === undefined ? 'end' : 'tool-calls'
  const count = Math.min(Math.max(request.sampling.candidates ?? 1, 1), 8)
  const choices: Choice[] = Array.from({ length: count }, (_, index) => ({
    index,
    parts,
    finish: { reason },
  }))
  const spoken = parts.map((part) =>
    part.type === 'tool-call' ? part.input : part.type === 'text' ? part.text : '',
  )
  return {
    protocol: request.protocol,
    id,
    model: request.model,
    choices,
    usage: { inputTokens, outputTokens: count * spoken.reduce((sum, piece) => sum + countTokens(piece), 0) },
  }
}

const fit = (text: string, limit: number | undefined): { readonly text: string; readonly cut: boolean } => {
  if (limit === undefined || countTokens(text) <= limit) return { text, cut: false }
  return {
    text: Array.from(text)
      .slice(0, Math.max(1, limit) * 4)
      .join(''),
    cut: true,
  }
}

const wordsOf = (request: GenerateRequest): string => {
  const { output } = request
  if (output?.type === 'json-schema' && output.schema !== undefined)
    return JSON.stringify(sampleValue(parse(output.schema)))
  if (output?.type === 'json') return '{"loopback":true}'
  const results = lastResults(request.turns)
  if (results !== undefined) return `The tool answered: ${results}`
  return `You said: ${lastUserText(request.turns)}`
}

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}

const lastUserText = (turns: readonly Turn[]): string => {
  const turn = turns.findLast((one) => one.role === 'user' && one.parts.some((part) => part.type === 'text'))
  return turn === undefined ? '' : textIn(turn.parts)
}

const textIn = (parts: readonly Part[]): string =>
  parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : part.type === 'json' ? [part.json] : []))
    .join('\n')

/** The text of the tool results after the model's last turn; undefined when there are none. */
const lastResults = (turns: readonly Turn[]): string | undefined => {
  const since = turns.findLastIndex((turn) => turn.role === 'assistant')
  const results = turns
    .slice(since + 1)
    .flatMap((turn) => turn.parts.filter((part) => part.type === 'tool-result'))
  return results.length === 0 ? undefined : results.map((result) => textIn(result.content)).join('\n')
}

const firstCall = (request: GenerateRequest, id: string): ToolCallPart | undefined => {
  const choice = request.toolChoice
  if (choice?.type === 'none' || lastResults(request.turns) !== undefined) return undefined
  const tools = callable(request.tools)
  const wanted =
    choice?.type === 'tool'
      ? tools.find(({ tool }) => tool.name === choice.name)
      : (tools.find(({ tool }) => !startsAgent(tool)) ?? tools[0])
  if (wanted === undefined) return undefined
  const { tool, namespace } = wanted
  const input =
    tool.type === 'custom'
      ? 'loopback'
      : JSON.stringify(sampleValue(tool.parameters === undefined ? {} : parse(tool.parameters)))
  return {
    type: 'tool-call',
    id: `call_${id.replace(/[^A-Za-z0-9]/g, '').slice(-24)}`,
    name: tool.name,
    kind: tool.type,
    input,
    ...(namespace === undefined ? {} : { namespace }),
  }
}

/** The first tool of Claude Code starts a sub-agent, which would ask for a sub-agent, without end. */
const startsAgent = (tool: Callable): boolean => {
  if (tool.type !== 'function' || tool.parameters === undefined) return false
  const schema = parse(tool.parameters)
  const properties = isJsonObject(schema) ? schema['properties'] : undefined
  return isJsonObject(properties) && Object.hasOwn(properties, 'subagent_type')
}

type Callable = Extract<ToolDefinition, { type: 'function' | 'custom' }>

/** Functions before free-text tools, whose grammar nobody could guess. */
const callable = (
  tools: readonly ToolDefinition[],
  namespace?: string,
): readonly { readonly tool: Callable; readonly namespace: string | undefined }[] => {
  const found = tools.flatMap((tool) => {
    if (tool.type === 'namespace') return callable(tool.tools, tool.name)
    return tool.type === 'function' || tool.type === 'custom' ? [{ tool, namespace }] : []
  })
  return [
    ...found.filter(({ tool }) => tool.type === 'function'),
    ...found.filter(({ tool }) => tool.type === 'custom'),
  ]
}
