import { isJsonObject, parseJson, type ToolDefinition } from '../../ir/index.ts'

/**
 * Tools as OpenAI's models read them: declarations in TypeScript (found by experiment and published in several places;
 * the numbers of recorded requests agree).
 */
export const renderTools = (tools: readonly ToolDefinition[]): string => {
  const declarations = tools.flatMap(declaration)
  if (declarations.length === 0) return ''
  return `# Tools\n\n## functions\n\nnamespace functions {\n\n${declarations.join('\n\n')}\n\n} // namespace functions`
}

const declaration = (tool: ToolDefinition): readonly string[] => {
  switch (tool.type) {
    case 'function': {
      const schema = tool.parameters === undefined ? undefined : parseJson(tool.parameters)
      const members = membersOf(schema, 0)
      const type = members === '' ? '() => any' : `(_: {\n${members}}) => any`
      return [`${comment(tool.description, 0)}type ${tool.name} = ${type};`]
    }
    case 'custom':
      return [`${comment(tool.description, 0)}type ${tool.name} = (FREEFORM) => any;\n${tool.format ?? ''}`]
    case 'namespace':
      return tool.tools.flatMap(declaration)
    case 'server':
      return [tool.config]
  }
}

const comment = (text: unknown, depth: number): string =>
  typeof text === 'string' && text !== '' ? `${indent(depth)}// ${text.replaceAll('\n', '\n// ')}\n` : ''

const indent = (depth: number): string => '  '.repeat(Math.max(0, depth))

/** Deeper schemas are rare, and a hostile one must not be followed. */
const deepest = 12

const membersOf = (schema: unknown, depth: number): string => {
  const properties = isJsonObject(schema) ? schema['properties'] : undefined
  if (!isJsonObject(schema) || !isJsonObject(properties) || depth > deepest) return ''
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.entries(properties)
    .map(([name, member]) => {
      const said = isJsonObject(member) ? comment(member['description'], depth) : ''
      const mark = required.includes(name) ? '' : '?'
      return `${said}${indent(depth)}${name}${mark}: ${typeOf(member, depth)},\n`
    })
    .join('')
}

const typeOf = (schema: unknown, depth: number): string => {
  if (!isJsonObject(schema) || depth > deepest) return 'any'
  const { type } = schema
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' | ')
  if (schema['const'] !== undefined) return JSON.stringify(schema['const'])
  const union = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(union)) return union.map((member) => typeOf(member, depth + 1)).join(' | ')
  if (Array.isArray(type)) return type.map((each) => typeOf({ ...schema, type: each }, depth + 1)).join(' | ')
  switch (type) {
    case 'array':
      return `${typeOf(schema['items'], depth + 1)}[]`
    case 'object': {
      const members = membersOf(schema, depth + 1)
      return members === '' ? 'object' : `{\n${members}${indent(depth)}}`
    }
    case 'integer':
      return 'number'
    default:
      return typeof type === 'string' ? type : 'any'
  }
}
