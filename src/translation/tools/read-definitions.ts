import { isJsonObject, type JsonText, type ToolDefinition } from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import { memberOf, objectMember, textMember } from './json-source.ts'

/**
 * Client tools in a list of OpenAI's definitions, as a `tool_search_output` holds them. Tools of the provider's are left
 * out: a search brings up only what the client declared.
 * @param at where the list's item stands in the client's request
 */
export const readDefinitions = (source: JsonText, at?: string): readonly ToolDefinition[] => {
  const document = documentOf(source)
  const list = document?.value
  if (document === undefined || !Array.isArray(list)) return []
  return list.flatMap((tool) => readDefinition(tool, document, at))
}

const documentOf = (source: JsonText): JsonDocument | undefined => {
  try {
    return parseDocument(source)
  } catch {
    return undefined
  }
}

const readDefinition = (
  tool: unknown,
  document: JsonDocument,
  at: string | undefined,
): readonly ToolDefinition[] => {
  const name = isJsonObject(tool) ? textMember(tool, 'name') : undefined
  if (!isJsonObject(tool) || name === undefined) return []
  const description = textMember(tool, 'description')
  const named = {
    name,
    ...(description === undefined ? {} : { description }),
    ...(at === undefined ? {} : { at }),
  }
  switch (tool['type']) {
    case 'function': {
      const parameters = objectMember(tool, 'parameters')
      const { strict } = tool
      return [
        {
          type: 'function',
          ...named,
          ...(parameters === undefined ? {} : { parameters: document.source(parameters) }),
          ...(typeof strict === 'boolean' ? { strict } : {}),
        },
      ]
    }
    case 'custom': {
      const format = objectMember(tool, 'format')
      return [
        {
          type: 'custom',
          ...named,
          ...(format === undefined ? {} : { format: document.source(format) }),
        },
      ]
    }
    case 'namespace': {
      const members = memberOf(tool, 'tools')
      const tools = Array.isArray(members)
        ? members.flatMap((member) => readDefinition(member, document, at))
        : []
      return tools.length === 0 ? [] : [{ type: 'namespace', ...named, tools }]
    }
    default:
      return []
  }
}
