/** Narrowing of JSON members: what has another type than expected counts as absent. */
import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from '../../ir/index.ts'

export const isJsonArray = (value: unknown): value is JsonArray => Array.isArray(value)

export const stringOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

export const booleanOf = (value: unknown): boolean | undefined =>
  typeof value === 'boolean' ? value : undefined

export const objectOf = (value: unknown): JsonObject | undefined => (isJsonObject(value) ? value : undefined)

export const arrayOf = (value: unknown): readonly JsonValue[] => (isJsonArray(value) ? value : [])

/** A member under `name` if there is a value, else nothing; for spreads into nodes with optional members. */
export const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [key in Name]?: Value } =>
  // The computed key widens to an index signature, which TypeScript cannot narrow back to `Name`.
  value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value })
