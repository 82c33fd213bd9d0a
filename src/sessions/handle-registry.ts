import { type Handle, type HandleRow, handleLifetime, isHandleId } from './handle.ts'
import type { HandleStore } from './handle-store.ts'

export interface HandleRegistryOptions {
  readonly now?: () => number
  /** Handles kept in memory; the rest is read from the store. Default 50,000. */
  readonly capacity?: number
}

/** A handle that an answer issues. Without `expires` it gets the lifetime of its kind. */
export type NewHandle = Omit<Handle, 'expires'> & { readonly expires?: number | null }

/** Which ids of upstream state were issued to whom: memory first, then the store. */
export interface HandleRegistry {
  /** Makes the handle usable at once in this process. The row is to be written with the ledger entry. */
  remember(handle: NewHandle): HandleRow
  /** Undefined when this id was not issued to this organisation, whoever else may hold it. */
  find(organisation: string, id: string): Promise<Handle | undefined>
  /** Its state was deleted upstream. */
  forget(organisation: string, id: string): Promise<void>
  /** Drops what has expired, here and in the store; answers how many rows that were. Call it now and then. */
  purge(): Promise<number>
}

export const createHandleRegistry = (
  store: HandleStore,
  { now = Date.now, capacity = 50_000 }: HandleRegistryOptions = {},
): HandleRegistry => {
  const known = new Map<string, Handle>()
  const reading = new Map<string, Promise<Handle | undefined>>()
  const keep = (key: string, handle: Handle): void => {
    known.delete(key)
    known.set(key, handle)
    for (const oldest of known.keys()) {
      if (known.size <= capacity) break
      known.delete(oldest)
    }
  }
  const isLive = (handle: Handle): boolean => handle.expires === null || now() < handle.expires

  const read = (key: string, organisation: string, id: string): Promise<Handle | undefined> => {
    const started = store.find(organisation, id, now()).then(
      (found) => {
        // Whoever forgot or remembered the id meanwhile took this reading out: its answer is out of date.
        if (reading.get(key) !== started) return known.get(key)
        reading.delete(key)
        if (found !== undefined) keep(key, found)
        return found
      },
      (error: unknown) => {
        if (reading.get(key) === started) reading.delete(key)
        throw error
      },
    )
    reading.set(key, started)
    return started
  }

  return {
    remember: (issued) => {
      const lifetime = handleLifetime(issued.kind)
      const expires = lifetime === null ? null : issued.created + lifetime
      const handle: Handle = { ...issued, expires: issued.expires === undefined ? expires : issued.expires }
      const key = keyOf(issued.tenant.organisation, issued.id)
      const before = known.get(key)
      const isTaken = before !== undefined && isLive(before) && !isSameUpstream(before, handle)
      if (!isTaken && isHandleId(handle.id)) {
        reading.delete(key)
        keep(key, handle)
      }
      return handle
    },
    find: async (organisation, id) => {
      if (!isHandleId(id)) return undefined
      const key = keyOf(organisation, id)
      const handle = known.get(key)
      if (handle !== undefined && isLive(handle)) {
        keep(key, handle)
        return handle
      }
      // Expired as far as is known here; another process may have issued it again.
      known.delete(key)
      return reading.get(key) ?? read(key, organisation, id)
    },
    forget: async (organisation, id) => {
      const key = keyOf(organisation, id)
      const drop = () => {
        known.delete(key)
        reading.delete(key)
      }
      drop()
      await store.remove(organisation, id)
      // A reading that began before the row was gone may have brought it back.
      drop()
    },
    purge: async () => {
      for (const [key, handle] of known) if (!isLive(handle)) known.delete(key)
      const at = now()
      let purged = 0
      for (;;) {
        const count = await store.purge(at, purgeBatch)
        purged += count
        if (count < purgeBatch) return purged
      }
    },
  }
}

/** Small enough that no other write waits for long. */
const purgeBatch = 1_000

/** An organisation's id is ours and holds no zero byte, so no two pairs have the same key. */
const keyOf = (organisation: string, id: string): string => `${organisation}\0${id}`

const isSameUpstream = (one: Handle, other: Handle): boolean =>
  one.provider === other.provider && one.credential === other.credential
