import { isJsonObject, type JsonObject, type JsonText } from '../../ir/index.ts'
import { parsedJson } from './json-source.ts'
import { objectSource, rootMembers } from './root-members.ts'

/** A function's parameters as every provider takes them, or why none does. */
export type ParameterSchema =
  | { readonly type: 'schema'; readonly source: JsonText }
  | { readonly type: 'refused'; readonly reason: string }

const unions = ['anyOf', 'oneOf', 'allOf', 'not', 'enum'] as const

/**
 * The root must be an object (translation.md §5.1): one without a type gets it, a dialect's name goes, and everything
 * else keeps its source text and order. A root that is a choice between schemas would have to be wrapped, which would
 * change the arguments that the client gets.
 */
export const parameterSchema = (source: JsonText): ParameterSchema => {
  const schema = parsedJson(source)
  if (!isJsonObject(schema)) return { type: 'refused', reason: 'its parameters are no schema of an object' }
  const type = rootType(schema)
  if (type === undefined) {
    return {
      type: 'refused',
      reason: `its parameters are of type ${JSON.stringify(schema['type'])}, not object`,
    }
  }
  const union = unions.find((key) => Object.hasOwn(schema, key))
  if (union !== undefined && !Object.hasOwn(schema, 'properties')) {
    return { type: 'refused', reason: `the root of its parameters is ${union}: make it one object` }
  }
  const isGood = schema['type'] === 'object' && !Object.hasOwn(schema, '$schema')
  return { type: 'schema', source: isGood ? source : withObjectRoot(source) }
}

const rootType = (schema: JsonObject): 'object' | undefined => {
  const { type } = schema
  if (type === undefined || type === 'object') return 'object'
  return Array.isArray(type) && type.includes('object') ? 'object' : undefined
}

const withObjectRoot = (source: JsonText): JsonText => {
  const members = [...rootMembers(source)].filter(([key]) => key !== '$schema' && key !== 'type')
  const nothing: readonly (readonly [string, JsonText])[] = members.length === 0 ? [['properties', '{}']] : []
  return objectSource([['type', '"object"'], ...nothing, ...members])
}
