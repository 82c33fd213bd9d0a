import type { BackoffOptions } from './backoff.ts'
import { configExitCode, type Member, type ReadyInfo } from './message.ts'
import { createSeat, type Seat, type SeatEnd, type SupervisorLog } from './seat.ts'
import { selfCommand } from './self-command.ts'
import { listenToSignals } from './signals.ts'
import { createTurns } from './turns.ts'
import type { Relieved } from './worker-link.ts'

export interface SuperviseOptions {
  readonly log: SupervisorLog
  /** How many workers serve side by side; default 1. */
  readonly workers?: number
  /** Milliseconds that a worker may take to finish what runs; two seconds later it is killed. */
  readonly shutdownTimeout: number
  /** What to run. Default: this program, with its own arguments. */
  readonly command?: readonly string[]
  /** Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** A worker answers now, and whoever it was before; undefined: none does any more. */
  readonly onState?: (ready: ReadyInfo | undefined) => void
  readonly backoff?: BackoffOptions
}

/**
 * Runs the gateway in worker processes and keeps them running, until a signal ends them: SIGTERM and SIGINT let the
 * workers finish, a second SIGINT does not; SIGHUP lets them reload, or ends them when the terminal was closed; SIGUSR2
 * lets new workers take over, one after the other.
 *
 * The first worker starts alone, since it makes and migrates what all need; the others follow when it is ready.
 * Returns the exit code: 0, 78 for a wrong configuration, 130 after a second SIGINT, else 1.
 */
export const supervise = async (options: SuperviseOptions): Promise<number> => {
  const { log, workers: teamSize = 1 } = options
  const stopping = new AbortController()
  const starts = createTurns()
  /** Of whoever was ready last. */
  let ports: ReadyInfo['ports'] = {}
  let everReady = false
  let interrupted = false
  let handingOver: Promise<void> | undefined

  const others = (): Relieved | undefined => {
    const instances = seats.flatMap((seat) => [seat.serving()?.info.instance, ...seat.retiring().values()])
    const areThere = seats.some((seat) => seat.serving() !== undefined || seat.retiring().size > 0)
    return areThere ? { ports, instances: instances.flatMap((one) => one ?? []) } : undefined
  }
  const processes = () => seats.flatMap((seat) => seat.processes())
  const onChange = (): void => {
    const serving = seats.flatMap((seat) => {
      const one = seat.serving()
      return one === undefined ? [] : [{ number: seat.number, ...one }]
    })
    const [first] = serving
    if (first !== undefined) {
      everReady = true
      ports = first.info.ports
    }
    options.onState?.(first?.info)
    const members = serving.map(
      ({ number, pid, info }): Member => ({ number, pid, instance: info.instance ?? '' }),
    )
    for (const one of processes()) one.meet(members)
  }
  const seats: readonly Seat[] = Array.from({ length: teamSize }, (_, index) =>
    createSeat({
      number: index + 1,
      teamSize,
      command: options.command ?? selfCommand(process.argv.slice(2)),
      env: options.env,
      log,
      backoff: options.backoff,
      shutdownTimeout: options.shutdownTimeout,
      stopping: stopping.signal,
      starts,
      others,
      everReady: () => everReady,
      onChange,
    }),
  )

  const stop = (signal: string): void => {
    if (stopping.signal.aborted) {
      if (signal !== 'SIGINT') return
      interrupted = true
      for (const one of processes()) one.kill()
      return
    }
    log.info('stopping', { signal })
    stopping.abort()
    for (const one of processes()) one.drain()
  }
  /** One after the other, so that there are never many more than usual; a program that does not start replaces none. */
  const relieveAll = async (): Promise<void> => {
    for (const seat of seats) if (stopping.signal.aborted || !(await seat.handOver())) return
  }
  const handOver = (): void => {
    if (handingOver !== undefined || stopping.signal.aborted) return
    if (seats.every((seat) => seat.serving() === undefined)) {
      log.warn('no worker serves, so there is nothing to hand over')
      return
    }
    handingOver = relieveAll().finally(() => {
      handingOver = undefined
    })
  }
  const reload = (): void => {
    for (const seat of seats) seat.reload()
  }
  const silence = listenToSignals({ stop, reload, handOver })

  const runAll = async (): Promise<readonly SeatEnd[]> => {
    const [first, ...rest] = seats
    if (first === undefined) return []
    const firstEnd = first.run()
    await Promise.race([first.ready, firstEnd])
    return everReady ? Promise.all([firstEnd, ...rest.map((seat) => seat.run())]) : [await firstEnd]
  }
  try {
    const ends = await runAll()
    options.onState?.(undefined)
    if (interrupted) return 130
    if (ends.some(({ type }) => type === 'config refused')) return configExitCode
    return ends.every((end) => end.type === 'stopped' && end.isOrderly) ? 0 : 1
  } finally {
    silence()
  }
}
