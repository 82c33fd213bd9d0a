import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'

/** The value that a JSON text says; undefined for a text that is none. */
export const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The object that a JSON text says; an empty one for every other text. */
export const objectOf = (text: string): JsonObject => {
  const value = parsedJson(text)
  return isJsonObject(value) ? value : {}
}

/** An own member: `constructor` is none of an object that does not say it. */
export const memberOf = (object: JsonObject, key: string): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

export const textMember = (object: JsonObject, key: string): string | undefined => {
  const value = memberOf(object, key)
  return typeof value === 'string' ? value : undefined
}

export const objectMember = (object: JsonObject, key: string): JsonObject | undefined => {
  const value = memberOf(object, key)
  return isJsonObject(value) ? value : undefined
}

/** A list of texts. Undefined where it is absent, null or empty, which restricts nothing. */
export const textsMember = (object: JsonObject, key: string): readonly string[] | undefined => {
  const value = memberOf(object, key)
  const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  return texts.length === 0 ? undefined : texts
}
