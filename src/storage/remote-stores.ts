/**
 * Stores that run in a Worker and are called from the main thread as if they were here. Every method is async;
 * arguments and results are whatever structured clone can copy (bigint too).
 */
import { type ErrorCode, errorTable, GatewayError } from '../errors.ts'
import { storageFailure } from './storage-failure.ts'

/** A Worker, a MessagePort, or the global scope inside a Worker. */
export interface StorePort {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void
}

export interface RemoteStores<Stores extends object> {
  readonly stores: Stores
  /** The other side is gone: rejects every call that waits, and every later one, with this error. */
  readonly fail: (error: Error) => void
}

/** Answers calls to `stores` that arrive on `port`. Runs in the Worker. */
export const serveStores = (port: StorePort, stores: Readonly<Record<string, object>>): void => {
  port.addEventListener('message', ({ data }) => {
    const call = readCall(data)
    if (call === undefined) return
    const { id, store, method, parameters } = call
    const answer = (value: unknown) =>
      port.postMessage(typeof value === 'string' ? `${id} ${value}` : ['done', id, value])
    const refuse = (error: unknown) => port.postMessage(['failed', id, describeError(error)])
    try {
      const target = Object.hasOwn(stores, store) ? stores[store] : undefined
      const work: unknown =
        target !== undefined && Object.hasOwn(target, method) ? Reflect.get(target, method) : undefined
      if (typeof work !== 'function') throw new Error(`no store method ${store}.${method}`)
      // `then(answer).catch(refuse)`: a result that cannot be cloned must come back as an error too.
      Promise.resolve(Reflect.apply(work, target, parameters))
        .then(answer)
        .catch(refuse)
    } catch (error) {
      refuse(error)
    }
  })
}

/** The main thread's side of `serveStores`. `Stores` maps a name to an interface of async methods. */
export const remoteStores = <Stores extends object>(port: StorePort): RemoteStores<Stores> => {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  let gone: Error | undefined

  port.addEventListener('message', ({ data }) => {
    const reply = readReply(data)
    if (reply === undefined) return
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (reply.done) call?.resolve(reply.value)
    else call?.reject(restoreError(reply.value))
  })

  const call = (store: string, method: string, parameters: readonly unknown[]): Promise<unknown> => {
    if (gone !== undefined) return Promise.reject(gone)
    lastId += 1
    const result = Promise.withResolvers<unknown>()
    waiting.set(lastId, result)
    const [text] = parameters
    port.postMessage(
      parameters.length === 1 && typeof text === 'string'
        ? `${lastId} ${store} ${method} ${text}`
        : ['call', lastId, store, method, parameters],
    )
    return result.promise
  }

  return {
    // The proxy makes up methods by name, which no type can follow; `Stores` is the contract of both sides.
    stores: byName((store) =>
      byName(
        (method) =>
          (...parameters: unknown[]) =>
            call(store, method, parameters),
      ),
    ) as Stores,
    fail: (error) => {
      gone = error
      for (const result of waiting.values()) result.reject(error)
      waiting.clear()
    },
  }
}

/** An object that makes each property once, when it is first read. */
const byName = (make: (name: string) => unknown): object => {
  const made = new Map<string, unknown>()
  return new Proxy(
    {},
    {
      get: (_, name) => {
        // A promise that resolves with a store asks it for `then` first.
        if (typeof name === 'symbol' || name === 'then') return undefined
        if (!made.has(name)) made.set(name, make(name))
        return made.get(name)
      },
    },
  )
}

interface Call {
  readonly id: number
  readonly store: string
  readonly method: string
  readonly parameters: readonly unknown[]
}

interface Reply {
  readonly id: number
  readonly done: boolean
  readonly value: unknown
}

/**
 * A call with one text, and an answer that is a text, travel as plain strings: they cross threads five times faster
 * than a structure, and the ledger's commits are such calls. Everything else is an array, as structured clone
 * copies it. What is neither is somebody else's message.
 */
const readCall = (data: unknown): Call | undefined => {
  if (typeof data === 'string') {
    const afterId = data.indexOf(' ')
    const afterStore = data.indexOf(' ', afterId + 1)
    const afterMethod = data.indexOf(' ', afterStore + 1)
    return {
      id: Number(data.slice(0, afterId)),
      store: data.slice(afterId + 1, afterStore),
      method: data.slice(afterStore + 1, afterMethod),
      parameters: [data.slice(afterMethod + 1)],
    }
  }
  if (!Array.isArray(data) || data[0] !== 'call') return undefined
  const [, id, store, method, parameters]: unknown[] = data
  return {
    id: Number(id),
    store: String(store),
    method: String(method),
    parameters: Array.isArray(parameters) ? parameters : [],
  }
}

const readReply = (data: unknown): Reply | undefined => {
  if (typeof data === 'string') {
    const afterId = data.indexOf(' ')
    return { id: Number(data.slice(0, afterId)), done: true, value: data.slice(afterId + 1) }
  }
  if (!Array.isArray(data) || (data[0] !== 'done' && data[0] !== 'failed')) return undefined
  const [type, id, value]: unknown[] = data
  return { id: Number(id), done: type === 'done', value }
}

/** An error in a form that structured clone keeps whole: a cloned Error loses its class and code. */
export interface ErrorDescription {
  readonly code: ErrorCode | null
  readonly name: string
  readonly message: string
  readonly param: string | undefined
  readonly retryAfter: number | undefined
}

export const describeError = (error: unknown): ErrorDescription => {
  if (error instanceof GatewayError) {
    const { code, name, message, param, retryAfter } = error
    return { code, name, message, param, retryAfter }
  }
  const failure = storageFailure(error)
  const unavailable = failure === 'away' || failure === 'full' || failure === 'busy'
  return {
    code: unavailable ? 'gateway_storage_unavailable' : null,
    name: error instanceof Error ? error.name : 'Error',
    message: unavailable
      ? unavailableMessage[failure]
      : error instanceof Error
        ? error.message
        : String(error),
    param: undefined,
    retryAfter: undefined,
  }
}

const unavailableMessage = {
  away: 'the database cannot be reached or does not answer',
  full: 'the database cannot be written: its disk is full, read-only, or fails',
  busy: 'the database is locked by another process for too long',
} as const

export const restoreError = (value: unknown): Error => {
  const { code, name, message, param, retryAfter } = value as ErrorDescription
  if (code === null || !Object.hasOwn(errorTable, code)) return Object.assign(new Error(message), { name })
  return new GatewayError(code, message, {
    ...(param === undefined ? {} : { param }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}
