import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'

/** How deep a sample goes before it stops at null: schemas may refer to themselves. */
const maxDepth = 12

/**
 * The smallest value that a JSON Schema accepts, as far as it can be told without a solver: required members only,
 * first alternatives, lower bounds. Upper-case type names (Gemini's) are understood.
 */
export const sampleValue = (schema: unknown, name = 'loopback'): JsonValue =>
  isJsonObject(schema) ? sample(schema, schema, name, 0) : {}

const sample = (schema: JsonObject, root: JsonObject, name: string, depth: number): JsonValue => {
  if (depth > maxDepth) return null
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const target = resolve(root, reference)
    return target === undefined ? {} : sample(target, root, name, depth + 1)
  }
  if (schema['const'] !== undefined) return schema['const']
  for (const given of [schema['enum'], schema['examples']]) {
    if (Array.isArray(given) && given[0] !== undefined) return given[0]
  }
  if (schema['default'] !== undefined) return schema['default']
  const alternatives = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(alternatives)) {
    const first = alternatives.find((one) => isJsonObject(one) && typeOf(one) !== 'null')
    if (isJsonObject(first)) return sample(first, root, name, depth + 1)
  }
  const parts = schema['allOf']
  if (Array.isArray(parts)) {
    const merged = parts
      .filter(isJsonObject)
      .map((part) => sample(part, root, name, depth + 1))
      .filter(isJsonObject)
    if (schema['properties'] === undefined) return Object.assign({}, ...merged)
    return Object.assign({}, ...merged, sampleObject(schema, root, depth))
  }
  switch (typeOf(schema)) {
    case 'string':
      return sampleString(schema, name)
    case 'integer':
    case 'number':
      return sampleNumber(schema)
    case 'boolean':
      return false
    case 'null':
      return null
    case 'array':
      return sampleArray(schema, root, name, depth)
    default:
      return sampleObject(schema, root, depth)
  }
}

const typeOf = (schema: JsonObject): string => {
  const { type } = schema
  const named = Array.isArray(type) ? type.find((one) => one !== 'null') : type
  if (typeof named === 'string') return named.toLowerCase()
  return schema['items'] !== undefined ? 'array' : 'object'
}

const sampleObject = (schema: JsonObject, root: JsonObject, depth: number): JsonObject => {
  const { properties, required } = schema
  const value: Record<string, JsonValue> = {}
  if (!isJsonObject(properties) || !Array.isArray(required)) return value
  for (const key of required) {
    if (typeof key !== 'string') continue
    const member = properties[key]
    value[key] = isJsonObject(member) ? sample(member, root, key, depth + 1) : null
  }
  return value
}

const sampleArray = (schema: JsonObject, root: JsonObject, name: string, depth: number): JsonValue => {
  const { items, prefixItems } = schema
  if (Array.isArray(prefixItems)) {
    return prefixItems.map((item) => (isJsonObject(item) ? sample(item, root, name, depth + 1) : null))
  }
  if (isCommand(name) && isJsonObject(items) && typeOf(items) === 'string') return ['echo', 'loopback']
  const length = typeof schema['minItems'] === 'number' ? Math.min(schema['minItems'], 16) : 0
  return Array.from({ length }, () => (isJsonObject(items) ? sample(items, root, name, depth + 1) : null))
}

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  duration: 'PT1S',
  email: 'loopback@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  ipv4: '127.0.0.1',
  ipv6: '::1',
  uuid: '00000000-0000-4000-8000-000000000000',
}

/** A tool that runs commands gets one that does no harm. */
const isCommand = (name: string): boolean => /^(cmd|command|script)$/i.test(name)

const sampleString = (schema: JsonObject, name: string): string => {
  const format = schema['format']
  const known = typeof format === 'string' ? formats[format] : undefined
  const text = known ?? (isCommand(name) ? 'echo loopback' : 'loopback')
  const least = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Number.POSITIVE_INFINITY
  return text.padEnd(Math.min(least, 4096), 'x').slice(0, most)
}

const sampleNumber = (schema: JsonObject): number => {
  const { minimum, exclusiveMinimum, maximum, multipleOf } = schema
  let value =
    typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : 1
  if (typeof maximum === 'number' && value > maximum) value = maximum
  if (typeof multipleOf === 'number' && multipleOf > 0) value = Math.ceil(value / multipleOf) * multipleOf
  return typeOf(schema) === 'integer' ? Math.ceil(value) : value
}

/** Local references only: `#/$defs/name`. */
const resolve = (root: JsonObject, reference: string): JsonObject | undefined => {
  if (!reference.startsWith('#')) return undefined
  let at: JsonValue | undefined = root
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }
  return isJsonObject(at) ? at : undefined
}
