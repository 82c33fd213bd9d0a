/** Narrowing of JSON members: what is missing, inherited, or of another type than expected is undefined. */
import { isJsonObject, type JsonArray, type JsonObject, type JsonValue, parseJson } from '../../ir/index.ts'

export const member = (object: JsonObject, key: string): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

export const stringMember = (object: JsonObject, key: string): string | undefined => {
  const value = member(object, key)
  return typeof value === 'string' ? value : undefined
}

export const numberMember = (object: JsonObject, key: string): number | undefined => {
  const value = member(object, key)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export const booleanMember = (object: JsonObject, key: string): boolean | undefined => {
  const value = member(object, key)
  return typeof value === 'boolean' ? value : undefined
}

export const objectMember = (object: JsonObject, key: string): JsonObject | undefined => {
  const value = member(object, key)
  return isJsonObject(value) ? value : undefined
}

export const arrayMember = (object: JsonObject, key: string): JsonArray | undefined => {
  const value = member(object, key)
  return isJsonArray(value) ? value : undefined
}

export const isJsonArray = (value: unknown): value is JsonArray => Array.isArray(value)

/** The object of JSON text; an empty one for everything else. */
export const parseObject = (text: string): JsonObject => {
  const value = parseJson(text)
  return isJsonObject(value) ? value : {}
}
