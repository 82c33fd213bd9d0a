import { type Member, parseWorkerMessage, type ReadyInfo, type SupervisorMessage } from './message.ts'
import {
  numberVariable,
  type Relieved,
  relievedVariable,
  restartsVariable,
  roleVariable,
  teamSizeVariable,
} from './worker-link.ts'

/** How a worker ended. */
export interface WorkerEnd {
  readonly code: number | null
  readonly signal: string | null
  /** When it said that it was ready; undefined when it never did. `performance.now()` time. */
  readonly readyAt: number | undefined
  /** Why it ended, in its own words. */
  readonly reason: string | undefined
}

/** A worker process that runs. */
export interface Worker {
  readonly pid: number | undefined
  readonly ended: Promise<WorkerEnd>
  reload(): void
  /** Asks it to finish. */
  drain(): void
  /** Asks it to finish in its own time: another one serves. */
  retire(): void
  /** Tells it who serves now. */
  meet(members: readonly Member[]): void
  /** Ends it at once. */
  kill(): void
}

export interface WorkerOptions {
  readonly command: readonly string[]
  /** From 1 to how many there are. */
  readonly number: number
  readonly teamSize: number
  readonly restarts: number
  /** Those that run beside it when it starts. */
  readonly relieved?: Relieved | undefined
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  onReady(info: ReadyInfo): void
}

/** Starts a worker. Never throws: a command that cannot be run is a worker that ended. */
export const startWorker = (options: WorkerOptions): Worker => {
  let readyAt: number | undefined
  let reason: string | undefined
  try {
    const child = Bun.spawn([...options.command], {
      env: {
        ...(options.env ?? process.env),
        [roleVariable]: 'worker',
        [numberVariable]: String(options.number),
        [teamSizeVariable]: String(options.teamSize),
        [restartsVariable]: String(options.restarts),
        [relievedVariable]: options.relieved === undefined ? undefined : JSON.stringify(options.relieved),
        // Bun's fetch runs 256 requests at once and queues the rest without a word; read only when a process starts.
        BUN_CONFIG_MAX_HTTP_REQUESTS: '65336',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
      serialization: 'json',
      ipc: (received) => {
        const message = parseWorkerMessage(received)
        if (message?.type === 'failed') reason = message.message
        if (message?.type !== 'ready') return
        readyAt ??= performance.now()
        options.onReady(message.info)
      },
    })
    const tell = (message: SupervisorMessage): void => {
      try {
        child.send(message)
      } catch {
        // It has ended, or closed the line: `ended` and the signals tell the rest.
      }
    }
    return {
      pid: child.pid,
      ended: child.exited.then(() => ({
        code: child.exitCode,
        signal: child.signalCode === null ? null : String(child.signalCode),
        readyAt,
        reason,
      })),
      reload: () => tell({ type: 'reload' }),
      retire: () => tell({ type: 'retire' }),
      meet: (members) => tell({ type: 'team', members }),
      drain: () => {
        tell({ type: 'drain' })
        // On Windows SIGTERM ends a process at once; there the message alone must do.
        if (process.platform !== 'win32') child.kill('SIGTERM')
      },
      kill: () => child.kill('SIGKILL'),
    }
  } catch (error) {
    reason = error instanceof Error ? error.message : 'the worker cannot be started'
    return {
      pid: undefined,
      ended: Promise.resolve({ code: null, signal: null, readyAt: undefined, reason }),
      reload: () => undefined,
      drain: () => undefined,
      retire: () => undefined,
      meet: () => undefined,
      kill: () => undefined,
    }
  }
}
