import {
  extend,
  extensionOf,
  type FunctionTool,
  type GenerateRequest,
  type JsonObject,
  type Part,
  type ServerToolDefinition,
  type ToolCallPart,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { Pass } from '../pass.ts'
import { anthropicFunctions } from './anthropic-functions.ts'
import { callStarts } from './call-starts.ts'
import { hostedCalls } from './hosted-calls.ts'
import { textMember } from './json-source.ts'
import { mapParts } from './map-parts.ts'
import { readDefinitions } from './read-definitions.ts'
import { functionOfCall, type ResponsesFunction, responsesFunction } from './responses-functions.ts'
import { hashedHex } from './short-hash.ts'
import { withoutExtension } from './without-extension.ts'

/**
 * Tools that the client runs but whose schema is a vendor's (Anthropic's `bash_20250124`, OpenAI's `shell`): functions
 * with the published schema, and calls that come back as the vendor's own (translation.md TD13, §5.7).
 */
export const clientTools: Pass = {
  name: 'client tools',
  run(request, { target }) {
    if (request.protocol === target.protocol) return { request }
    if (request.protocol === 'anthropic-messages') return fromAnthropic(request)
    return request.protocol === 'openai-responses' ? fromResponses(request) : { request }
  },
}

/** A name that no other tool of the request has. */
const freeName = (name: string, kind: string, taken: Set<string>): string => {
  let free = name
  for (let source = kind; taken.has(free); source += '\u0000') free = `${name}_${hashedHex(source)}`
  taken.add(free)
  return free
}

const functionNames = (tools: readonly ToolDefinition[]): Set<string> =>
  new Set(tools.flatMap((tool) => (tool.type === 'function' || tool.type === 'custom' ? [tool.name] : [])))

const withChoice = (
  choice: ToolChoice | undefined,
  names: ReadonlyMap<string, string>,
): Pick<GenerateRequest, 'toolChoice'> => {
  if (choice === undefined) return {}
  if (choice.type === 'allowed') {
    return { toolChoice: { ...choice, names: choice.names.map((name) => names.get(name) ?? name) } }
  }
  const name = choice.type === 'tool' && choice.kind === 'server' ? names.get(choice.name) : undefined
  if (name === undefined) return { toolChoice: choice }
  const { raw: _raw, extensions: _extensions, ...rest } = choice
  return { toolChoice: { ...rest, type: 'tool', name, kind: 'function' } }
}

interface Member {
  readonly name: string
  readonly toolset: string
}

const fromAnthropic = (request: GenerateRequest) => {
  const taken = functionNames(request.tools)
  /** Of the vendor's own name, and of a toolset's member. */
  const given = new Map<string, string>()
  const members = new Map<string, Member>()
  const renamed = new Map<string, string>()
  const asFunctions = (tool: ServerToolDefinition): readonly ToolDefinition[] => {
    const found = anthropicFunctions(tool)
    if (found === undefined) return [tool]
    const { functions, toolset } = found
    return functions.map((fn): FunctionTool => {
      const name = freeName(fn.name, `${toolset ?? ''} ${tool.wireType}`, taken)
      given.set(`${toolset ?? ''} ${fn.name}`, name)
      if (toolset !== undefined) members.set(name, { name: fn.name, toolset })
      else if (name !== fn.name) renamed.set(name, fn.name)
      return name === fn.name ? fn : { ...fn, name }
    })
  }
  const tools = request.tools.flatMap((tool) => (tool.type === 'server' ? asFunctions(tool) : [tool]))
  if (given.size === 0) return { request }
  const turns = mapParts(request.turns, (part) => {
    if (part.type === 'tool-result') return withoutExtension(part, 'anthropic-messages', ['toolset_name'])
    if (part.type !== 'tool-call') return part
    const toolset = textMember(extensionOf(part, 'anthropic-messages'), 'toolset_name') ?? ''
    const name = given.get(`${toolset} ${part.name}`)
    if (name === undefined) return part
    const known = withoutExtension(part, 'anthropic-messages', ['toolset_name'])
    return name === part.name ? known : { ...known, name }
  })
  const chosen = new Map([...given].map(([key, name]) => [key.slice(key.indexOf(' ') + 1), name]))
  return {
    request: { ...request, tools, turns, ...withChoice(request.toolChoice, chosen) },
    answer: () => callStarts((part) => asMember(part, members, renamed)),
  }
}

/** A member's call names its family beside. An answer that says anything of this protocol must say all of it. */
const asMember = (
  part: ToolCallPart,
  members: ReadonlyMap<string, Member>,
  renamed: ReadonlyMap<string, string>,
): ToolCallPart => {
  const member = members.get(part.name)
  if (member === undefined) {
    const name = renamed.get(part.name)
    return name === undefined ? part : { ...part, name }
  }
  const said: JsonObject = { caller: { type: 'direct' }, toolset_name: member.toolset }
  return { ...part, name: member.name, ...extend('anthropic-messages', said) }
}

const fromResponses = (request: GenerateRequest) => {
  const taken = functionNames(request.tools)
  const byName = new Map<string, ResponsesFunction>()
  const given = new Map<string, string>()
  const give = (fn: ResponsesFunction): string => {
    const known = given.get(fn.name)
    if (known !== undefined) return known
    const name = freeName(fn.name, fn.name, taken)
    given.set(fn.name, name)
    byName.set(name, fn)
    return name
  }
  const tools = request.tools.map((tool): ToolDefinition => {
    const fn = tool.type === 'server' ? responsesFunction(tool) : undefined
    if (fn === undefined) return tool
    return {
      type: 'function',
      name: give(fn),
      description: fn.description,
      parameters: JSON.stringify(fn.parameters),
      ...(tool.at === undefined ? {} : { at: tool.at }),
    }
  })
  const answered = new Set<string>()
  const turns = mapParts(request.turns, (part): Part => {
    if (part.type === 'server-call') {
      const fn = functionOfCall(part)
      if (fn === undefined) return part
      if (part.id !== undefined) answered.add(part.id)
      const { type: _type, tool: _tool, byClient: _byClient, raw: _raw, server: _server, ...rest } = part
      return {
        ...rest,
        type: 'tool-call',
        kind: 'function',
        name: give(fn),
        input: fn.toArguments(part.input),
      }
    }
    if (part.type !== 'server-result' || part.callId === undefined || !answered.has(part.callId)) return part
    return resultOf(part)
  })
  if (given.size === 0) return { request }
  return {
    request: { ...request, tools, turns, ...withChoice(request.toolChoice, given) },
    answer: () => hostedCalls(byName),
  }
}

const resultOf = ({
  callId,
  output,
  name,
  isError,
  at,
  cache,
}: Extract<Part, { type: 'server-result' }>): Part => ({
  type: 'tool-result',
  kind: 'function',
  ...(callId === undefined ? {} : { callId }),
  content: name === 'tool_search' ? foundTools(output) : [outputPart(output)],
  ...(isError === undefined ? {} : { isError }),
  ...(at === undefined ? {} : { at }),
  ...(cache === undefined ? {} : { cache }),
})

const outputPart = (output: string): Part => {
  const value: unknown = JSON.parse(output)
  return typeof value === 'string' ? { type: 'text', text: value } : { type: 'json', json: output }
}

/** Their definitions are in the list of tools now; here their names say what was found. */
const foundTools = (output: string): readonly Part[] =>
  readDefinitions(output).flatMap((tool): readonly Part[] =>
    tool.type === 'namespace'
      ? tool.tools.map((member) => reference(member.name, tool.name))
      : [reference(tool.name)],
  )

const reference = (name: string | undefined, namespace?: string): Part => ({
  type: 'json',
  json: JSON.stringify({ type: 'tool_reference', tool_name: name, namespace }),
})
