import { GatewayError } from '../../errors.ts'
import {
  type CustomTool,
  extensionOf,
  type FunctionTool,
  type GenerateRequest,
  type ServerToolDefinition,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import { RawJson, rawJson } from '../../wire/index.ts'
import type { TargetContext } from '../protocol.ts'
import { entryNote, keyNote, schemaNote } from './decode-tools.ts'
import { objectOf } from './json-text.ts'
import type { Losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import { isServerToolKey } from './server-tools.ts'

/** The flat list → entries. Declarations share one entry; what came from Gemini stands where it stood. */
export const encodeTools = (
  tools: readonly ToolDefinition[],
  isForeign: boolean,
  losses: Losses,
): readonly object[] => {
  const entries = new Map<number | string, [string, unknown][]>()
  const entryAt = (key: number | string): [string, unknown][] => {
    const entry = entries.get(key) ?? []
    entries.set(key, entry)
    return entry
  }
  const declare = (tool: ToolDefinition, declaration: object): void => {
    const { [entryNote]: index, [keyNote]: spelling, $bare: single } = extensionOf(tool, 'gemini')
    const entry = entryAt(typeof index === 'number' ? index : 'functions')
    const key = typeof spelling === 'string' ? spelling : 'functionDeclarations'
    const list = entry.find(([name]) => name === key)?.[1]
    if (Array.isArray(list)) list.push(declaration)
    else entry.push([key, single === true ? declaration : [declaration]])
  }
  const encode = (tool: ToolDefinition, position: number, prefix: string): void => {
    switch (tool.type) {
      case 'function':
        declare(tool, encodeFunction(tool, prefix, isForeign, losses))
        break
      case 'custom':
        losses.lose('approximated', 'custom tool', tool, 'free text becomes one string argument')
        declare(tool, encodeCustom(tool, prefix))
        break
      case 'namespace':
        for (const member of tool.tools) encode(member, position, `${prefix}${tool.name}__`)
        break
      case 'server': {
        if (isForeign && !isServerToolKey(tool.wireType)) throw unknownTool(tool)
        const { [entryNote]: index, [keyNote]: spelling } = extensionOf(tool, 'gemini')
        const entry = entryAt(typeof index === 'number' ? index : `server ${position}`)
        entry.push([typeof spelling === 'string' ? spelling : tool.wireType, rawJson(tool.config)])
        break
      }
    }
  }
  tools.forEach((tool, position) => {
    encode(tool, position, '')
  })
  return [...entries.values()].map((members) => {
    const [first] = members
    const whole = first?.[0] === '' && members.length === 1 ? first[1] : undefined
    return whole instanceof RawJson ? whole : Object.fromEntries(members)
  })
}

const unknownTool = (tool: ServerToolDefinition): GatewayError =>
  new GatewayError(
    'gateway_translation_unsupported',
    `Gemini has no tool ${tool.wireType}: leave it out, or ask a provider that has it`,
    tool.at === undefined ? {} : { param: tool.at },
  )

const encodeFunction = (tool: FunctionTool, prefix: string, isForeign: boolean, losses: Losses): object => {
  if (tool.raw?.protocol === 'gemini') return rawJson(tool.raw.json)
  const extension = extensionOf(tool, 'gemini')
  const key = extension[schemaNote]
  // A converted schema is JSON Schema, which the old `parameters` refuses.
  const schemaKey = key === 'parameters' ? 'parameters' : 'parametersJsonSchema'
  const isSaid = tool.parameters !== undefined && !(isForeign && isEmptySchema(tool.parameters))
  if (isForeign && tool.nonBlocking === true) {
    losses.lose('approximated', 'non-blocking tool', tool, 'the model waits for its answer')
  }
  return writeMembers(
    {
      name: prefix + tool.name,
      description: tool.description,
      [schemaKey]: isSaid ? rawJson(tool.parameters ?? '{}') : undefined,
      // Gemini's own stands in the extension.
      responseJsonSchema:
        isForeign && tool.outputSchema !== undefined ? rawJson(tool.outputSchema) : undefined,
    },
    extension,
  )
}

const encodeCustom = (tool: CustomTool, prefix: string): object => ({
  name: prefix + tool.name,
  ...(tool.description === undefined ? {} : { description: tool.description }),
  parametersJsonSchema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
})

/** An object without properties: a function without parameters has no schema here. Only short texts can say that. */
const isEmptySchema = (schema: string): boolean => {
  if (schema.length > 200) return false
  const { type, properties, required, additionalProperties, $schema: _dialect, ...rest } = objectOf(schema)
  return (
    (type === undefined || type === 'object') &&
    Object.keys(properties ?? {}).length === 0 &&
    (required === undefined || (Array.isArray(required) && required.length === 0)) &&
    (additionalProperties === undefined || additionalProperties === false) &&
    Object.keys(rest).length === 0
  )
}

/**
 * The choice of another protocol's request. Without functions there is nothing to choose, and a choice is refused.
 * Strict tools are said by the mode, as far as nothing else is said by it.
 */
export const foreignToolChoice = (
  request: GenerateRequest,
  { capabilities }: TargetContext,
  losses: Losses,
): object | undefined => {
  const { toolChoice, tools } = request
  if (tools.every((tool) => tool.type === 'server')) return undefined
  if (toolChoice === undefined || toolChoice.type === 'auto') {
    if (capabilities?.strictTools === true && areStrict(tools)) return { mode: 'VALIDATED' }
    return toolChoice === undefined ? undefined : { mode: 'AUTO' }
  }
  if (toolChoice.type === 'tool' && toolChoice.kind === 'server') {
    throw new GatewayError(
      'gateway_translation_unsupported',
      'Gemini cannot be made to use a tool of its own',
      {
        param: toolChoice.at ?? 'toolChoice',
      },
    )
  }
  if (toolChoice.type === 'other') {
    losses.add('dropped', 'tool choice', toolChoice.at ?? 'toolChoice', 'unknown choice')
    return undefined
  }
  return encodeToolChoice(toolChoice)
}

/** Gemini's own choice. Where every function is strict it was validated that said so. */
export const ownToolChoice = ({ toolChoice, tools }: GenerateRequest): object | undefined => {
  if (toolChoice === undefined) return undefined
  if (toolChoice.type !== 'auto' || toolChoice.raw !== undefined || !areStrict(tools)) {
    return encodeToolChoice(toolChoice)
  }
  return writeMembers({ mode: 'VALIDATED' }, extensionOf(toolChoice, 'gemini'))
}

const areStrict = (tools: readonly ToolDefinition[]): boolean => {
  const functions = tools.filter((tool) => tool.type !== 'server')
  return functions.length > 0 && functions.every((tool) => tool.type === 'function' && tool.strict === true)
}

/** Canonical choice → `functionCallingConfig`. */
const encodeToolChoice = (choice: ToolChoice): object => {
  if (choice.raw?.protocol === 'gemini') return rawJson(choice.raw.json)
  return writeMembers(membersOf(choice), extensionOf(choice, 'gemini'))
}

const membersOf = (choice: ToolChoice): Record<string, unknown> => {
  switch (choice.type) {
    case 'auto':
      return { mode: 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
    case 'allowed':
      return {
        mode: choice.mode === 'required' ? 'ANY' : 'VALIDATED',
        allowedFunctionNames: choice.names.length === 0 ? undefined : choice.names,
      }
    case 'other':
      return {}
  }
}
