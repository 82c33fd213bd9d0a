import { GatewayError } from '../errors.ts'
import { reasonOf, type Session, type SessionEvents, startAlarm } from './connection.ts'
import { createLineReader, createLineWriter, type LineWriter } from './line-socket.ts'
import { type CallName, longestLine, mostWaiting, wireVersion } from './supervisor-calls.ts'

export interface SupervisorSessionParts extends SessionEvents {
  /** The supervisor's socket. */
  readonly path: string
  /** How long an answer is waited for, in milliseconds. */
  readonly patience: number
}

export interface SupervisorSession extends Session {
  /**
   * What the call of that name resolves to: both sides have the same interface. Rejects with
   * `gateway_state_unavailable`; an answer that does not come in time ends the session.
   */
  call<Result>(name: CallName, parameters: readonly unknown[]): Promise<Result>
}

interface Waiting {
  readonly name: CallName
  readonly since: number
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Connects; rejects when nobody answers there who understands. All calls of one turn of the event loop are one write. */
export const openSupervisorSession = async (parts: SupervisorSessionParts): Promise<SupervisorSession> => {
  const { path, patience } = parts
  const waiting = new Map<number, Waiting>()
  let calls: string[] = []
  let lastId = 0
  let isOpen = false
  let isOver = false
  let alarm: { clear(): void } | undefined

  const end = (reason = 'the connection was closed'): void => {
    if (isOver) return
    isOver = true
    alarm?.clear()
    socket?.terminate()
    for (const { name, reject } of waiting.values()) reject(unavailable(name, reason))
    waiting.clear()
  }
  const lose = (reason: string): void => {
    if (isOver) return
    end(reason)
    // Those who wait while it opens are told by the rejection.
    if (isOpen) parts.onEnd(reason)
  }
  /** One alarm for all, for the one that has waited longest: silence is the end for every other as well. */
  const watch = (): void => {
    const [oldest] = waiting.values()
    if (oldest === undefined || isOver) {
      alarm = undefined
      return
    }
    alarm = startAlarm(Math.max(1, oldest.since + patience - performance.now()), () => {
      const [still] = waiting.values()
      if (still === oldest) lose(`no answer within ${patience} ms`)
      else watch()
    })
  }
  const hear = (message: unknown): void => {
    const [id, value, more]: readonly unknown[] = Array.isArray(message) ? message : []
    if (id === 0) parts.onMessage(String(value), String(more))
    const call = typeof id === 'number' ? waiting.get(id) : undefined
    if (call === undefined || typeof id !== 'number') return
    waiting.delete(id)
    if (more === undefined) call.resolve(value ?? undefined)
    else call.reject(unavailable(call.name, String(more)))
  }
  const flush = (): void => {
    const line = `[${calls.join(',')}]`
    calls = []
    try {
      if (!isOver) writer?.write(line)
    } catch (error) {
      lose(reasonOf(error))
    }
  }
  const call = <Result>(name: CallName, parameters: readonly unknown[]): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      if (isOver) return reject(unavailable(name, 'the connection was closed'))
      lastId += 1
      const text = JSON.stringify([lastId, name, ...parameters])
      waiting.set(lastId, { name, since: performance.now(), resolve, reject })
      if (calls.length === 0) setImmediate(flush)
      calls.push(text)
      if (alarm === undefined) watch()
    })

  const reader = createLineReader(longestLine)
  let socket: Bun.Socket | undefined
  let writer: LineWriter | undefined
  await Bun.connect({
    unix: path,
    socket: {
      open(opened) {
        socket = opened
        writer = createLineWriter(opened, mostWaiting)
      },
      data(_, block) {
        try {
          for (const line of reader.push(block)) {
            const messages: unknown = JSON.parse(line)
            for (const message of Array.isArray(messages) ? messages : []) hear(message)
          }
        } catch (error) {
          lose(reasonOf(error))
        }
      },
      drain: () => writer?.drain(),
      close: () => lose('the supervisor closed the connection'),
      error: (_, error) => lose(reasonOf(error)),
    },
  })
  const listen = (channel: string): void => {
    call('subscribe', [channel]).catch((error) => lose(reasonOf(error)))
  }
  try {
    await call('hello', [wireVersion])
  } catch (error) {
    end()
    throw error
  }
  isOpen = true
  for (const channel of parts.channels) listen(channel)
  return { call, listen, end }
}

const unavailable = (name: CallName, reason: string): GatewayError =>
  new GatewayError('gateway_state_unavailable', `the supervisor did not do ${name}: ${reason}`)
