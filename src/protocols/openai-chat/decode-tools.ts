import {
  extend,
  type FunctionTool,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ServerToolDefinition,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { cacheOf } from './decode-parts.ts'
import { protocol } from './encode-parts.ts'
import { canonicalFunction, canonicalTool, canonicalToolChoice, webSearchOptions } from './encode-tools.ts'
import { arrayOf, booleanOf, objectOf, optional, stringOf } from './members.ts'
import { remainder, spellingKey } from './remainder.ts'

/** The tools of a request: `tools`, the older `functions`, and `web_search_options`. */
export const decodeTools = (request: JsonObject, document: JsonDocument): readonly ToolDefinition[] => [
  ...arrayOf(request['tools']).map((tool) => decodeTool(tool, document)),
  ...arrayOf(request['functions']).map((tool) => decodeOldFunction(tool, document)),
  ...(isJsonObject(request[webSearchOptions])
    ? [serverTool(webSearchOptions, 'web-search', document.source(request[webSearchOptions]))]
    : []),
]

const decodeTool = (wire: JsonValue, document: JsonDocument): ToolDefinition => {
  const known = isJsonObject(wire) ? knownTool(wire, document) : undefined
  if (known === undefined || !isJsonObject(wire)) {
    const type = isJsonObject(wire) ? (stringOf(wire['type']) ?? 'unknown') : 'unknown'
    const tool = /web_search/.test(type) ? 'web-search' : 'other'
    return serverTool(type, tool, document.source(wire))
  }
  const tool = { ...known, ...cacheOf(wire) }
  return { ...tool, ...extend(protocol, remainder(wire, canonicalTool(tool) ?? {}, document)) }
}

const knownTool = (wire: JsonObject, document: JsonDocument): ToolDefinition | undefined => {
  const custom = objectOf(wire['custom'])
  const customName = stringOf(custom?.['name'])
  if (wire['type'] === 'custom' && custom !== undefined && customName !== undefined) {
    return {
      type: 'custom',
      name: customName,
      ...optional('description', stringOf(custom['description'])),
      ...(isJsonObject(custom['format']) ? { format: document.source(custom['format']) } : {}),
    }
  }
  const definition = objectOf(wire['function'])
  return definition === undefined ? undefined : functionTool(definition, document)
}

const functionTool = (wire: JsonObject, document: JsonDocument): FunctionTool | undefined => {
  const name = stringOf(wire['name'])
  if (name === undefined) return undefined
  return {
    type: 'function',
    name,
    ...optional('description', stringOf(wire['description'])),
    ...(isJsonObject(wire['parameters']) ? { parameters: document.source(wire['parameters']) } : {}),
    ...optional('strict', booleanOf(wire['strict'])),
  }
}

const decodeOldFunction = (wire: JsonValue, document: JsonDocument): ToolDefinition => {
  const tool = isJsonObject(wire) ? functionTool(wire, document) : undefined
  if (tool === undefined || !isJsonObject(wire)) {
    return serverTool('functions', 'other', document.source(wire))
  }
  const rest = remainder(wire, canonicalFunction(tool), document)
  return { ...tool, ...extend(protocol, { [spellingKey]: 'functions', ...rest }) }
}

const serverTool = (
  wireType: string,
  tool: ServerToolDefinition['tool'],
  config: string,
): ServerToolDefinition => ({ type: 'server', tool, wireType, config })

export const decodeToolChoice = (request: JsonObject, document: JsonDocument): ToolChoice | undefined => {
  const choice = request['tool_choice']
  if (choice === undefined || choice === null) return decodeOldChoice(request['function_call'])
  const known = knownChoice(choice)
  if (known === undefined) return { type: 'other', raw: { protocol, json: document.source(choice) } }
  const custom = arrayOf(request['tools']).map((tool) =>
    stringOf(objectOf(objectOf(tool)?.['custom'])?.['name']),
  )
  const canonical = canonicalToolChoice(
    known,
    custom.filter((name) => name !== undefined),
  )
  if (isJsonObject(choice) && typeof canonical === 'object') {
    return { ...known, ...extend(protocol, remainder(choice, canonical, document)) }
  }
  // Mistral says `any` for `required`.
  return choice === canonical ? known : { ...known, ...extend(protocol, { tool_choice: choice }) }
}

const knownChoice = (choice: JsonValue): ToolChoice | undefined => {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  if (choice === 'any') return { type: 'required' }
  const wire = objectOf(choice)
  const functionName = stringOf(objectOf(wire?.['function'])?.['name'])
  if (functionName !== undefined) return { type: 'tool', name: functionName, kind: 'function' }
  const customName = stringOf(objectOf(wire?.['custom'])?.['name'])
  if (customName !== undefined) return { type: 'tool', name: customName, kind: 'custom' }
  const allowed = objectOf(wire?.['allowed_tools'])
  if (wire?.['type'] !== 'allowed_tools' || allowed === undefined) return undefined
  const names = arrayOf(allowed['tools']).map((tool) => nameOf(tool))
  return {
    type: 'allowed',
    mode: allowed['mode'] === 'required' ? 'required' : 'auto',
    names: names.filter((name) => name !== undefined),
  }
}

const nameOf = (tool: JsonValue): string | undefined => {
  const wire = objectOf(tool)
  return stringOf((objectOf(wire?.['function']) ?? objectOf(wire?.['custom']) ?? wire)?.['name'])
}

const decodeOldChoice = (choice: JsonValue | undefined): ToolChoice | undefined => {
  const extensions = { [protocol]: { [spellingKey]: 'function_call' } }
  if (choice === 'auto' || choice === 'none') return { type: choice, extensions }
  const name = stringOf(objectOf(choice)?.['name'])
  return name === undefined ? undefined : { type: 'tool', name, kind: 'function', extensions }
}
