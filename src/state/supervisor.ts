import { keepConnected } from './connection.ts'
import type { State, StateEntry } from './state.ts'
import type { CallName } from './supervisor-calls.ts'
import { openSupervisorSession } from './supervisor-session.ts'

export interface SupervisorStateOptions {
  /** The socket that the supervisor serves its state on. */
  readonly path: string
  /** How long an answer is waited for, in milliseconds; default 1000. */
  readonly patience?: number
}

/** Waits between attempts to connect, in milliseconds: it is on this machine, or it is gone. */
const shortestPause = 10
const longestPause = 500

/**
 * The state that the supervisor holds for all of its workers. Returns at once and connects by itself, again after each
 * loss; until then every call rejects at once.
 */
export const supervisorState = ({ path, patience = 1_000 }: SupervisorStateOptions): State => {
  const connection = keepConnected({
    open: (events) => openSupervisorSession({ ...events, path, patience }),
    peer: 'the supervisor',
    shortestPause,
    longestPause,
  })
  const call = async <Result>(name: CallName, ...parameters: readonly unknown[]): Promise<Result> =>
    connection.session().call(name, parameters)
  return {
    quota: {
      take: (take) => call('take', take),
      give: (changes) => call('give', changes),
      keep: (holders, holding) => call('keep', holders, holding),
      seed: (seed) => call('seed', seed),
    },
    get: (key) => call('get', key),
    set: (key, value, ttl) => call('set', key, value, ttl),
    delete: (key) => call('delete', key),
    increment: (key, by, ttl) => call('increment', key, by, ttl),
    entries: async (prefix) =>
      new Map(await call<Iterable<readonly [string, StateEntry]>>('entries', prefix)),
    clear: (prefix) => call('clear', prefix),
    publish: (channel, text) => call('publish', channel, text),
    subscribe: connection.subscribe,
    status: connection.status,
    onStatus: connection.onStatus,
    close: connection.close,
  }
}
