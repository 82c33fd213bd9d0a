import { type Extensions, isJsonObject, type JsonValue, parseJson } from '../../ir/index.ts'
import type { PlaceholderMap } from './placeholder-map.ts'
import { restoreJson, restoreText } from './restorer.ts'
import { sealedMembers } from './sealed-members.ts'

/** What a protocol says beside its words (search queries, quoted sources, explanations), with its values. */
export const restoreExtensions = <T extends { readonly extensions?: Extensions }>(
  node: T,
  map: PlaceholderMap,
): T => {
  if (node.extensions === undefined || !mayHold(node.extensions)) return node
  const extensions = restoreObject(node.extensions, map)
  return extensions === node.extensions ? node : { ...node, extensions }
}

/** Most extensions hold a number or two. */
const mayHold = (extensions: object): boolean =>
  Object.values(extensions).some((members) => isJsonObject(members) && Object.values(members).some(isLarge))

const isLarge = (value: unknown): boolean =>
  typeof value === 'string' ? value.length > 8 : typeof value === 'object' && value !== null

const deepest = 64

const restoreObject = <T extends object>(object: T, map: PlaceholderMap, depth = 0): T => {
  let changed: Record<string, unknown> | undefined
  for (const [key, value] of Object.entries(object)) {
    const next = sealedMembers.has(key) ? value : restoreValue(value, map, depth)
    if (next === value) continue
    changed ??= { ...object } as Record<string, unknown>
    changed[key] = next
  }
  return (changed as T | undefined) ?? object
}

const restoreValue = (value: JsonValue | undefined, map: PlaceholderMap, depth: number): unknown => {
  if (typeof value === 'string') return restoreString(value, map)
  if (depth >= deepest || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => restoreValue(item, map, depth + 1))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  return isPlain(value) ? restoreObject(value, map, depth + 1) : value
}

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Some members are kept as their source text. */
const restoreString = (text: string, map: PlaceholderMap): string => {
  const restored = restoreText(text, map)
  if (restored === text) return text
  const isSource = /^\s*["[{]/.test(text)
  return isSource && parseJson(text) !== undefined ? restoreJson(text, map) : restored
}
