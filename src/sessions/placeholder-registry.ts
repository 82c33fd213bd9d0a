import { isHandleId } from './handle.ts'
import type { PlaceholderRow, PlaceholderStore } from './placeholder-store.ts'
import { openSession, type SessionPlace, sealSession } from './session-cipher.ts'
import type { StateKeysOf } from './state-keys.ts'

/** A placeholder of a conversation that a provider keeps. Without a value it never comes back. */
export interface KeptPlaceholder {
  readonly placeholder: string
  readonly type: string
  readonly value?: string
}

/** What a request refers to: an answer's placeholders never change, a conversation's grow. */
export interface PlaceholderState {
  readonly kind: 'response' | 'conversation'
  readonly id: string
}

/**
 * What placeholders stand for where the provider keeps the conversation, so that later requests do not hold the values.
 * Of an organisation's own, by the provider's id of the response or conversation.
 */
export interface PlaceholderRegistry {
  /**
   * Everything that is kept for these, each placeholder once; of two words for one, the later state's.
   * @throws where the store is away and memory does not know all of them
   */
  load(organisation: string, states: readonly PlaceholderState[]): Promise<readonly KeptPlaceholder[]>
  /**
   * Usable at once in this process, beside what is kept for the state already. Resolves when it is written, or given up;
   * false where it is given up. Never rejects.
   */
  keep(organisation: string, state: PlaceholderState, entries: readonly KeptPlaceholder[]): Promise<boolean>
  /** The state was deleted upstream. */
  forget(organisation: string, id: string): Promise<void>
  /** Drops what has expired or is too much; answers how many rows that were. Call it now and then. */
  purge(): Promise<number>
}

/** As the settings say, read anew each time. Times in milliseconds, sizes in bytes. */
export interface PlaceholderLimits {
  readonly lifetime: number
  readonly max_response: number
  readonly max_stored: number
}

export interface PlaceholderRegistryOptions {
  readonly limits: () => PlaceholderLimits
  readonly now?: () => number
  /** Characters kept in memory; the rest is read from the store. Default 16 million. */
  readonly capacity?: number
  /** Told once per write or read that failed. */
  readonly onProblem?: (message: string, error: unknown) => void
}

interface Known {
  readonly entries: ReadonlyMap<string, KeptPlaceholder>
  readonly size: number
  readonly expires: number
}

/** Small enough that no other write waits for long. */
const batch = 200
/** Adding up what everybody keeps takes a walk over an index, so it is done once in so many purges. */
const purgesPerMeasure = 20
/** So often a conversation is read again because somebody else wrote to it at the same time. */
const mostTries = 8

