/**
 * What the canonical form does not say about a wire object. A decoder writes the node that it has just built, as the
 * encoder would, and keeps the difference as the node's extension under the wire's own names. So nothing is lost, and
 * what the canonical form does say is never in the extension: a later edit of it shows.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'
import { RawJson } from '../../wire/index.ts'
import { isJsonArray, member } from './members.ts'

/** An object on its way to the wire: JSON values, and `RawJson` where source text is written verbatim. */
export type Written = Readonly<Record<string, unknown>>

/** In a patch: names of members that the encoder would write and the wire does not have. */
export const absent = '$absent'

/**
 * The members of `wire` that `written` lacks or says otherwise. Objects are compared member by member, lists as one.
 * @param skip members that are carried elsewhere
 */
export const patchOf = (wire: JsonObject, written: Written, skip: readonly string[] = none): JsonObject => {
  let entries: [string, JsonValue][] | undefined
  for (const key of Object.keys(wire)) {
    const value = wire[key]
    if (value === undefined || key.startsWith('$') || skip.includes(key)) continue
    const ours = Object.hasOwn(written, key) ? written[key] : undefined
    if (value === ours) continue
    const difference = ours === undefined ? value : differenceOf(value, ours)
    if (difference === undefined) continue
    entries ??= []
    entries.push([key, difference])
  }
  const missing = Object.keys(written).filter(
    (key) => !Object.hasOwn(wire, key) && written[key] !== undefined && !skip.includes(key),
  )
  if (missing.length > 0) {
    entries ??= []
    entries.push([absent, missing])
  }
  // fromEntries defines members, so a `__proto__` key stays a plain one.
  return entries === undefined ? {} : Object.fromEntries(entries)
}

const none: readonly string[] = []

const differenceOf = (value: JsonValue, ours: unknown): JsonValue | undefined => {
  if (isJsonObject(value) && isWritten(ours)) {
    const inner = patchOf(value, ours)
    return Object.keys(inner).length > 0 ? inner : undefined
  }
  return sameJson(value, ours) ? undefined : value
}

/** Applies a patch to what the encoder has written. */
export const patched = (written: Written, patch: JsonObject): Written => {
  const entries = new Map<string, unknown>(Object.entries(written))
  for (const [key, value] of Object.entries(patch)) {
    if (key === absent) {
      for (const name of isJsonArray(value) ? value : []) entries.delete(String(name))
    } else if (!key.startsWith('$') && value !== undefined) {
      const ours = entries.get(key)
      entries.set(key, isJsonObject(value) && isWritten(ours) ? patched(ours, value) : value)
    }
  }
  return Object.fromEntries(entries)
}

/** Equal as JSON values; `RawJson` counts as what it says. */
export const sameJson = (wire: unknown, written: unknown): boolean => {
  if (written instanceof RawJson) return sameJson(wire, JSON.parse(written.text))
  if (Array.isArray(wire) && Array.isArray(written)) {
    return wire.length === written.length && wire.every((item, index) => sameJson(item, written[index]))
  }
  if (isJsonObject(wire) && isWritten(written)) {
    const keys = Object.keys(wire)
    const ours = Object.keys(written).filter((key) => written[key] !== undefined)
    return (
      keys.length === ours.length &&
      keys.every((key) => Object.hasOwn(written, key) && sameJson(member(wire, key), written[key]))
    )
  }
  return wire === written
}

const isWritten = (value: unknown): value is Written =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawJson)
