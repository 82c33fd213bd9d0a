import type { Quota } from './quota.ts'
import type { VectorSets } from './vector-sets.ts'

/** How other processes are reached: there is nowhere to meet them, they can be reached, or they cannot just now. */
export type StateStatus = 'alone' | 'connected' | 'away'

/** @param reason why it is away, in words that may be logged */
export type StatusHandler = (status: StateStatus, reason?: string) => void

export interface StateEntry {
  readonly value: string
  /** What is left of its time, in milliseconds. */
  readonly ttl: number
}

/**
 * What may be lost or rebuilt, shared by the processes that have the same Redis, else in the memory of one process.
 * Everything ends by itself. Every call is bounded in time and rejects with `gateway_state_unavailable` when the others
 * cannot be reached, at once while the status is `away`: callers then act alone. A call that rejected may have had its
 * effect.
 */
export interface State {
  /** Counters for limits and budgets. */
  readonly quota: Quota
  /** Only Redis has them. */
  readonly vectors?: VectorSets
  get(key: string): Promise<string | undefined>
  /** @param ttl milliseconds, at least 1 */
  set(key: string, value: string, ttl: number): Promise<void>
  delete(key: string): Promise<void>
  /**
   * Adds to a counter, which begins at 0, and resolves to what it is then. Its time runs from its beginning and is not
   * made longer by later calls.
   * @param by a whole number
   */
  increment(key: string, by: number, ttl: number): Promise<number>
  /** All with keys that begin so, by whole key. It looks at every key of the store: not for the way of a request. */
  entries(prefix: string): Promise<ReadonlyMap<string, StateEntry>>
  /** Deletes all with keys that begin so; resolves to how many there were. It looks at every key, as `entries` does. */
  clear(prefix: string): Promise<number>
  /** Tells whoever subscribes now, this process too. What is said while somebody is away does not reach them. */
  publish(channel: string, text: string): Promise<void>
  /** Returns what ends it. It counts from soon after the call, through all losses of the connection. */
  subscribe(channel: string, handler: (text: string) => void): () => void
  status(): StateStatus
  /** Told of each change, and when the first attempt to connect fails. Returns what ends it. */
  onStatus(handler: StatusHandler): () => void
  close(): void
}
