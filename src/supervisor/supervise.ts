import { type BackoffOptions, createBackoff } from './backoff.ts'
import { configExitCode, type ReadyInfo } from './message.ts'
import { selfCommand } from './self-command.ts'
import { listenToSignals } from './signals.ts'
import { startWorker, type Worker, type WorkerEnd } from './worker.ts'
import type { Relieved } from './worker-link.ts'

type Fields = Readonly<Record<string, unknown>>

/** The part of a logger that is needed here. */
export interface SupervisorLog {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

export interface SuperviseOptions {
  readonly log: SupervisorLog
  /** Milliseconds that a worker may take to finish what runs; two seconds later it is killed. */
  readonly shutdownTimeout: number
  /** What to run. Default: this program, with its own arguments. */
  readonly command?: readonly string[]
  /** Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The worker answers now; undefined: it does not any more. */
  readonly onState?: (ready: ReadyInfo | undefined) => void
  readonly backoff?: BackoffOptions
}

/** A worker that has never been ready is tried so often. */
const maximumFirstStarts = 5
const killGrace = 2000

/**
 * Runs the gateway in a worker process and keeps it running, until a signal ends it: SIGTERM and SIGINT let the
 * worker finish, a second SIGINT does not; SIGHUP lets it reload, or ends it when the terminal was closed; SIGUSR2 lets
 * a new worker take over.
 * Returns the exit code: 0, 78 for a wrong configuration, 130 after a second SIGINT, else 1.
 */
export const supervise = async (options: SuperviseOptions): Promise<number> => {
  const { log } = options
  const backoff = createBackoff(options.backoff)
  const stopping = new AbortController()
  let worker: Worker | undefined
  /** What the worker that answers now said of itself; undefined while none does. */
  let serving: ReadyInfo | undefined
  let ports: ReadyInfo['ports'] = {}
  /** Started in order to relieve the one that serves, and not ready yet. */
  let successor: Worker | undefined
  let handingOver: Promise<void> | undefined
  /** Workers that were relieved and still finish what they began, with their instances. */
  const retiring = new Map<Worker, string | undefined>()
  let relief = Promise.withResolvers<undefined>()
  let interrupted = false
  let overdue = false
  let restarts = 0
  let everReady = false

  const stop = (signal: string): void => {
    const all = [worker, successor, ...retiring.keys()]
    if (stopping.signal.aborted) {
      if (signal !== 'SIGINT') return
      interrupted = true
      for (const one of all) one?.kill()
      return
    }
    log.info('stopping', { signal })
    stopping.abort()
    for (const one of all) one?.drain()
  }

  const instancesOf = (...infos: readonly (string | undefined)[]): readonly string[] =>
    infos.flatMap((one) => one ?? [])

  /** After a crash, others may still finish what they began before a hand-over. */
  const survivors = (): Relieved | undefined =>
    retiring.size === 0 ? undefined : { ports, instances: instancesOf(...retiring.values()) }

  const start = (relieved: Relieved | undefined, onReady?: () => void): Worker =>
    startWorker({
      command: options.command ?? selfCommand(process.argv.slice(2)),
      env: options.env,
      restarts,
      relieved,
      onReady: (info) => {
        everReady = true
        serving = info
        ports = info.ports
        onReady?.()
        options.onState?.(info)
      },
    })

  /** Waits for the end; kills a worker that is still there long after the stop. */
  const untilEnded = (one: Worker): Promise<WorkerEnd> =>
    endedInTime(one, stopping.signal, options.shutdownTimeout + killGrace, () => {
      overdue = true
      log.error('the worker did not finish in time and is killed', { workerPid: one.pid })
    })

  /** A second worker beside the first one; the first retires as soon as the second answers. */
  const handOver = async (old: Worker, instance: string | undefined): Promise<void> => {
    log.info('a new worker takes over', { workerPid: old.pid })
    const ready = Promise.withResolvers<'ready'>()
    const relieved = { ports, instances: instancesOf(instance, ...retiring.values()) }
    const next = start(relieved, () => ready.resolve('ready'))
    successor = next
    const result = await Promise.race([ready.promise, untilEnded(next)])
    successor = undefined
    if (result !== 'ready') {
      if (!stopping.signal.aborted) {
        log.error('the new worker did not start, the old one goes on', describe(result))
      }
      return
    }
    retiring.set(old, instance)
    void old.ended.then(() => retiring.delete(old))
    worker = next
    if (!stopping.signal.aborted) old.retire()
    relief.resolve(undefined)
    relief = Promise.withResolvers()
  }
  const onHandOver = (): void => {
    if (handingOver !== undefined || stopping.signal.aborted) return
    if (worker === undefined || serving === undefined) {
      log.warn('no worker serves, so there is nothing to hand over')
      return
    }
    handingOver = handOver(worker, serving.instance).finally(() => {
      handingOver = undefined
    })
  }
  const silence = listenToSignals({ stop, reload: () => worker?.reload(), handOver: onHandOver })

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

  try {
    for (;;) {
      worker = start(survivors())
      const end = await untilServerEnded(worker)
      serving = undefined
      if (stopping.signal.aborted) await Promise.all([...retiring.keys()].map(untilEnded))
      options.onState?.(undefined)
      if (interrupted) return 130
      if (stopping.signal.aborted) return overdue || !isOrderly(end) ? 1 : 0
      if (!everReady && end.code === configExitCode) {
        log.error('the worker refused its configuration', describe(end))
        return configExitCode
      }
      restarts += 1
      if (!everReady && restarts >= maximumFirstStarts) {
        log.error('the worker cannot start, giving up', { ...describe(end), starts: restarts })
        return 1
      }
      const delay = backoff.next(end.readyAt === undefined ? 0 : performance.now() - end.readyAt)
      log.error('the worker ended and is started again', { ...describe(end), restarts, delayMs: delay })
      await pause(delay, stopping.signal)
      if (stopping.signal.aborted) return 0
    }
  } finally {
    silence()
  }
}

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
