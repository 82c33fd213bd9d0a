import {
  isRecord,
  type Member,
  parseReadyInfo,
  parseSupervisorMessage,
  type ReadyInfo,
  type WorkerMessage,
} from './message.ts'

export const roleVariable = 'TGW_ROLE'
export const restartsVariable = 'TOLLGATE_WORKER_RESTARTS'
export const numberVariable = 'TOLLGATE_WORKER'
export const teamSizeVariable = 'TOLLGATE_WORKERS'
/** The workers that run when this one starts, as JSON: their ports and instances. */
export const relievedVariable = 'TOLLGATE_RELIEVED'

export interface WorkerHandlers {
  /** Finish what runs, take nothing new. The process ends when the promise settles. Called once. */
  onDrain(): Promise<void>
  /** Another worker serves: finish what runs, without a time limit. Ends as a drain does. */
  onRetire?(): Promise<void>
  /** Read the configuration again. */
  onReload(): void
  /** Milliseconds that a drain may take when the supervisor has died. Default 5,000. */
  readonly orphanTimeout?: number
}

/** What a new worker must know of those that run already: beside it, or to be relieved by it. */
export interface Relieved {
  /** Ports by name: it opens the same. */
  readonly ports: Readonly<Record<string, number>>
  /** Workers of this data folder that run now. */
  readonly instances: readonly string[]
}

/** A worker's end of the line to its supervisor; without a supervisor the same calls are harmless. */
export interface WorkerLink {
  readonly supervised: boolean
  /** Which one it is: 1, 2, … */
  readonly number: number
  /** How many there are meant to be. */
  readonly teamSize: number
  /** How often the supervisor has had to start this worker again. */
  readonly restarts: number
  /** Present in a worker that starts while others run. */
  readonly relieved: Relieved | undefined
  /** Who serves now, as far as it was told; this worker too, once it is ready. Without a supervisor nobody. */
  team(): readonly Member[]
  /** Does what only one worker of the machine should do fall to this one? To the lowest that serves. */
  leads(): boolean
  /** The listeners are open. */
  ready(info: ReadyInfo): void
  /** It will end, and why; end with `configExitCode` when the configuration is at fault. */
  failed(message: string): void
}

/** Is this process the worker of a supervisor? */
export const isWorker = (): boolean => process.env[roleVariable] === 'worker' && process.send !== undefined

/**
 * Obeys the supervisor: drains when it says so or has died, reloads when it says so. Without one (started in a
 * container, or by a test) the signals mean the same: SIGTERM and SIGINT drain, a second SIGINT ends at once,
 * SIGHUP reloads.
 */
export const attachToSupervisor = (handlers: WorkerHandlers): WorkerLink => {
  const supervised = isWorker()
  const end = (work: () => Promise<void>): unknown => work().then(() => process.exit(0), drainFailed)
  const drain = once(() => end(handlers.onDrain))
  const retire = once(() => end(handlers.onRetire ?? handlers.onDrain))
  process.on('SIGTERM', drain)
  const number = countIn(numberVariable, 1)
  let members: readonly Member[] = []

  if (supervised) {
    process.on('message', (received: unknown) => {
      const message = parseSupervisorMessage(received)
      if (message?.type === 'drain') drain()
      if (message?.type === 'reload') handlers.onReload()
      if (message?.type === 'retire') retire()
      if (message?.type === 'team') members = message.members
    })
    process.on('disconnect', () => {
      drain()
      setTimeout(() => process.exit(1), handlers.orphanTimeout ?? 5000)
    })
    // A terminal sends these to the whole group; the supervisor decides what they mean.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  } else {
    let interrupts = 0
    process.on('SIGINT', () => {
      interrupts += 1
      if (interrupts > 1) process.exit(130)
      drain()
    })
    process.on('SIGHUP', () => handlers.onReload())
  }

  const tell = (message: WorkerMessage): void => {
    if (supervised && process.connected) process.send?.(message)
  }
  return {
    supervised,
    number,
    teamSize: countIn(teamSizeVariable, 1),
    restarts: countIn(restartsVariable, 0),
    relieved: parseRelieved(process.env[relievedVariable]),
    team: () => members,
    leads: () => (members.length === 0 ? number === 1 : members[0]?.pid === process.pid),
    ready: (info) => tell({ type: 'ready', info }),
    failed: (message) => tell({ type: 'failed', message }),
  }
}

const countIn = (variable: string, missing: number): number =>
  Number(process.env[variable] ?? missing) || missing

const parseRelieved = (text: string | undefined): Relieved | undefined => {
  if (text === undefined || text === '') return undefined
  const value: unknown = JSON.parse(text)
  const ports = parseReadyInfo(isRecord(value) ? { host: '', ports: value['ports'] } : undefined)?.ports
  const instances = isRecord(value) && Array.isArray(value['instances']) ? value['instances'] : []
  return { ports: ports ?? {}, instances: instances.map(String) }
}

const drainFailed = (error: unknown): never => {
  console.error('draining failed:', error instanceof Error ? error.message : 'unknown error')
  process.exit(1)
}

const once = (action: () => unknown): (() => void) => {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
