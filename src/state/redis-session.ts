import { GatewayError } from '../errors.ts'
import { reasonOf, type Session, type SessionEvents, startAlarm } from './connection.ts'
import type { RedisCall } from './redis-script.ts'

export interface RedisSessionParts extends SessionEvents {
  readonly url: string
  /** How long an answer of Redis is waited for, in milliseconds. */
  readonly patience: number
  /** A key that nobody has, to see that it could be written. */
  readonly probe: string
}

/** Two connections, for commands and for messages, that live and end together. */
export interface RedisSession extends Session {
  /** The reply. Rejects with `gateway_state_unavailable`; a reply that does not come in time ends the session. */
  readonly call: RedisCall
}

/** How often both connections are tried, in milliseconds. */
const beat = 1_000

/**
 * Connects; rejects when Redis does not answer as it should. Bun's own reconnecting is off: it forgets subscriptions
 * without a word, gives up after some tries, and does not notice a Redis that is silent.
 */
export const openRedisSession = async (parts: RedisSessionParts): Promise<RedisSession> => {
  const { url, patience, onMessage } = parts
  let isOpen = false
  let isOver = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const connect = (): Bun.RedisClient => {
    const client = new Bun.RedisClient(url, {
      autoReconnect: false,
      enableOfflineQueue: false,
      connectionTimeout: patience,
    })
    client.onclose = ({ message }) => lose(message)
    return client
  }
  const commands = connect()
  const messages = connect()
  const end = (): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    commands.close()
    messages.close()
  }
  const lose = (reason: string): void => {
    if (isOver) return
    end()
    // Those who wait while it opens are told by the rejection.
    if (isOpen) parts.onEnd(reason)
  }
  /** Silence is the end: what is asked next would wait as long for nothing. */
  const answer = async <T>(what: string, reply: Promise<T>): Promise<T> => {
    const silence = Promise.withResolvers<never>()
    const giveUp = (): void => {
      const reason = `no answer within ${patience} ms`
      silence.reject(new Error(reason))
      lose(reason)
    }
    const alarm = startAlarm(patience, giveUp)
    try {
      return await Promise.race([reply, silence.promise])
    } catch (error) {
      throw unavailable(what, error)
    } finally {
      alarm.clear()
    }
  }
  /** One that has just started, a replica, or a full one refuses to be written. With XX nothing is. */
  const probe = (): Promise<unknown> => answer('SET', commands.send('SET', [parts.probe, '', 'XX']))
  const tell = (text: string, channel: string): void => onMessage(channel, text)

  try {
    await answer('connect', Promise.all([commands.connect(), messages.connect()]))
    if (parts.channels.length > 0) await answer('SUBSCRIBE', messages.subscribe([...parts.channels], tell))
    await probe()
    if (isOver) throw unavailable('connect', undefined)
  } catch (error) {
    end()
    throw error
  }
  isOpen = true

  const feel = async (): Promise<void> => {
    try {
      await Promise.all([probe(), answer('PING', messages.ping())])
    } catch (error) {
      lose(reasonOf(error))
    }
    if (!isOver) timer = setTimeout(feel, beat)
  }
  timer = setTimeout(feel, beat)

  return {
    // Its type names strings only; it takes bytes as well, and sends them as they are.
    call: (command, args) => answer<unknown>(command, commands.send(command, args as string[])),
    listen(channel) {
      answer('SUBSCRIBE', messages.subscribe(channel, tell)).catch((error) => lose(reasonOf(error)))
    },
    end,
  }
}

const unavailable = (what: string, error: unknown): GatewayError =>
  new GatewayError('gateway_state_unavailable', `redis did not do ${what}: ${reasonOf(error)}`)
