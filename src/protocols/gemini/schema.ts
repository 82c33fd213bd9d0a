import { isJsonObject, type JsonObject } from '../../ir/index.ts'

/**
 * Google's schema dialect (an OpenAPI subset with upper-case types) → JSON Schema: types in lower case, `nullable` as
 * a type array, counts that came as strings as numbers, snake_case keywords in camelCase. Property names stay.
 * Anything that is JSON Schema already passes unchanged, key order included, and so does what lies too deep.
 */
export const toJsonSchema = (schema: unknown, depth = 0): unknown => {
  if (depth > deepest) return schema
  if (Array.isArray(schema)) return schema.map((member) => toJsonSchema(member, depth + 1))
  if (!isJsonObject(schema)) return schema
  const members: [string, unknown][] = []
  for (const [key, value] of Object.entries(schema)) {
    const keyword = keywords[key] ?? key
    if (keyword === 'type') members.push([keyword, typeOf(value, schema)])
    else if (keyword === 'nullable' && typeof value === 'boolean') continue
    else if (maps.has(keyword) && isJsonObject(value)) members.push([keyword, mapValues(value, depth + 1)])
    else if (nested.has(keyword)) members.push([keyword, toJsonSchema(value, depth + 1)])
    else if (counts.has(keyword) && typeof value === 'string' && /^\d+$/.test(value)) {
      members.push([keyword, Number(value)])
    } else members.push([keyword, value])
  }
  return Object.fromEntries(members)
}

/** Bodies are refused beyond this nesting before anybody decodes them. */
const deepest = 512

const keywords: Readonly<Record<string, string>> = {
  any_of: 'anyOf',
  property_ordering: 'propertyOrdering',
  min_items: 'minItems',
  max_items: 'maxItems',
  min_length: 'minLength',
  max_length: 'maxLength',
  min_properties: 'minProperties',
  max_properties: 'maxProperties',
}

const maps = new Set(['properties', '$defs', 'definitions', 'patternProperties'])
const nested = new Set(['items', 'anyOf', 'oneOf', 'allOf', 'not', 'additionalProperties', 'prefixItems'])
const counts = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

const mapValues = (properties: JsonObject, depth: number): unknown =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, toJsonSchema(value, depth + 1)]),
  )

const typeOf = (type: unknown, schema: JsonObject): unknown => {
  const names = Array.isArray(type) ? type.map(lower) : lower(type)
  if (schema['nullable'] !== true || typeof names !== 'string') return names
  return [names, 'null']
}

const lower = (type: unknown): unknown =>
  typeof type === 'string' && /^[A-Z]+$/.test(type) ? type.toLowerCase() : type

/** JSON Schema text of a schema in either dialect; the source itself where nothing had to change. */
export const schemaText = (schema: unknown, source: string): string => {
  const converted = JSON.stringify(toJsonSchema(schema))
  return converted === JSON.stringify(schema) ? source : converted
}
