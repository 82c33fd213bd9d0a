import type { KeyStore } from './key-store.ts'

/** When keys were last used, collected in memory and written now and then. */
export interface KeyUsage {
  /** Cheap enough for every request. `at` in milliseconds. */
  note(keyId: string, at: number): void
  /** Writes what was noted since; after a failure the same is written by the next call. */
  flush(): Promise<void>
}

export const createKeyUsage = (store: Pick<KeyStore, 'touch'>): KeyUsage => {
  let noted = new Map<string, number>()
  const note = (keyId: string, at: number): void => {
    if (at > (noted.get(keyId) ?? 0)) noted.set(keyId, at)
  }
  return {
    note,
    flush: async () => {
      if (noted.size === 0) return
      const writing = noted
      noted = new Map()
      try {
        await store.touch([...writing].map(([id, at]) => ({ id, at })))
      } catch (error) {
        for (const [id, at] of writing) note(id, at)
        throw error
      }
    },
  }
}
