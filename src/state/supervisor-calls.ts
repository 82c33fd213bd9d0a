import type { Quota } from './quota.ts'
import type { State } from './state.ts'

/**
 * What workers say to their supervisor and back. A line is a JSON list of messages: all that one side had to say in one
 * turn of its event loop.
 *
 * - worker: `[id, name, ...arguments]`, a call
 * - supervisor: `[id, result]`, or `[id, null, reason]` for a call that failed; `[0, channel, text]`, what was published
 *
 * The first call is `hello` with the version. A supervisor outlives its workers, so that after a hand-over to a newer
 * program the two may differ; then they do not understand each other.
 */
export const wireVersion = 1

const stateCalls = ['get', 'set', 'delete', 'increment', 'entries', 'clear', 'publish'] as const
const quotaCalls = ['take', 'give', 'keep', 'seed'] as const

type StateCall = (typeof stateCalls)[number]
type QuotaCall = (typeof quotaCalls)[number]

/** Answered by the connection itself. */
type OwnCall = 'hello' | 'subscribe'

export type CallName = StateCall | QuotaCall | OwnCall

/** What is not forwarded, because each worker does it by itself, or only Redis does it. */
type Local = 'quota' | 'vectors' | 'subscribe' | 'status' | 'onStatus' | 'close'
type Forgotten = Exclude<keyof State, StateCall | Local> | Exclude<keyof Quota, QuotaCall>

type Call = (...parameters: never[]) => Promise<unknown>

/**
 * Everything that may be called by name, and nothing else. A method that is added to the interfaces and not to the lists
 * above does not compile here.
 */
export const callsOf = (state: State): ReadonlyMap<string, Call> => {
  const none: [Forgotten] extends [never] ? readonly [] : Forgotten = []
  return new Map<string, Call>([
    ...none,
    ...stateCalls.map((name) => [name, state[name]] as const),
    ...quotaCalls.map((name) => [name, state.quota[name]] as const),
  ])
}

/** A result as JSON can say it: a map is the list of its entries, and nothing is null. */
export const packed = (result: unknown): unknown => (result instanceof Map ? [...result] : (result ?? null))

/** Bytes of one line, and bytes that may wait for somebody who does not read. */
export const longestLine = 256 * 1024 * 1024
export const mostWaiting = 64 * 1024 * 1024
