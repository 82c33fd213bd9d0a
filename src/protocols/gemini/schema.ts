import { isJsonObject, type JsonObject } from '../../ir/index.ts'

/**
 * Google's schema dialect (an OpenAPI subset with upper-case types) → JSON Schema: types in lower case, `nullable` as
 * a type array with null among the enum's values, counts that came as strings as numbers, snake_case keywords in
 * camelCase, properties in the order that `propertyOrdering` wants. Property names stay.
 * Anything that is JSON Schema already passes unchanged, key order included, and so does what lies too deep.
 */
export const toJsonSchema = (schema: unknown, depth = 0): unknown => {
  if (depth > deepest) return schema
  if (Array.isArray(schema)) return schema.map((member) => toJsonSchema(member, depth + 1))
  if (!isJsonObject(schema)) return schema
  const members: [string, unknown][] = []
  for (const [key, value] of Object.entries(schema)) {
    const keyword = keywords[key] ?? key
    if (keyword === 'type') {
      if (value !== 'TYPE_UNSPECIFIED') members.push([keyword, typeOf(value, schema)])
    } else if (keyword === 'nullable' && typeof value === 'boolean') continue
    else if (keyword === 'propertyOrdering' && Array.isArray(value)) continue
    else if (keyword === 'enum' && Array.isArray(value) && isNullable(schema)) {
      members.push([keyword, value.includes(null) ? value : [...value, null]])
    } else if (keyword === 'anyOf' && Array.isArray(value) && isNullable(schema) && !('type' in schema)) {
      members.push([keyword, [...value.map((member) => toJsonSchema(member, depth + 1)), { type: 'null' }]])
    } else if (keyword === 'properties' && isJsonObject(value)) {
      members.push([keyword, mapValues(ordered(value, schema), depth + 1)])
    } else if (maps.has(keyword) && isJsonObject(value)) members.push([keyword, mapValues(value, depth + 1)])
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

const maps = new Set(['$defs', 'definitions', 'patternProperties'])
const nested = new Set(['items', 'anyOf', 'oneOf', 'allOf', 'not', 'additionalProperties', 'prefixItems'])
const counts = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

const mapValues = (properties: JsonObject, depth: number): unknown =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, toJsonSchema(value, depth + 1)]),
  )

const isNullable = (schema: JsonObject): boolean => schema['nullable'] === true

/** Elsewhere the order of writing is the order that counts. */
const ordered = (properties: JsonObject, schema: JsonObject): JsonObject => {
  const wanted = schema['propertyOrdering'] ?? schema['property_ordering']
  if (!Array.isArray(wanted)) return properties
  const place = new Map(wanted.map((name: unknown, index) => [name, index]))
  const placeOf = ([name]: readonly [string, unknown]): number => place.get(name) ?? place.size
  return Object.fromEntries(Object.entries(properties).sort((a, b) => placeOf(a) - placeOf(b)))
}

const typeOf = (type: unknown, schema: JsonObject): unknown => {
  const names = Array.isArray(type) ? type.map(lower) : lower(type)
  if (!isNullable(schema) || typeof names !== 'string') return names
  return [names, 'null']
}

const lower = (type: unknown): unknown =>
  typeof type === 'string' && /^[A-Z]+$/.test(type) ? type.toLowerCase() : type

/** JSON Schema text of a schema in either dialect; the source itself where nothing had to change. */
export const schemaText = (schema: unknown, source: string): string => {
  const converted = JSON.stringify(toJsonSchema(schema))
  return converted === JSON.stringify(schema) ? source : converted
}
