import type { JsonText } from '../../ir/index.ts'
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
  const members = membersOf(source)
  if (members === undefined) return refused('its parameters are no schema of an object')
  const type = members.get('type')
  if (type !== undefined && !isObjectType(type)) {
    return refused(`its parameters are of type ${type}, not object`)
  }
  const union = members.has('properties') ? undefined : unions.find((key) => members.has(key))
  if (union !== undefined) return refused(`the root of its parameters is ${union}: make it one object`)
  if (type === '"object"' && !members.has('$schema')) return { type: 'schema', source }
  const rest = [...members].filter(([key]) => key !== '$schema' && key !== 'type')
  const nothing: readonly (readonly [string, JsonText])[] = rest.length === 0 ? [['properties', '{}']] : []
  return { type: 'schema', source: objectSource([['type', '"object"'], ...nothing, ...rest]) }
}

const refused = (reason: string): ParameterSchema => ({ type: 'refused', reason })

/** Undefined for what is no object. */
const membersOf = (source: JsonText): ReadonlyMap<string, JsonText> | undefined => {
  if (!source.trimStart().startsWith('{')) return undefined
  try {
    return rootMembers(source)
  } catch {
    return undefined
  }
}

const isObjectType = (source: JsonText): boolean => {
  const type = parsedJson(source)
  return type === 'object' || (Array.isArray(type) && type.includes('object'))
}
