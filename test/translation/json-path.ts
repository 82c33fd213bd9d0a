/** Ways into JSON of which a test knows the shape, without believing that it has it. */
import { isJsonObject } from '../../src/ir/index.ts'

/** What stands at a path; undefined where the path leads nowhere. */
export const member = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner.at(Number(key))
    return isJsonObject(inner) ? inner[key] : undefined
  }, value)

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A string, or nothing said. */
export const words = (value: unknown): string => (typeof value === 'string' ? value : '')
