import {
  type GenerateRequest,
  isJsonObject,
  type Part,
  type ToolCallPart,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { Pass } from '../pass.ts'
import { callStarts } from './call-starts.ts'
import { parsedJson, textMember } from './json-source.ts'
import { mapParts } from './map-parts.ts'
import { createNameTable, type NameTable, type ToolName } from './name-table.ts'

/**
 * Every tool under a name that the target takes, in one flat list (translation.md §1.6, TD9): definitions, choice,
 * calls, results and references alike. The answer's calls come back under the client's names, with their namespace.
 */
export const toolNames: Pass = {
  name: 'tool names',
  run(request, { target }) {
    if (request.protocol === target.protocol) return { request }
    const added = request.turns.flatMap((turn) => turn.tools ?? [])
    const declared = [...request.tools, ...added].flatMap((tool) => namesOf(tool))
    const hosted = hostedNames(request.tools)
    const table = createNameTable(declared, target.protocol, hosted)
    // The client's own function comes first, where a tool of the provider's has its name.
    const isHosted = (name: string): boolean =>
      hosted.has(name) && !declared.some((tool) => tool.name === name)
    const rename = (tools: readonly ToolDefinition[]) => tools.flatMap((tool) => renamed(tool, table))
    const { toolChoice } = request
    const renamedTurns = mapParts(request.turns, (part) => renamedPart(part, table))
    const turns = renamedTurns.map((turn) =>
      turn.tools === undefined ? turn : { ...turn, tools: rename(turn.tools) },
    )
    return {
      request: {
        ...request,
        tools: rename(request.tools),
        turns,
        ...(toolChoice === undefined ? {} : { toolChoice: renamedChoice(toolChoice, table, isHosted) }),
      },
      // Gemini alone calls tools by names that nobody gave.
      ...(table.hasAliases || target.protocol === 'gemini'
        ? { answer: () => callStarts((part) => withClientName(part, table)) }
        : {}),
    }
  },
}

const namesOf = (tool: ToolDefinition, namespace?: string): readonly ToolName[] => {
  switch (tool.type) {
    case 'function':
    case 'custom':
      return [toolName(tool.name, namespace)]
    case 'namespace':
      return tool.tools.flatMap((member) => namesOf(member, tool.name))
    case 'server':
      return []
  }
}

const toolName = (name: string, namespace: string | undefined): ToolName =>
  namespace === undefined ? { name } : { name, namespace }

/** Anthropic's own tools have names in the same list. */
const hostedNames = (tools: GenerateRequest['tools']): ReadonlySet<string> =>
  new Set(tools.flatMap((tool) => (tool.type === 'server' && tool.name !== undefined ? [tool.name] : [])))

const renamed = (
  tool: ToolDefinition,
  table: NameTable,
  namespace?: { readonly name: string; readonly description?: string },
): readonly ToolDefinition[] => {
  switch (tool.type) {
    case 'function':
    case 'custom': {
      const name = table.toTarget(toolName(tool.name, namespace?.name))
      const texts = [namespace?.description, tool.description].filter(
        (text) => text !== undefined && text !== '',
      )
      if (name === tool.name && namespace === undefined) return [tool]
      const { raw: _raw, ...rest } = tool
      return [{ ...rest, name, ...(texts.length === 0 ? {} : { description: texts.join('\n\n') }) }]
    }
    case 'namespace':
      return tool.tools.flatMap((member) => renamed(member, table, tool))
    case 'server':
      return [tool]
  }
}

const renamedPart = (part: Part, table: NameTable): Part => {
  if (part.type === 'tool-call') {
    const name = table.toTarget(toolName(part.name, part.namespace))
    if (name === part.name && part.namespace === undefined) return part
    const { namespace: _namespace, ...rest } = part
    return { ...rest, name }
  }
  if (part.type !== 'tool-result') return part
  const name = part.name === undefined ? undefined : table.toTarget({ name: part.name })
  const content = part.content.map((piece) => referenceText(piece, table))
  const isSame = name === part.name && content.every((piece, index) => piece === part.content[index])
  return isSame ? part : { ...part, content, ...(name === undefined ? {} : { name }) }
}

/** Anthropic's `tool_reference` inside a result: elsewhere the tool's name, as the model knows it, says the same. */
const referenceText = (piece: Part, table: NameTable): Part => {
  if (piece.type !== 'json' || !piece.json.includes('tool_reference')) return piece
  const value = parsedJson(piece.json)
  if (!isJsonObject(value) || value['type'] !== 'tool_reference') return piece
  const name = textMember(value, 'tool_name')
  if (name === undefined) return piece
  const text = table.toTarget(toolName(name, textMember(value, 'namespace')))
  return { type: 'text', text, ...(piece.at === undefined ? {} : { at: piece.at }) }
}

const renamedChoice = (
  choice: ToolChoice,
  table: NameTable,
  isHosted: (name: string) => boolean,
): ToolChoice => {
  if (choice.type === 'tool' && choice.kind !== 'server') {
    return { ...choice, name: table.toTarget({ name: choice.name }) }
  }
  if (choice.type !== 'allowed') return choice
  const names = choice.names.map((name) => (isHosted(name) ? name : table.toTarget({ name })))
  return { ...choice, names }
}

const withClientName = (part: ToolCallPart, table: NameTable): ToolCallPart => {
  const { name, namespace } = table.toClient(part.name)
  if (name === part.name && namespace === undefined) return part
  return { ...part, name, ...(namespace === undefined ? {} : { namespace }) }
}
