import { createHash } from 'node:crypto'

export interface ByteCache {
  get<Value>(parts: readonly string[]): Value | undefined
  set(parts: readonly string[], value: unknown): void
}

/** Of a key and what the map holds beside it. */
const overhead = 96

/**
 * Remembers values by the hash of what they were made from, up to so many bytes of their JSON; the least recently used
 * goes first. Texts are not kept.
 */
export const createByteCache = (maximumBytes: number): ByteCache => {
  const entries = new Map<string, { readonly value: unknown; readonly bytes: number }>()
  let total = 0
  return {
    get: <Value>(parts: readonly string[]) => {
      const key = keyOf(parts)
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value as Value
    },
    set: (parts, value) => {
      const bytes = JSON.stringify(value).length + overhead
      if (bytes > maximumBytes) return
      const key = keyOf(parts)
      total += bytes - (entries.get(key)?.bytes ?? 0)
      entries.delete(key)
      entries.set(key, { value, bytes })
      for (const [oldest, entry] of entries) {
        if (total <= maximumBytes) break
        entries.delete(oldest)
        total -= entry.bytes
      }
    },
  }
}

const keyOf = (parts: readonly string[]): string => {
  const hash = createHash('sha256')
  // Lone surrogates are not UTF-8: as UTF-16 two texts never share a hash.
  for (const part of parts) hash.update(`${part.length}:`).update(Buffer.from(part, 'utf16le'))
  return hash.digest('base64')
}
