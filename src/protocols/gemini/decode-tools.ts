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
import { documentedKey, serverToolOfKey } from './server-tools.ts'

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

/** Its type is the documented spelling of its key. */
const serverTool = (document: JsonDocument, index: number, key: string, config: unknown): ToolDefinition => {
  const wireType = documentedKey(key)
  return {
    type: 'server',
    tool: serverToolOfKey(wireType),
    wireType,
    config: document.source(config),
    ...extend('gemini', { [entryNote]: index, ...(wireType === key ? {} : { [keyNote]: key }) }),
  }
}

const functionTool = (document: JsonDocument, declaration: JsonObject, notes: JsonObject): FunctionTool => {
  const reader = readObject(declaration)
  const name = reader.string('name') ?? ''
  const description = reader.string('description')
  const schema = readSchema(document, declaration, parameterNames)
  if (schema !== undefined) reader.take(schema.name)
  // The answer's schema stays in the rest as well: this protocol gets it back under the name that it came by.
  const answer = readSchema(document, declaration, answerNames)
  return {
    type: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { parameters: schema.text }),
    ...(answer === undefined ? {} : { outputSchema: answer.text }),
    ...(declaration['behavior'] === 'NON_BLOCKING' ? { nonBlocking: true } : {}),
    ...extend('gemini', {
      ...reader.rest(),
      ...(schema === undefined ? {} : { [schemaNote]: schema.name }),
      ...notes,
    }),
    raw: { protocol: 'gemini', json: document.source(declaration) },
  }
}

const parameterNames = ['parametersJsonSchema', 'parameters']
const answerNames = ['responseJsonSchema', 'response']

const readSchema = (
  document: JsonDocument,
  declaration: JsonObject,
  names: readonly string[],
): { readonly name: string; readonly text: string } | undefined => {
  for (const name of names) {
    const schema = readObject(declaration).object(name)
    if (schema !== undefined) return { name, text: schemaText(schema, document.source(schema)) }
  }
  return undefined
}

/** Shall the arguments of every call fit their schema? */
export const isValidated = (config: JsonObject): boolean =>
  modeOf(readObject(config).take('mode')) === 'VALIDATED'

const modeOf = (mode: unknown): unknown => (typeof mode === 'string' ? mode.toUpperCase() : mode)

/** `toolConfig.functionCallingConfig`. Modes that we do not know keep their source. */
export const decodeToolChoice = (document: JsonDocument, config: JsonObject): ToolChoice => {
  const reader = readObject(config)
  const mode = reader.take('mode')
  const names = reader.strings('allowedFunctionNames')
  const node = {
    ...extend('gemini', reader.rest()),
    raw: { protocol: 'gemini' as const, json: document.source(config) },
  }
  switch (modeOf(mode)) {
    case 'AUTO':
    case 1:
      return names === undefined
        ? { type: 'auto', ...node }
        : { type: 'allowed', mode: 'auto', names, ...node }
    case 'NONE':
    case 3:
      return { type: 'none', ...node }
    case 'VALIDATED':
      // Without names it restricts nothing; that the arguments fit is said by each tool.
      return names === undefined || names.length === 0
        ? { type: 'auto', ...node }
        : { type: 'allowed', mode: 'validated', names, ...node }
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
