import type { AskJson } from '../../egress/index.ts'
import { createByteCache } from './byte-cache.ts'
import { SidecarFault } from './recogniser.ts'

export interface SidecarOptions {
  /** How findings, metrics and errors name it. */
  readonly id: string
  /** Base address, without a slash at the end: `http://127.0.0.1:5002`. */
  readonly url: string
  /** Where it may be: an operator's own address is reached `anywhere`. See `createAsker` in `egress`. */
  readonly ask: AskJson
  readonly headers?: Readonly<Record<string, string>>
  /** Of one call, in milliseconds. */
  readonly timeoutMs?: number
  readonly maximumResponseBytes?: number
  /** Texts that are longer are not sent: they count as a fault. In UTF-16 units. */
  readonly maximumTextLength?: number
  /** Calls under way at once; others wait in order. */
  readonly concurrency?: number
  /** For remembered answers; 0 for none. */
  readonly cacheBytes?: number
  readonly onError?: 'allow' | 'block'
  /** Told of every fault, also of those that are allowed. */
  readonly onFault?: (fault: SidecarFault) => void
}

const usual = {
  timeoutMs: 2_000,
  maximumResponseBytes: 4 * 1024 * 1024,
  maximumTextLength: 1024 * 1024,
  concurrency: 16,
  cacheBytes: 8 * 1024 * 1024,
  onError: 'block' as const,
}

export interface SidecarClient {
  readonly id: string
  readonly maximumTextLength: number
  /** Posts JSON and reads it with the parser. Throws `SidecarFault`. */
  post<Value>(
    path: string,
    body: unknown,
    signal: AbortSignal,
    parse: (value: unknown) => Value,
  ): Promise<Value>
  /** What was remembered under these parts, or what `make` gives, remembered by the size of its JSON. */
  remember<Value>(parts: readonly string[], make: () => Promise<Value>): Promise<Value>
  cached<Value>(parts: readonly string[]): Value | undefined
  keep(parts: readonly string[], value: unknown): void
  /** The value, or where there is none and faults are allowed, the other. Aborts are always thrown. */
  orAllowed<Value>(work: () => Promise<Value>, allowed: Value): Promise<Value>
  fault(reason: SidecarFault['reason'], status?: number): SidecarFault
}

/** What every external recogniser shares: bounds, order, memory, and what a fault means. */
export const createSidecarClient = (options: SidecarOptions): SidecarClient => {
  const { id, url, ask, headers } = options
  const { timeoutMs, maximumResponseBytes, maximumTextLength, concurrency, cacheBytes, onError } = {
    ...usual,
    ...options,
  }
  const cache = createByteCache(cacheBytes)
  const turn = createTurns(concurrency)
  const fault = (reason: SidecarFault['reason'], status?: number): SidecarFault =>
    new SidecarFault(id, reason, status)

  const client: SidecarClient = {
    id,
    maximumTextLength,
    fault,
    post: (path, body, signal, parse) =>
      turn(
        signal,
        async () => {
          const result = await ask(url + path, {
            method: 'POST',
            ...(headers === undefined ? {} : { headers }),
            body: JSON.stringify(body),
            timeoutMs,
            maximumBytes: maximumResponseBytes,
            signal,
          })
          if ('fault' in result) throw fault(result.fault)
          if (result.status < 200 || result.status > 299) throw fault('status', result.status)
          try {
            return parse(JSON.parse(result.text))
          } catch (error) {
            throw error instanceof SidecarFault ? error : fault('not-understood')
          }
        },
        () => fault('aborted'),
      ),
    cached: (parts) => cache.get(parts),
    keep: (parts, value) => cache.set(parts, value),
    remember: async (parts, make) => {
      const known = cache.get<Awaited<ReturnType<typeof make>>>(parts)
      if (known !== undefined) return known
      const value = await make()
      cache.set(parts, value)
      return value
    },
    orAllowed: async (work, allowed) => {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof SidecarFault)) throw error
        if (error.reason !== 'aborted') options.onFault?.(error)
        if (onError === 'block' || error.reason === 'aborted') throw error
        return allowed
      }
    },
  }
  return client
}

type Turn = <Value>(signal: AbortSignal, work: () => Promise<Value>, aborted: () => Error) => Promise<Value>

/** At most so many at once; those who wait are served in order, and leave when their signal aborts. */
const createTurns = (most: number): Turn => {
  let running = 0
  const waiting: (() => void)[] = []
  const release = (): void => {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
  const enter = (signal: AbortSignal, aborted: () => Error): Promise<void> => {
    if (signal.aborted) return Promise.reject(aborted())
    if (running < most) {
      running++
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(start), 1)
        reject(aborted())
      }
      const start = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      waiting.push(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
  return async (signal, work, aborted) => {
    await enter(signal, aborted)
    try {
      return await work()
    } finally {
      release()
    }
  }
}
