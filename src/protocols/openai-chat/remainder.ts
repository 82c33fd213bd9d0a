/**
 * What the canonical form does not say about a wire object. A decoder encodes the node that it has just built and keeps
 * the difference as the node's extension, so nothing is lost and nothing is said twice: a member that the canonical
 * form does say is never in the extension, and an edit of it shows.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'
import { type JsonDocument, RawJson } from '../../wire/index.ts'
import { isJsonArray } from './members.ts'

/** Members of an encoding before it becomes text: JSON values and `RawJson`. */
export type Members = Readonly<Record<string, unknown>>

/** Extension key for members that the encoder would write and the source did not have. */
const absentKey = '~absent'
/** Extension key for the remainders of a list's items, one for one. */
const itemsKey = '~items'
/** Extension key for the source's spelling of what has several (`max_tokens` or `max_completion_tokens`). */
export const spellingKey = '~spelling'

/** The members of `original` that `canonical` does not reproduce; empty when it reproduces all. */
export const remainder = (original: JsonObject, canonical: object, document: JsonDocument): JsonObject => {
  const rest: [string, JsonValue][] = []
  for (const [key, value] of Object.entries(original)) {
    const said = memberOf(canonical, key)
    if (value === undefined) continue
    const inner = said === undefined ? value : valueRemainder(value, said, document)
    if (inner !== undefined) rest.push([key, inner])
  }
  const absent = Object.keys(canonical).filter(
    (key) => memberOf(canonical, key) !== undefined && !Object.hasOwn(original, key),
  )
  if (absent.length > 0) rest.push([absentKey, absent])
  return Object.fromEntries(rest)
}

/** Undefined when nothing remains. Objects and lists of as many objects are compared member by member. */
const valueRemainder = (value: JsonValue, said: unknown, document: JsonDocument): JsonValue | undefined => {
  if (isJsonObject(value) && isMembers(said)) {
    const inner = remainder(value, said, document)
    return Object.keys(inner).length === 0 ? undefined : inner
  }
  if (isJsonArray(value) && Array.isArray(said) && value.length === said.length && value.length > 0) {
    const items = value.map((item, index) => {
      const other: unknown = said[index]
      return isJsonObject(item) && isMembers(other) ? remainder(item, other, document) : undefined
    })
    if (items.every((item) => item !== undefined)) {
      return items.every((item) => Object.keys(item).length === 0) ? undefined : { [itemsKey]: items }
    }
  }
  return isSame(value, said, document) ? undefined : value
}

/** A remainder's members alone: what the source had more, not what it had less or spelled otherwise. */
export const additions = (rest: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('~')))

/** Lays a remainder over an encoding; the reverse of `remainder`. */
export const restore = <T extends object>(canonical: T, rest: JsonObject): T | Members => {
  const keys = Object.keys(rest)
  if (keys.length === 0) return canonical
  const absent = rest[absentKey]
  const members = new Map<string, unknown>(Object.entries(canonical))
  if (Array.isArray(absent)) for (const key of absent) members.delete(String(key))
  for (const key of keys) {
    if (key.startsWith('~')) continue
    const value = rest[key]
    const said = members.get(key)
    members.set(key, restoreValue(said, value))
  }
  return Object.fromEntries(members)
}

const restoreValue = (said: unknown, value: JsonValue | undefined): unknown => {
  if (!isJsonObject(value)) return value
  const items = value[itemsKey]
  if (isJsonArray(items)) {
    if (!Array.isArray(said)) return said
    return said.map((item: unknown, index) => restoreValue(item, items[index] ?? {}))
  }
  return isMembers(said) ? restore(said, value) : value
}

const memberOf = (value: object, key: string): unknown =>
  Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawJson)

/** Does `said`, when written, read as `value`? */
const isSame = (value: unknown, said: unknown, document: JsonDocument): boolean => {
  if (said instanceof RawJson) return document.source(value) === said.text
  if (Array.isArray(value)) {
    return (
      Array.isArray(said) &&
      said.length === value.length &&
      value.every((item, index) => isSame(item, said[index], document))
    )
  }
  if (isJsonObject(value)) {
    if (!isMembers(said)) return false
    const written = Object.keys(said).filter((key) => said[key] !== undefined)
    return (
      written.length === Object.keys(value).length &&
      written.every((key) => isSame(memberOf(value, key), said[key], document))
    )
  }
  return value === said
}
