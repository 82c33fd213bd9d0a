import { isJsonObject, type JsonObject, parseJson } from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'

/** The object that a JSON text says; empty for everything else. */
export const objectOf = (text: string): JsonObject => {
  const value = parseJson(text)
  return isJsonObject(value) ? value : {}
}

const wrapper = 'INVALID_JSON'

/** Arguments as an object: blank means none, and what is no object is wrapped (translation.md §1.3). */
export const argsOf = (input: string): RawJson => {
  if (input.trim() === '') return rawJson('{}')
  return rawJson(isJsonObject(parseJson(input)) ? input : JSON.stringify({ [wrapper]: input }))
}

/**
 * The source text of arguments. A text that had to be wrapped to be an object here is itself again, so that who wrote
 * it gets its own words back.
 */
export const inputOf = (args: JsonObject, source: string): string => {
  const { [wrapper]: wrapped, ...rest } = args
  const isWrapped =
    typeof wrapped === 'string' && Object.keys(rest).length === 0 && !isJsonObject(parseJson(wrapped))
  return isWrapped ? wrapped : source
}