export const createPlaceholderRegistry = (
  store: PlaceholderStore,
  keys: StateKeysOf,
  { limits, now = Date.now, capacity = 16_000_000, onProblem = () => {} }: PlaceholderRegistryOptions,
): PlaceholderRegistry => {
  const known = new Map<string, Known>()
  let held = 0
  let purges = 0

  const drop = (key: string): void => {
    held -= known.get(key)?.size ?? 0
    known.delete(key)
  }
  const remember = (key: string, entries: ReadonlyMap<string, KeptPlaceholder>, expires: number): void => {
    drop(key)
    const size = sizeOf(entries)
    known.set(key, { entries, size, expires })
    held += size
    for (const oldest of known.keys()) {
      if (held <= capacity) break
      drop(oldest)
    }
  }
  const recall = (key: string): ReadonlyMap<string, KeptPlaceholder> | undefined => {
    const one = known.get(key)
    if (one === undefined) return undefined
    if (one.expires <= now()) {
      drop(key)
      return undefined
    }
    known.delete(key)
    known.set(key, one)
    return one.entries
  }

  const opened = ({ organisation, id, sealed }: PlaceholderRow): ReadonlyMap<string, KeptPlaceholder> => {
    const text = openSession(sealed, placeOf(organisation, id), keys(organisation).sessions)
    return text === undefined ? nothing : readEntries(text)
  }

  /** They are used, and live on; near their beginning that is not worth a write. */
  const prolong = (organisation: string, rows: readonly PlaceholderRow[]): void => {
    const at = now()
    const { lifetime } = limits()
    const aging = rows.filter(({ expires }) => expires - at < lifetime * 0.9)
    if (aging.length === 0) return
    store
      .touch(
        organisation,
        aging.map(({ id }) => id),
        at,
        at + lifetime,
      )
      .catch((error: unknown) => onProblem('the time of kept placeholders cannot be written', error))
  }

  const read = async (
    organisation: string,
    ids: readonly string[],
    isKnown: (id: string) => boolean,
  ): Promise<readonly PlaceholderRow[]> => {
    if (ids.length === 0) return []
    try {
      return await store.find(organisation, ids, now())
    } catch (error) {
      if (!ids.every(isKnown)) throw error
      onProblem('placeholders cannot be read, memory has to do', error)
      return []
    }
  }

  const write = async (
    organisation: string,
    { kind, id }: PlaceholderState,
    entries: ReadonlyMap<string, KeptPlaceholder>,
  ): Promise<boolean> => {
    for (let tries = 0; tries < mostTries; tries++) {
      const at = now()
      // An answer is new, as a rule.
      const [row] = kind === 'response' && tries === 0 ? [] : await store.find(organisation, [id], at)
      const before = row === undefined ? nothing : opened(row)
      const after = joined(before, entries)
      // Others may have written to it since this process last looked.
      const key = keyOf(organisation, id)
      remember(key, joined(recall(key) ?? nothing, after), at + limits().lifetime)
      if (row !== undefined && isSame(before, after)) return true
      const text = JSON.stringify([...after.values()])
      const { lifetime, max_response } = limits()
      if (text.length > max_response) {
        onProblem('the placeholders of a conversation are too many to be kept', undefined)
        return false
      }
      const sealed = sealSession(text, placeOf(organisation, id), keys(organisation).sessions)
      const isWritten = await store.write({
        ...{ organisation, id, sealed, touched: at, expires: at + lifetime },
        version: (row?.version ?? 0) + 1,
      })
      if (isWritten) return true
    }
    onProblem('placeholders cannot be kept: others write to the same conversation', undefined)
    return false
  }

  return {
    load: async (organisation, states) => {
      const found = new Map<string, ReadonlyMap<string, KeptPlaceholder>>()
      const missing: string[] = []
      for (const { kind, id } of states) {
        if (!isHandleId(id)) continue
        const own = recall(keyOf(organisation, id))
        if (own !== undefined) found.set(id, own)
        // Other processes may have added to a conversation.
        if (own === undefined || kind === 'conversation') missing.push(id)
      }
      const rows = await read(organisation, [...new Set(missing)], (id) => found.has(id))
      prolong(organisation, rows)
      for (const row of rows) {
        // Memory may know what is not written yet.
        const entries = joined(found.get(row.id) ?? nothing, opened(row))
        found.set(row.id, entries)
        remember(keyOf(organisation, row.id), entries, row.expires)
      }
      const all = states.reduce((before, { id }) => joined(before, found.get(id) ?? nothing), nothing)
      return [...all.values()]
    },
    keep: async (organisation, state, entries) => {
      const { id } = state
      if (entries.length === 0 || !isHandleId(id)) return true
      const key = keyOf(organisation, id)
      const own = new Map(entries.map((entry) => [entry.placeholder, entry]))
      remember(key, joined(recall(key) ?? nothing, own), now() + limits().lifetime)
      try {
        return await write(organisation, state, own)
      } catch (error) {
        onProblem('placeholders cannot be written', error)
        return false
      }
    },
    forget: async (organisation, id) => {
      drop(keyOf(organisation, id))
      await store.remove(organisation, id)
    },
    purge: async () => {
      const at = now()
      for (const [key, { expires }] of known) if (expires <= at) drop(key)
      const { max_stored } = limits()
      let purged = await untilNone(() => store.purge(at, batch))
      if (purges++ % purgesPerMeasure === 0) purged += await untilNone(() => store.trim(max_stored, batch))
      return purged
    },
  }
}

const nothing: ReadonlyMap<string, KeptPlaceholder> = new Map()

/** An organisation's id is ours and holds no zero byte, so no two pairs have the same key. */
const keyOf = (organisation: string, id: string): string => `${organisation}\0${id}`

const placeOf = (organisation: string, id: string): SessionPlace => ({
  organisation,
  kind: 'placeholders',
  id,
})

/** Both; where they say one placeholder, the later one's. */
const joined = (
  earlier: ReadonlyMap<string, KeptPlaceholder>,
  later: ReadonlyMap<string, KeptPlaceholder>,
): ReadonlyMap<string, KeptPlaceholder> =>
  earlier.size === 0 ? later : later.size === 0 ? earlier : new Map([...earlier, ...later])

const isSame = (
  one: ReadonlyMap<string, KeptPlaceholder>,
  other: ReadonlyMap<string, KeptPlaceholder>,
): boolean =>
  one.size === other.size &&
  [...other].every(([placeholder, { value }]) => {
    const before = one.get(placeholder)
    return before !== undefined && before.value === value
  })

const sizeOf = (entries: ReadonlyMap<string, KeptPlaceholder>): number => {
  let size = 0
  for (const { placeholder, type, value = '' } of entries.values())
    size += placeholder.length + type.length + value.length
  return size
}

/** It was sealed here, so it is what was written, unless a later version wrote it. */
const readEntries = (text: string): ReadonlyMap<string, KeptPlaceholder> => {
  const list: unknown = JSON.parse(text)
  const entries = new Map<string, KeptPlaceholder>()
  for (const item of Array.isArray(list) ? list : []) {
    const entry = readEntry(item)
    if (entry !== undefined) entries.set(entry.placeholder, entry)
  }
  return entries
}

const readEntry = (item: unknown): KeptPlaceholder | undefined => {
  if (typeof item !== 'object' || item === null) return undefined
  const { placeholder, type, value }: { placeholder?: unknown; type?: unknown; value?: unknown } = item
  if (typeof placeholder !== 'string' || typeof type !== 'string') return undefined
  return { placeholder, type, ...(typeof value === 'string' ? { value } : {}) }
}

const untilNone = async (work: () => Promise<number>): Promise<number> => {
  let done = 0
  for (;;) {
    const count = await work()
    if (count === 0) return done
    done += count
  }
}
