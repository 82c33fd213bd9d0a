import type { ToolCallPart } from '../ir/index.ts'
import { createKeptCalls } from './kept-calls.ts'
import { decryptReasoning, encryptReasoning } from './reasoning-cipher.ts'
import type { ReasoningRow, ReasoningStore } from './reasoning-store.ts'
import { callKey, type RememberedCall, readRemembered, writeRemembered } from './remembered-call.ts'
import type { StateKeysOf } from './state-keys.ts'

/** The second home of reasoning state, for clients that cannot send it back (translation.md §1.7). */
export interface ReasoningRegistry {
  /** Usable at once in this process, and written in the background: nobody waits for it. */
  remember(organisation: string, calls: readonly RememberedCall[]): void
  /**
   * What is known of these calls, by `callKey`. What was told to another organisation is not known. Never rejects:
   * lost reasoning is a warning of the translation, not a failure of the request.
   */
  find(organisation: string, calls: readonly ToolCallPart[]): Promise<ReadonlyMap<string, RememberedCall>>
  /** Resolves when everything that was remembered so far is written, or given up. */
  flush(): Promise<void>
  /** Drops what has expired or is too much; answers how many rows that were. Call it now and then. */
  purge(): Promise<number>
}

export interface ReasoningRegistryOptions {
  readonly now?: () => number
  /** Milliseconds from when it was told. Default 7 days. */
  readonly lifetime?: number
  /** Characters kept in memory; the rest is read from the store. Default 32 million. */
  readonly capacity?: number
  /** Rows kept in the store. Default 200,000. */
  readonly rows?: number
  /** Told once per write or read that failed. */
  readonly onProblem?: (message: string, error: unknown) => void
}

/** A single call's thoughts are rarely above 30,000 characters; far more is not worth its place. */
const maximumLength = 1_000_000
/** Rows that wait for a store that is slow or away. */
const maximumWaiting = 5_000
/** So long a call that nobody knew is not asked for again: another process may write it a moment later. */
const missLifetime = 15_000
/** Small enough that no other write waits for long. */
const batch = 500

export const createReasoningRegistry = (
  store: ReasoningStore,
  keys: StateKeysOf,
  {
    now = Date.now,
    lifetime = 7 * 24 * 3600 * 1000,
    capacity = 32_000_000,
    rows: maximumRows = 200_000,
    onProblem = () => {},
  }: ReasoningRegistryOptions = {},
): ReasoningRegistry => {
  const kept = createKeptCalls(capacity, now)
  let waiting: ReasoningRow[] = []
  let writing: Promise<void> | undefined

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const rows = waiting.splice(0, batch)
      try {
        await store.write(rows)
      } catch (error) {
        // It stays in memory; giving it up costs a thought, not an answer.
        onProblem(`reasoning of ${rows.length} calls cannot be written`, error)
      }
    }
    writing = undefined
  }

  const read = async (
    organisation: string,
    missing: readonly string[],
  ): Promise<readonly RememberedCall[]> => {
    try {
      const rows = await store.find(organisation, missing, now())
      return rows.flatMap((row) => {
        const json = decryptReasoning(row.sealed, row, keys(organisation).encrypt)
        const call = json === undefined ? undefined : readRemembered(row.key, json)
        if (call === undefined) return []
        kept.put(organisation, call, row.expires, row.sealed.length)
        return [call]
      })
    } catch (error) {
      onProblem('reasoning cannot be read', error)
      return []
    }
  }

  return {
    remember: (organisation, calls) => {
      const created = now()
      for (const call of calls) {
        const json = writeRemembered(call)
        if (json.length > maximumLength) continue
        const expires = created + lifetime
        const sealed = encryptReasoning(json, { organisation, key: call.key }, keys(organisation).encrypt)
        kept.put(organisation, call, expires, sealed.length)
        waiting.push({ organisation, key: call.key, sealed, created, expires })
      }
      if (waiting.length > maximumWaiting) {
        onProblem('the store of reasoning is too slow: the oldest is not written', undefined)
        waiting = waiting.slice(-maximumWaiting)
      }
      writing ??= Promise.resolve().then(writeAll)
    },
    find: async (organisation, calls) => {
      const found = new Map<string, RememberedCall>()
      const missing: string[] = []
      for (const key of new Set(calls.map(callKey))) {
        const known = kept.get(organisation, key)
        if (known === 'missing') continue
        if (known === undefined) missing.push(key)
        else found.set(key, known)
      }
      if (missing.length === 0) return found
      for (const call of await read(organisation, missing)) found.set(call.key, call)
      for (const key of missing) {
        // It may have been remembered while the store was asked.
        const known = found.has(key) ? undefined : kept.get(organisation, key)
        if (known !== undefined && known !== 'missing') found.set(key, known)
        else if (!found.has(key)) kept.miss(organisation, key, now() + missLifetime)
      }
      return found
    },
    flush: () => writing ?? Promise.resolve(),
    purge: async () => {
      const at = now()
      kept.purge()
      return (
        (await inBatches(() => store.purge(at, batch))) +
        (await inBatches(() => store.trim(maximumRows, batch)))
      )
    },
  }
}

const inBatches = async (work: () => Promise<number>): Promise<number> => {
  let done = 0
  for (;;) {
    const count = await work()
    done += count
    if (count < batch) return done
  }
}
