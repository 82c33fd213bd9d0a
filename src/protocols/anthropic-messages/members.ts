import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'

/**
 * Takes known members out of a JSON object, each only when it has the type that is asked for; what nobody took is the
 * rest. So a decoder never throws on a surprise, and never loses one.
 */
export interface MemberReader {
  string(key: string): string | undefined
  number(key: string): number | undefined
  boolean(key: string): boolean | undefined
  object(key: string): JsonObject | undefined
  array(key: string): readonly unknown[] | undefined
  /** Takes a member when its value is exactly this one. */
  exactly(key: string, value: string | boolean): boolean
  /** Members that were not taken, in their order. */
  rest(): JsonObject
}

export const readMembers = (object: JsonObject): MemberReader => {
  const taken = new Set<string>()
  const take = <T extends JsonValue>(
    key: string,
    fits: (value: JsonValue | undefined) => value is T,
  ): T | undefined => {
    const value = ownMember(object, key)
    if (!fits(value)) return undefined
    taken.add(key)
    return value
  }
  return {
    string: (key) => take(key, (value) => typeof value === 'string'),
    number: (key) => take(key, (value) => typeof value === 'number'),
    boolean: (key) => take(key, (value) => typeof value === 'boolean'),
    object: (key) => take(key, isJsonObject),
    array: (key) => take(key, (value): value is readonly JsonValue[] => Array.isArray(value)),
    exactly(key, wanted) {
      if (ownMember(object, key) !== wanted) return false
      taken.add(key)
      return true
    },
    // fromEntries defines members: a `__proto__` key stays a plain member.
    rest: () => Object.fromEntries(Object.entries(object).filter(([key]) => !taken.has(key))),
  }
}

/** Inherited names (`constructor`) are no members. */
export const ownMember = (object: JsonObject, key: string): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

export const objectMember = (object: JsonObject, key: string): JsonObject => {
  const value = ownMember(object, key)
  return isJsonObject(value) ? value : {}
}

/** The canonical members that are defined, then those of the rest that they do not say. */
export const withRest = (members: object, rest: JsonObject): Record<string, unknown> => {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  const said = new Set(entries.map(([key]) => key))
  for (const entry of Object.entries(rest)) {
    if (!said.has(entry[0])) entries.push(entry)
  }
  return Object.fromEntries(entries)
}

export const isEmpty = (object: object): boolean => Object.keys(object).length === 0
