import { parseDocument } from 'yaml'
import type { ConfigNode, Origin } from './config-node.ts'

/**
 * A text of open type, from a variable or flag: read as YAML (`8080`, `true`, `[a, b]`, `{ a: 1 }`), with the
 * text itself as the other reading, so that a key of digits stays a text.
 */
export const textNode = (text: string, origin: Origin): ConfigNode => {
  const raw: ConfigNode = { origin, literal: false, content: { type: 'scalar', value: text } }
  const typed = yamlValue(text)
  if (typed === undefined || typed === text) return raw
  return { ...valueNode(typed, origin), literal: false, alternative: text }
}

/** A value in JavaScript's types; what YAML cannot say becomes its text and fails at the schema. */
export const valueNode = (value: unknown, origin: Origin): ConfigNode => {
  const node = (content: ConfigNode['content']): ConfigNode => ({ origin, literal: false, content })
  if (Array.isArray(value)) return node({ type: 'list', items: value.map((item) => valueNode(item, origin)) })
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([key]) => key !== '__proto__')
    return node({
      type: 'map',
      entries: new Map(entries.map(([key, child]) => [key, valueNode(child, origin)])),
    })
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') {
    return node({ type: 'scalar', value })
  }
  return node({ type: 'scalar', value: String(value) })
}

/** `environment variable TGW_PORT`, `flag --listen.port`. */
export const sourceName = (origin: Origin): string => {
  if (origin.type === 'env') return `environment variable ${origin.name}`
  return origin.type === 'flag' ? `flag --${origin.name}` : 'defaults'
}

const yamlValue = (text: string): unknown => {
  try {
    const document = parseDocument(text, { logLevel: 'silent' })
    const faults = document.errors.length + document.warnings.length
    return faults > 0 ? undefined : document.toJS({ maxAliasCount: 0 })
  } catch {
    return undefined
  }
}
