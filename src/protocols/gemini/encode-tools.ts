import { extensionOf, type FunctionTool, type ToolChoice, type ToolDefinition } from '../../ir/index.ts'
import { RawJson, rawJson } from '../../wire/index.ts'
import { entryNote, keyNote, schemaNote } from './decode-tools.ts'
import type { Losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import { keyOfServerTool } from './server-tools.ts'

/** The flat list → entries. Declarations share one entry; what came from Gemini stands where it stood. */
export const encodeTools = (tools: readonly ToolDefinition[], losses: Losses): readonly object[] => {
  const entries = new Map<number | string, [string, unknown][]>()
  const entryAt = (key: number | string): [string, unknown][] => {
    const entry = entries.get(key) ?? []
    entries.set(key, entry)
    return entry
  }
  const declare = (tool: FunctionTool, declaration: object): void => {
    const { [entryNote]: index, [keyNote]: spelling, $bare: single } = extensionOf(tool, 'gemini')
    const entry = entryAt(typeof index === 'number' ? index : 'functions')
    const key = typeof spelling === 'string' ? spelling : 'functionDeclarations'
    const list = entry.find(([name]) => name === key)?.[1]
    if (Array.isArray(list)) list.push(declaration)
    else entry.push([key, single === true ? declaration : [declaration]])
  }
  tools.forEach((tool, position) => {
    switch (tool.type) {
      case 'function':
        declare(tool, encodeFunction(tool))
        break
      case 'custom': {
        losses.add(
          'approximated',
          'custom tool',
          `tools[${position}]`,
          'free text becomes one string argument',
        )
        const schema = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
        entryAt('functions')
        declare(
          { type: 'function', name: tool.name },
          {
            name: tool.name,
            ...(tool.description === undefined ? {} : { description: tool.description }),
            parametersJsonSchema: schema,
          },
        )
        break
      }
      case 'namespace':
        for (const member of tool.tools) {
          if (member.type === 'function') declare(member, encodeFunction(member))
          else losses.add('dropped', member.type, `tools[${position}]`, 'namespaces hold functions only here')
        }
        break
      case 'server': {
        const index = extensionOf(tool, 'gemini')[entryNote]
        const isOwn = typeof index === 'number' || !/[_\d]/.test(tool.wireType)
        const key = isOwn && !isForeign(tool.wireType) ? tool.wireType : keyOfServerTool(tool.tool)
        if (key === undefined) {
          losses.add('dropped', tool.wireType, `tools[${position}]`, 'the target protocol has no such tool')
          break
        }
        const entry = entryAt(typeof index === 'number' ? index : `server ${position}`)
        const config = rawJson(key === tool.wireType ? tool.config : '{}')
        entry.push([key, config])
        break
      }
    }
  })
  return [...entries.values()].map((members) => {
    const [first] = members
    const whole = first?.[0] === '' && members.length === 1 ? first[1] : undefined
    return whole instanceof RawJson ? whole : Object.fromEntries(members)
  })
}

/** Tool types of other protocols are snake_case words; Gemini's keys are camelCase. */
const isForeign = (wireType: string): boolean => /^(?:mcp|shell|computer|memory)$/.test(wireType)

const encodeFunction = (tool: FunctionTool): object => {
  if (tool.raw?.protocol === 'gemini') return rawJson(tool.raw.json)
  const extension = extensionOf(tool, 'gemini')
  const key = extension[schemaNote]
  // A converted schema is JSON Schema, which the old `parameters` refuses.
  const schemaKey = key === 'parameters' ? 'parameters' : 'parametersJsonSchema'
  return writeMembers(
    {
      name: tool.name,
      description: tool.description,
      [schemaKey]: tool.parameters === undefined ? undefined : rawJson(tool.parameters),
    },
    extension,
  )
}

/** Canonical choice → `functionCallingConfig`. */
export const encodeToolChoice = (choice: ToolChoice): object => {
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
