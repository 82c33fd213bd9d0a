import { type BackoffOptions, createBackoff } from './backoff.ts'
import { configExitCode, type ReadyInfo } from './message.ts'
import type { Turns } from './turns.ts'
import { startWorker, type Worker, type WorkerEnd } from './worker.ts'
import type { Relieved } from './worker-link.ts'

type Fields = Readonly<Record<string, unknown>>

/** The part of a logger that is needed here. */
export interface SupervisorLog {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

export interface SeatParts {
  /** From 1. */
  readonly number: number
  readonly teamSize: number
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>> | undefined
  readonly log: SupervisorLog
  readonly backoff: BackoffOptions | undefined
  readonly shutdownTimeout: number
  readonly stopping: AbortSignal
  /**
   * One worker starts at a time. Whoever starts then knows all others that run: it opens their ports, and leaves alone
   * what they have on disk.
   */
  readonly starts: Turns
  /** Who runs beside one that starts now; undefined when nobody does. */
  readonly others: () => Relieved | undefined
  /** Has any worker ever been ready? Until then a failure is the program's or the configuration's. */
  readonly everReady: () => boolean
  /** Another one serves here, or none any more. */
  readonly onChange: () => void
}

/** A worker that answers, and what it said of itself. */
export interface Serving {
  readonly pid: number
  readonly info: ReadyInfo
}

/** Why nobody is started here any more. */
export type SeatEnd =
  | { readonly type: 'stopped'; readonly isOrderly: boolean }
  | { readonly type: 'config refused' }
  | { readonly type: 'gave up' }

/** The place of one worker: whoever ends without being asked to is followed by another. */
export interface Seat {
  readonly number: number
  /** Resolves when the first worker here serves. */
  readonly ready: Promise<void>
  serving(): Serving | undefined
  /** Workers that were relieved and still finish what they began, with their instances. */
  retiring(): ReadonlyMap<Worker, string | undefined>
  /** All that run, ready or not. */
  processes(): readonly Worker[]
  run(): Promise<SeatEnd>
  reload(): void
  /** Lets a new worker take over, if one serves. False when the new one did not start; then the old one goes on. */
  handOver(): Promise<boolean>
}

/** A worker that has never been ready is tried so often. */
const maximumFirstStarts = 5
const killGrace = 2000

export const createSeat = (parts: SeatParts): Seat => {
  const { number, teamSize, stopping } = parts
  const log = numbered(parts.log, teamSize > 1 ? { worker: number } : {})
  const backoff = createBackoff(parts.backoff)
  const firstReady = Promise.withResolvers<void>()
  let worker: Worker | undefined
  let serving: Serving | undefined
  /** Started in order to relieve the one that serves, and not ready yet. */
  let successor: Worker | undefined
  let handingOver: Promise<boolean> | undefined
  const retiring = new Map<Worker, string | undefined>()
  let relief = Promise.withResolvers<undefined>()
  let overdue = false
  let restarts = 0

  /**
   * Starts a worker in its turn; false when the stop came first. `keep` is given it before anything else may happen, and
   * `onReady` is called before anybody else starts.
   */
  const start = async (keep: (one: Worker) => void, onReady?: () => void): Promise<boolean> => {
    const endTurn = await parts.starts.take()
    if (stopping.aborted) {
      endTurn()
      return false
    }
    const one = startWorker({
      command: parts.command,
      env: parts.env,
      number,
      teamSize,
      restarts,
      relieved: parts.others(),
      onReady: (info) => {
        if (one.pid === undefined) return
        onReady?.()
        serving = { pid: one.pid, info }
        firstReady.resolve()
        parts.onChange()
        endTurn()
      },
    })
    keep(one)
    void one.ended.then(endTurn)
    return true
  }

  /** Waits for the end; kills a worker that is still there long after the stop. */
  const untilEnded = (one: Worker): Promise<WorkerEnd> =>
    endedInTime(one, stopping, parts.shutdownTimeout + killGrace, () => {
      overdue = true
      log.error('the worker did not finish in time and is killed', { workerPid: one.pid })
    })

  /** A second worker beside the first one; the first retires as soon as the second answers. */
  const relieve = async (old: Worker, instance: string | undefined): Promise<boolean> => {
    log.info('a new worker takes over', { workerPid: old.pid })
    const ready = Promise.withResolvers<'ready'>()
    const isStarted = await start(
      (one) => {
        successor = one
      },
      () => {
        retiring.set(old, instance)
        void old.ended.then(() => retiring.delete(old))
        ready.resolve('ready')
      },
    )
    const next = successor
    if (!isStarted || next === undefined) return false
    const result = await Promise.race([ready.promise, untilEnded(next)])
    successor = undefined
    if (result !== 'ready') {
      if (!stopping.aborted) {
        log.error('the new worker did not start, the old one goes on', describe(result))
      }
      return false
    }
    worker = next
    if (!stopping.aborted) old.retire()
    relief.resolve(undefined)
    relief = Promise.withResolvers()
    return true
  }

  /** Until the worker that serves has ended, whichever that is by then. */
  const untilServerEnded = async (first: Worker): Promise<WorkerEnd> => {
    for (let current = first; ; ) {
      const end = await Promise.race([untilEnded(current), relief.promise])
      // One that ends while its successor starts is relieved all the same.
      if (end !== undefined) await handingOver
      if (worker !== undefined && worker !== current) current = worker
      else if (end !== undefined) return end
    }
  }
  const stopped = async (end: WorkerEnd | undefined): Promise<SeatEnd> => {
    await Promise.all([...retiring.keys()].map(untilEnded))
    return { type: 'stopped', isOrderly: !overdue && (end === undefined || isOrderly(end)) }
  }

  return {
    number,
    ready: firstReady.promise,
    serving: () => serving,
    retiring: () => retiring,
    processes: () => [worker, successor, ...retiring.keys()].flatMap((one) => one ?? []),
    reload: () => worker?.reload(),
    async run() {
      for (;;) {
        await start((one) => {
          worker = one
        })
        if (worker === undefined) return stopped(undefined)
        const end = await untilServerEnded(worker)
        worker = undefined
        serving = undefined
        if (stopping.aborted) return stopped(end)
        parts.onChange()
        if (!parts.everReady() && end.code === configExitCode) {
          log.error('the worker refused its configuration', describe(end))
          return { type: 'config refused' }
        }
        restarts += 1
        if (!parts.everReady() && restarts >= maximumFirstStarts) {
          log.error('the worker cannot start, giving up', { ...describe(end), starts: restarts })
          return { type: 'gave up' }
        }
        const delay = backoff.next(end.readyAt === undefined ? 0 : performance.now() - end.readyAt)
        log.error('the worker ended and is started again', { ...describe(end), restarts, delayMs: delay })
        await pause(delay, stopping)
      }
    },
    async handOver() {
      if (worker === undefined || serving === undefined) return true
      handingOver = relieve(worker, serving.info.instance).finally(() => {
        handingOver = undefined
      })
      return handingOver
    },
  }
}

const numbered = (log: SupervisorLog, more: Fields): SupervisorLog => ({
  info: (message, fields) => log.info(message, { ...more, ...fields }),
  warn: (message, fields) => log.warn(message, { ...more, ...fields }),
  error: (message, fields) => log.error(message, { ...more, ...fields }),
})

/** Waits for the end; kills a worker that is still there `limit` milliseconds after the stop. */
const endedInTime = async (
  worker: Worker,
  stopping: AbortSignal,
  limit: number,
  onOverdue: () => void,
): Promise<WorkerEnd> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const startClock = (): void => {
    timer = setTimeout(() => {
      onOverdue()
      worker.kill()
    }, limit)
  }
  if (stopping.aborted) startClock()
  else stopping.addEventListener('abort', startClock, { once: true })
  try {
    return await worker.ended
  } finally {
    stopping.removeEventListener('abort', startClock)
    clearTimeout(timer)
  }
}

/** A worker that was stopped before it listened to signals dies of them. */
const isOrderly = ({ code, signal }: WorkerEnd): boolean =>
  signal === null ? code === 0 : signal === 'SIGTERM' || signal === 'SIGINT'

const describe = ({ code, signal, reason }: WorkerEnd): Fields => ({
  ...(code === null ? {} : { exitCode: code }),
  ...(signal === null ? {} : { signal }),
  ...(reason === undefined ? {} : { reason }),
})

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
  })
