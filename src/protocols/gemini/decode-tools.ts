import {
  extend,
  type FunctionTool,
  isJsonObject,
  type JsonObject,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { readObject } from './read-object.ts'
import { schemaText } from './schema.ts'
import { serverToolOfKey } from './server-tools.ts'

/** Notes in a tool's extension: which entry of `tools` it stood in, and under which key. */
export const entryNote = '$entry'
export const keyNote = '$key'
export const schemaNote = '$schemaKey'

/** `tools`: entries that each hold declarations, provider tools, or both → one flat list in the same order. */
export const decodeTools = (document: JsonDocument, entries: readonly unknown[]): ToolDefinition[] =>
  entries.flatMap((entry, index) => {
    if (!isJsonObject(entry)) return [serverTool(document, index, '', entry)]
    const tools = Object.entries(entry).flatMap(([key, value]): ToolDefinition[] => {
      const declarations = Array.isArray(value) ? value : [value]
      const isFunctions = key === 'functionDeclarations' || key === 'function_declarations'
      if (!isFunctions || declarations.length === 0 || !declarations.every(isJsonObject)) {
        return [serverTool(document, index, key, value)]
      }
      return declarations.map((declaration) =>
        functionTool(document, declaration, {
          [entryNote]: index,
          ...(key === 'functionDeclarations' ? {} : { [keyNote]: key }),
          ...(Array.isArray(value) ? {} : { $bare: true }),
        }),
      )
    })
    return tools.length === 0 ? [serverTool(document, index, '', entry)] : tools
  })

const serverTool = (document: JsonDocument, index: number, key: string, config: unknown): ToolDefinition => ({
  type: 'server',
  tool: serverToolOfKey(key),
  wireType: key,
  config: document.source(config),
  ...extend('gemini', { [entryNote]: index }),
})

const functionTool = (document: JsonDocument, declaration: JsonObject, notes: JsonObject): FunctionTool => {
  const reader = readObject(declaration)
  const name = reader.string('name') ?? ''
  const description = reader.string('description')
  const schema = readSchema(document, declaration)
  if (schema !== undefined) reader.take(schema.name)
  return {
    type: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { parameters: schema.text }),
    ...extend('gemini', {
      ...reader.rest(),
      ...(schema === undefined ? {} : { [schemaNote]: schema.name }),
      ...notes,
    }),
    raw: { protocol: 'gemini', json: document.source(declaration) },
  }
}

const readSchema = (
  document: JsonDocument,
  declaration: JsonObject,
): { readonly name: string; readonly text: string } | undefined => {
  for (const name of ['parametersJsonSchema', 'parameters']) {
    const schema = readObject(declaration).object(name)
    if (schema !== undefined) return { name, text: schemaText(schema, document.source(schema)) }
  }
  return undefined
}

/** `toolConfig.functionCallingConfig`. Modes that we do not know keep their source. */
export const decodeToolChoice = (document: JsonDocument, config: JsonObject): ToolChoice => {
  const reader = readObject(config)
  const mode = reader.take('mode')
  const names = reader.strings('allowedFunctionNames')
  const node = {
    ...extend('gemini', reader.rest()),
    raw: { protocol: 'gemini' as const, json: document.source(config) },
  }
  switch (typeof mode === 'string' ? mode.toUpperCase() : mode) {
    case 'AUTO':
    case 1:
      return names === undefined
        ? { type: 'auto', ...node }
        : { type: 'allowed', mode: 'auto', names, ...node }
    case 'NONE':
    case 3:
      return { type: 'none', ...node }
    case 'VALIDATED':
      return { type: 'allowed', mode: 'validated', names: names ?? [], ...node }
    case 'ANY':
    case 2: {
      const [only] = names ?? []
      if (names === undefined || only === undefined) return { type: 'required', ...node }
      return names.length === 1
        ? { type: 'tool', name: only, kind: 'function', ...node }
        : { type: 'allowed', mode: 'required', names, ...node }
    }
    default:
      return { type: 'other', ...node }
  }
}
