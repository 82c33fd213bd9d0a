import { isJsonObject, type JsonObject, type JsonText, type ProtocolId } from '../../ir/index.ts'
import { memberOf, parsedJson } from './json-source.ts'

/**
 * Does a schema fit what a provider's constrained decoding of arguments takes (translation.md §6.2)? The vendors' lists
 * move, so only keywords that all accounts agree on count.
 */
export const fitsStrict = (schema: JsonText, protocol: ProtocolId): boolean => {
  const value = parsedJson(schema)
  if (!isJsonObject(value) || value['type'] !== 'object') return false
  switch (protocol) {
    case 'anthropic-messages':
      return fits(value, anthropic, 0)
    case 'openai-chat':
    case 'openai-responses':
      return !unions.some((key) => memberOf(value, key) !== undefined) && fits(value, openai, 0)
    default:
      return true
  }
}

interface Subset {
  readonly refused: ReadonlySet<string>
  /** Must every property be listed in `required`? */
  readonly requiresAll: boolean
}

const unions = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'const', '$ref']

const refusedByBoth = [
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
]

const anthropic: Subset = {
  refused: new Set([
    ...refusedByBoth,
    'oneOf',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'multipleOf',
    'minLength',
    'maxLength',
    'pattern',
    'maxItems',
    'uniqueItems',
  ]),
  requiresAll: false,
}

const openai: Subset = {
  refused: new Set([...refusedByBoth, 'oneOf', 'allOf', 'default', 'uniqueItems']),
  requiresAll: true,
}

/** Deeper schemas are refused anyway. */
const deepest = 64

const fits = (schema: JsonObject, subset: Subset, depth: number): boolean => {
  if (depth > deepest) return false
  for (const key of Object.keys(schema)) if (subset.refused.has(key)) return false
  if (isObjectType(schema['type']) && !fitsObject(schema, subset)) return false
  const { minItems } = schema
  if (subset === anthropic && typeof minItems === 'number' && minItems > 1) return false
  return innerSchemas(schema).every((inner) => fits(inner, subset, depth + 1))
}

const isObjectType = (type: unknown): boolean =>
  type === 'object' || (Array.isArray(type) && type.includes('object'))

const fitsObject = (schema: JsonObject, { requiresAll }: Subset): boolean => {
  if (schema['additionalProperties'] !== false) return false
  if (!requiresAll) return true
  const { properties, required } = schema
  const listed = Array.isArray(required) ? required : []
  return Object.keys(isJsonObject(properties) ? properties : {}).every((name) => listed.includes(name))
}

const innerSchemas = (schema: JsonObject): readonly JsonObject[] => {
  const maps = ['properties', '$defs', 'definitions'].flatMap((key) => {
    const map = memberOf(schema, key)
    return isJsonObject(map) ? Object.values(map) : []
  })
  const others = ['items', 'anyOf', 'allOf'].flatMap((key) => {
    const inner = memberOf(schema, key)
    return Array.isArray(inner) ? inner : [inner]
  })
  return [...maps, ...others].filter(isJsonObject)
}
