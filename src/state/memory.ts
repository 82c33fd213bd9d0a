import { memoryQuota } from './memory-quota.ts'
import type { State } from './state.ts'

interface Held {
  readonly value: string
  readonly until: number
}

/** Fewer than this are not worth looking through for those that have ended. */
const fewest = 1024

/** State of one process, without anybody to share it with. */
export const memoryState = (now: () => number = Date.now): State => {
  const held = new Map<string, Held>()
  const channels = new Map<string, Set<(text: string) => void>>()
  let sweepAt = fewest

  const live = (key: string): Held | undefined => {
    const found = held.get(key)
    if (found === undefined || found.until > now()) return found
    held.delete(key)
    return undefined
  }
  const put = (key: string, one: Held): void => {
    held.set(key, one)
    if (held.size < sweepAt) return
    for (const known of held.keys()) live(known)
    sweepAt = Math.max(fewest, held.size * 2)
  }

  return {
    quota: memoryQuota(now),
    get: async (key) => live(key)?.value,
    async set(key, value, ttl) {
      put(key, { value, until: now() + ttl })
    },
    async delete(key) {
      held.delete(key)
    },
    async increment(key, by, ttl) {
      const found = live(key)
      const value = Number(found?.value ?? 0) + by
      put(key, { value: String(value), until: found?.until ?? now() + ttl })
      return value
    },
    async entries(prefix) {
      const time = now()
      return new Map(
        [...held]
          .filter(([key, { until }]) => until > time && key.startsWith(prefix))
          .map(([key, { value, until }]) => [key, { value, ttl: until - time }]),
      )
    },
    async clear(prefix) {
      let count = 0
      for (const key of held.keys()) {
        if (!key.startsWith(prefix)) continue
        if (live(key) !== undefined) count++
        held.delete(key)
      }
      return count
    },
    async publish(channel, text) {
      // Later, as from another process: whoever publishes is not called back from within its own call.
      queueMicrotask(() => {
        for (const handler of channels.get(channel) ?? []) handler(text)
      })
    },
    subscribe(channel, handler) {
      // A function of its own, so that the same handler may subscribe twice.
      const own = (text: string): void => handler(text)
      const handlers = channels.get(channel) ?? new Set()
      channels.set(channel, handlers.add(own))
      return () => {
        handlers.delete(own)
        if (handlers.size === 0 && channels.get(channel) === handlers) channels.delete(channel)
      }
    },
    status: () => 'alone',
    onStatus: () => () => undefined,
    close() {
      held.clear()
      channels.clear()
    },
  }
}
