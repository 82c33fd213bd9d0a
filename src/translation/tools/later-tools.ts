import {
  type FunctionTool,
  type GenerateRequest,
  isJsonObject,
  type Part,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { memberOf, objectMember, objectOf, parsedJson, textMember } from './json-source.ts'
import { mapParts, placeOf, withoutEmptied } from './map-parts.ts'
import { readDefinitions } from './read-definitions.ts'

/**
 * Tools that the history adds, removes or loads on its way become the request's list, where the target has no such
 * thing (translation.md TD5, TD14). Tools before the first word of the user are no loss: Codex sends all of its so.
 */
export const laterTools: Pass = {
  name: 'later tools',
  run(request, context) {
    if (request.protocol === context.target.protocol) return { request }
    const merged = withChanges(request, context)
    return { request: withoutDeferral(merged, context) }
  },
}

/** OpenAI takes additions in their place. */
const keepsAdditions = ({ target }: TranslationContext): boolean => target.protocol === 'openai-responses'

const withChanges = (request: GenerateRequest, context: TranslationContext): GenerateRequest => {
  const tools = [...request.tools]
  const firstWords = request.turns.findIndex((turn) => turn.role !== 'system')
  const add = (tool: ToolDefinition): void => {
    const known = tools.findIndex((one) => isSameTool(one, tool))
    if (known < 0) tools.push(tool)
    else tools[known] = joined(tools[known], tool)
  }
  const change = (at: string, turnIndex: number, what: string): void => {
    if (firstWords < 0 || turnIndex <= firstWords) return
    context.warn('approximated', what, at, 'they join the list of tools, which costs the prompt cache')
  }
  const added = request.turns.map((turn, index): Turn => {
    if (turn.tools === undefined || keepsAdditions(context)) return turn
    for (const tool of turn.tools) add(tool)
    change(turn.at ?? `turns[${index}]`, index, 'tools added later')
    const { tools: _tools, raw: _raw, ...rest } = turn
    return rest
  })
  const turns = mapParts(added, (part, turn, turnIndex, partIndex) => {
    const at = placeOf(part, turn, turnIndex, partIndex)
    if (part.type === 'server-result' && part.name === 'tool_search') {
      // What a search of the client's found can be called from there on.
      const found = readDefinitions(part.output, at)
      for (const tool of found) add(tool)
      if (found.length > 0) change(at, turnIndex, 'tools found later')
      return part
    }
    if (!isToolChange(part)) return part
    if (part.name === 'tool_removal') {
      remove(part, tools, at, context)
      change(at, turnIndex, 'tools removed later')
    }
    return undefined
  })
  const isEmptyNow = (turn: Turn, index: number): boolean =>
    turn.parts.length === 0 &&
    request.turns[index]?.tools !== undefined &&
    turn.tools === undefined &&
    turn.reasoning === undefined &&
    turn.output === undefined
  const emptied = new Set(turns.filter(isEmptyNow))
  return { ...request, tools, turns: withoutEmptied(turns, added).filter((turn) => !emptied.has(turn)) }
}

const isSameTool = (one: ToolDefinition, other: ToolDefinition): boolean =>
  one.name !== undefined && one.name === other.name && (one.type === 'server') === (other.type === 'server')

/** A namespace grows, everything else is defined anew. */
const joined = (known: ToolDefinition | undefined, tool: ToolDefinition): ToolDefinition => {
  if (known?.type !== 'namespace' || tool.type !== 'namespace') return tool
  const tools = [...known.tools]
  for (const member of tool.tools) {
    const place = tools.findIndex((one) => isSameTool(one, member))
    if (place < 0) tools.push(member)
    else tools[place] = member
  }
  return { ...known, tools }
}

/** Anthropic's changes to the set of tools; the definitions inside them are on their turn. */
const isToolChange = (part: Part): part is Extract<Part, { type: 'opaque' }> =>
  part.type === 'opaque' && (part.name === 'tool_addition' || part.name === 'tool_removal')

/** What the client took away, the model must not be offered. */
const remove = (
  part: Extract<Part, { type: 'opaque' }>,
  tools: ToolDefinition[],
  at: string,
  context: TranslationContext,
): void => {
  const tool = objectMember(objectOf(part.raw?.json ?? '{}'), 'tool') ?? {}
  const name = textMember(tool, 'name') ?? textMember(tool, 'tool_name')
  if (tool['type'] !== 'tool_reference' || name === undefined) {
    context.refuse('tool_removal', at, 'one tool of an MCP server cannot be taken away in the middle')
  }
  const place = tools.findIndex((one) => one.name === name)
  if (place >= 0) tools.splice(place, 1)
}

/** Claude Code declares it so that the list is never empty; it cannot be called. */
const placeholder = 'DeferredToolPlaceholder'

/** Where nobody searches for tools, all of them are offered from the start. */
const withoutDeferral = (request: GenerateRequest, context: TranslationContext): GenerateRequest => {
  const offered = request.tools.filter(
    (tool) => !(tool.type === 'function' && tool.name === placeholder && tool.deferLoading === true),
  )
  if (isSearched(request, context)) return { ...request, tools: offered }
  const known = referencedNames(request.turns)
  const undefer = (tool: ToolDefinition, index: number): ToolDefinition => {
    if (tool.type === 'namespace') return { ...tool, tools: tool.tools.map(undefer) }
    if (tool.type !== 'function' || tool.deferLoading === undefined) return tool
    if (tool.deferLoading && !known.has(tool.name)) {
      const at = tool.at ?? `tools[${index}]`
      context.warn('approximated', 'deferred loading', at, 'the tool is offered from the start')
    }
    const { deferLoading: _deferLoading, raw: _raw, ...rest } = tool
    return rest satisfies FunctionTool
  }
  return { ...request, tools: offered.map(undefer) }
}

/** Both sides know a search that runs at the provider. */
const isSearched = ({ tools }: GenerateRequest, { target }: TranslationContext): boolean =>
  (target.protocol === 'anthropic-messages' || target.protocol === 'openai-responses') &&
  target.capabilities.serverTools.includes('tool-search') &&
  tools.some(
    (tool) =>
      tool.type === 'server' &&
      tool.tool === 'tool-search' &&
      textMember(objectOf(tool.config), 'execution') !== 'client',
  )

/** Tools that a search of the client's has brought up, by Anthropic's references and by OpenAI's definitions. */
const referencedNames = (turns: readonly Turn[]): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const { parts } of turns) {
    for (const part of parts) {
      if (part.type === 'server-result' && part.name === 'tool_search') {
        addNames(readDefinitions(part.output), names)
        addReferences(part.output, names)
      }
      if (part.type !== 'tool-result') continue
      for (const piece of part.content) {
        const value = piece.type === 'json' ? parsedJson(piece.json) : undefined
        const name = isJsonObject(value) ? textMember(value, 'tool_name') : undefined
        if (name !== undefined) names.add(name)
      }
    }
  }
  return names
}

/** What a search of Anthropic's own found. */
const addReferences = (output: string, names: Set<string>): void => {
  const references = memberOf(objectOf(output), 'tool_references')
  for (const reference of Array.isArray(references) ? references.filter(isJsonObject) : []) {
    const name = textMember(reference, 'tool_name')
    if (name !== undefined) names.add(name)
  }
}

const addNames = (tools: readonly ToolDefinition[], names: Set<string>): void => {
  for (const tool of tools) {
    if (tool.type === 'namespace') addNames(tool.tools, names)
    else if (tool.name !== undefined) names.add(tool.name)
  }
}
