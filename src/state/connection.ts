import { GatewayError } from '../errors.ts'
import type { State, StateStatus, StatusHandler } from './state.ts'

/** A connection that lives once: what is lost ends it. */
export interface Session {
  /** From now on messages of this channel are told as well. */
  listen(channel: string): void
  end(): void
}

/** What a session tells. */
export interface SessionEvents {
  /** Subscribed to from the beginning. */
  readonly channels: readonly string[]
  readonly onMessage: (channel: string, text: string) => void
  /** The session is over, and not because `end` was called. */
  readonly onEnd: (reason: string) => void
}

export interface ConnectionParts<One extends Session> {
  /** Rejects when the other side does not answer as it should. */
  readonly open: (events: SessionEvents) => Promise<One>
  /** Who is away, for messages: `redis`. */
  readonly peer: string
  /** Waits between attempts to connect, in milliseconds. */
  readonly shortestPause: number
  readonly longestPause: number
}

/** One session after the other, and what does not depend on which. */
export interface Connection<One extends Session>
  extends Pick<State, 'subscribe' | 'status' | 'onStatus' | 'close'> {
  /** Throws `gateway_state_unavailable` while there is none. */
  session(): One
}

/** Connects at once, for as long as it takes, and again after each loss. Subscriptions outlive the sessions. */
export const keepConnected = <One extends Session>({
  open,
  peer,
  shortestPause,
  longestPause,
}: ConnectionParts<One>): Connection<One> => {
  const channels = new Map<string, Set<(text: string) => void>>()
  const watchers = new Set<StatusHandler>()
  let session: One | undefined
  /** What watchers know. */
  let told: StateStatus | undefined
  let isClosed = false
  let pause = shortestPause
  let timer: ReturnType<typeof setTimeout> | undefined

  const tell = (status: StateStatus, reason?: string): void => {
    if (told === status || isClosed) return
    told = status
    for (const watcher of watchers) watcher(status, reason)
  }
  const onMessage = (channel: string, text: string): void => {
    for (const handler of channels.get(channel) ?? []) handler(text)
  }
  const connect = async (): Promise<void> => {
    const known = [...channels.keys()]
    try {
      const opened = await open({ channels: known, onMessage, onEnd: lose })
      if (isClosed) return opened.end()
      session = opened
    } catch (error) {
      return lose(reasonOf(error))
    }
    pause = shortestPause
    for (const channel of channels.keys()) if (!known.includes(channel)) session.listen(channel)
    tell('connected')
  }
  const lose = (reason: string): void => {
    if (isClosed) return
    session = undefined
    tell('away', reason)
    // Not all at once: many lose their connection in the same moment.
    timer = setTimeout(connect, pause * (0.5 + Math.random() / 2))
    pause = Math.min(longestPause, pause * 2)
  }
  void connect()

  return {
    session() {
      if (session !== undefined) return session
      throw new GatewayError('gateway_state_unavailable', `${peer} is away, and nothing waits for it`)
    },
    subscribe(channel, handler) {
      // A function of its own, so that the same handler may subscribe twice.
      const own = (text: string): void => handler(text)
      const handlers = channels.get(channel)
      if (handlers === undefined) {
        channels.set(channel, new Set([own]))
        session?.listen(channel)
      } else handlers.add(own)
      // The channel stays, without handlers: taking it up again must not deliver twice.
      return () => void channels.get(channel)?.delete(own)
    },
    status: () => (session === undefined ? 'away' : 'connected'),
    onStatus(handler) {
      const own: StatusHandler = (status, reason) => handler(status, reason)
      watchers.add(own)
      return () => void watchers.delete(own)
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      session?.end()
      session = undefined
      watchers.clear()
      channels.clear()
    },
  }
}

/** Whoever was busy for so long itself may have the answer waiting to be read: timers come before sockets. */
const grace = 20

/** Calls `giveUp` after `patience` milliseconds, unless it is cleared before. */
export const startAlarm = (patience: number, giveUp: () => void): { clear(): void } => {
  let alarm = setTimeout(() => {
    alarm = setTimeout(giveUp, grace)
  }, patience)
  return { clear: () => clearTimeout(alarm) }
}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'unknown reason'
