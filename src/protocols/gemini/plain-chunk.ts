import { isJsonObject, type JsonObject } from '../../ir/index.ts'

/**
 * Most chunks of a stream hold text and counters alone, in the documented spelling. They are told apart here, so that
 * they need not be read with the care that all others get: that takes ten times as long.
 */
export interface PlainChunk {
  readonly index: number
  readonly parts: readonly unknown[]
}

/** Undefined for every chunk that says more. */
export const plainChunk = (root: JsonObject): PlainChunk | undefined => {
  for (const key in root) {
    if (key !== 'candidates' && key !== 'usageMetadata' && key !== 'modelVersion' && key !== 'responseId') {
      return undefined
    }
  }
  const list = root['candidates']
  const candidate: unknown = Array.isArray(list) && list.length === 1 ? list[0] : undefined
  if (!isJsonObject(candidate)) return undefined
  for (const key in candidate) if (key !== 'content' && key !== 'index') return undefined
  const { content, index } = candidate
  if (!isJsonObject(content) || !(index === undefined || typeof index === 'number')) return undefined
  for (const key in content) if (key !== 'parts' && key !== 'role') return undefined
  const parts = content['parts']
  return Array.isArray(parts) ? { index: index ?? 0, parts } : undefined
}

/** The text of a part that is nothing but text or a thought; undefined for every other, empty ones too. */
export const plainText = (part: JsonObject): string | undefined => {
  for (const key in part) if (key !== 'text' && key !== 'thought') return undefined
  const { text, thought } = part
  if (typeof text !== 'string' || text === '') return undefined
  return thought === undefined || thought === true ? text : undefined
}
