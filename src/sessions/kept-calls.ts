import type { RememberedCall } from './remembered-call.ts'

/** Remembered calls in memory: the ones used last, within a bound. */
export interface KeptCalls {
  /** `missing`: it was asked for a moment ago, and nobody knew it. */
  get(organisation: string, key: string): RememberedCall | 'missing' | undefined
  /** @param size in characters, for the bound */
  put(organisation: string, call: RememberedCall, expires: number, size: number): void
  miss(organisation: string, key: string, expires: number): void
  /** Drops what has expired. */
  purge(): void
}

interface Kept {
  readonly call: RememberedCall | 'missing'
  readonly expires: number
  readonly size: number
}

/** What an entry costs beside its text, in characters. */
const overhead = 200

export const createKeptCalls = (capacity: number, now: () => number): KeptCalls => {
  const kept = new Map<string, Kept>()
  let size = 0
  const drop = (name: string): void => {
    size -= kept.get(name)?.size ?? 0
    kept.delete(name)
  }
  const keep = (name: string, entry: Kept): void => {
    drop(name)
    kept.set(name, entry)
    size += entry.size
    for (const oldest of kept.keys()) {
      if (size <= capacity) break
      drop(oldest)
    }
  }
  return {
    get(organisation, key) {
      const name = nameOf(organisation, key)
      const found = kept.get(name)
      if (found === undefined) return undefined
      if (found.expires <= now()) {
        drop(name)
        return undefined
      }
      // Used last goes last.
      kept.delete(name)
      kept.set(name, found)
      return found.call
    },
    put: (organisation, call, expires, length) =>
      keep(nameOf(organisation, call.key), { call, expires, size: length + overhead }),
    miss: (organisation, key, expires) =>
      keep(nameOf(organisation, key), { call: 'missing', expires, size: overhead }),
    purge() {
      for (const [name, { expires }] of kept) if (expires <= now()) drop(name)
    },
  }
}

/** An organisation's id is ours and holds no zero byte, so no two pairs have the same name. */
const nameOf = (organisation: string, key: string): string => `${organisation}\0${key}`
