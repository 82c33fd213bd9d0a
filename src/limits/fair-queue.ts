/** Whoever waits belongs to an organisation, and there to a key. */
export interface Place {
  readonly organisation: string
  readonly key: string
}

/** What became of a try: in, or how many milliseconds until the next one is worth it. */
export type Try<T> = { readonly got: T } | { readonly again: number }

export interface Waiting<T> {
  readonly place: Place
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly longestWait: number
  readonly mostWaiting: number
  /** Asks for room; asked one at a time, and only when it is its turn. */
  readonly attempt: () => Promise<Try<T>>
  /** It left while it was asked and got in: what it got goes back. */
  readonly giveBack: (got: T) => void
}

/**
 * Calls that wait for room: organisations in turn, within them their keys in turn, within a key first come, first
 * served. Nobody overtakes: who is at the head is asked again when there may be room, and the others wait behind.
 */
export interface FairQueue<T> {
  readonly size: number
  /**
   * Resolves to what the attempt got, or to why it got nothing: the queue was full, the time was over, or the signal
   * ended it. Rejects when an attempt does.
   */
  wait(waiting: Waiting<T>): Promise<Waited<T>>
  /** Room came free: look now, without waiting for the time that was said. */
  wake(): void
}

export type Waited<T> =
  | { readonly got: T }
  | { readonly refused: 'full' | 'late' | 'aborted'; readonly again: number }

interface Waiter<T> extends Waiting<T> {
  readonly done: (waited: Waited<T>) => void
  readonly failed: (error: unknown) => void
  isGone: boolean
}

export const createFairQueue = <T>(): FairQueue<T> => {
  const turns: Turns<T> = new Map()
  let size = 0
  let isAsking = false
  let wasWoken = false
  let timer: ReturnType<typeof setTimeout> | undefined
  /** What the head was told last. */
  let again = 0

  const leave = (waiter: Waiter<T>): boolean => {
    if (waiter.isGone) return false
    waiter.isGone = true
    size--
    remove(turns, waiter)
    return true
  }
  const ask = async (): Promise<void> => {
    if (isAsking) {
      wasWoken = true
      return
    }
    clearTimeout(timer)
    isAsking = true
    try {
      for (let head = first(turns); head !== undefined; head = first(turns)) {
        wasWoken = false
        if (!(await askHead(head)) && !wasWoken) return
      }
    } finally {
      isAsking = false
    }
  }
  /** False when the head has to wait. */
  const askHead = async (head: Waiter<T>): Promise<boolean> => {
    let outcome: Try<T>
    try {
      outcome = await head.attempt()
    } catch (error) {
      if (leave(head)) head.failed(error)
      return true
    }
    if ('got' in outcome) {
      passTurn(turns, head.place)
      if (leave(head)) head.done(outcome)
      else head.giveBack(outcome.got)
      return true
    }
    if (head.isGone) return true
    again = outcome.again
    clearTimeout(timer)
    timer = setTimeout(ask, Math.max(1, again))
    return false
  }

  return {
    get size() {
      return size
    },
    wait(waiting) {
      if (waiting.signal.aborted) return Promise.resolve({ refused: 'aborted', again })
      if (size >= waiting.mostWaiting) return Promise.resolve({ refused: 'full', again })
      const { promise, resolve, reject } = Promise.withResolvers<Waited<T>>()
      const end = (refused: 'late' | 'aborted'): void => {
        if (!leave(waiter)) return
        waiter.done({ refused, again })
        // The head is another one now, and may want less.
        if (size === 0) clearTimeout(timer)
        else void ask()
      }
      const isLate = setTimeout(() => end('late'), waiting.longestWait)
      const isAborted = (): void => end('aborted')
      const over = (): void => {
        clearTimeout(isLate)
        waiting.signal.removeEventListener('abort', isAborted)
      }
      const waiter: Waiter<T> = {
        ...waiting,
        isGone: false,
        done(waited) {
          over()
          resolve(waited)
        },
        failed(error) {
          over()
          reject(error)
        },
      }
      waiting.signal.addEventListener('abort', isAborted, { once: true })
      add(turns, waiter)
      size++
      if (size === 1) void ask()
      return promise
    },
    wake: () => void ask(),
  }
}

/** Maps keep the order of their entries: the first is next, and goes to the end after its turn. */
type Turns<T> = Map<string, Map<string, Waiter<T>[]>>

const add = <T>(turns: Turns<T>, waiter: Waiter<T>): void => {
  const { organisation, key } = waiter.place
  const keys = turns.get(organisation) ?? new Map<string, Waiter<T>[]>()
  const line = keys.get(key) ?? []
  line.push(waiter)
  keys.set(key, line)
  turns.set(organisation, keys)
}

const first = <T>(turns: Turns<T>): Waiter<T> | undefined => {
  for (const keys of turns.values()) for (const line of keys.values()) return line[0]
  return undefined
}

const remove = <T>(turns: Turns<T>, waiter: Waiter<T>): void => {
  const { organisation, key } = waiter.place
  const keys = turns.get(organisation)
  const line = keys?.get(key)
  if (keys === undefined || line === undefined) return
  const at = line.indexOf(waiter)
  if (at >= 0) line.splice(at, 1)
  if (line.length === 0) keys.delete(key)
  if (keys.size === 0) turns.delete(organisation)
}

/** Called while whoever had the turn is still in it. */
const passTurn = <T>(turns: Turns<T>, { organisation, key }: Place): void => {
  const keys = turns.get(organisation)
  const line = keys?.get(key)
  if (keys === undefined || line === undefined) return
  keys.delete(key)
  keys.set(key, line)
  turns.delete(organisation)
  turns.set(organisation, keys)
}
