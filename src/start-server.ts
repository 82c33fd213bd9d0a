import { removeCliToken } from './cli-token.ts'
import type { Environment } from './config/index.ts'
import { loadSettings } from './load-settings.ts'
import { logOutputs } from './log-outputs.ts'
import { stateVariable } from './open-state.ts'
import { workerCount } from './settings.ts'
import { type StateServer, serveState } from './state/index.ts'
import { acquireLock, selfCommand, supervise } from './supervisor/index.ts'
import { createLogger } from './telemetry/index.ts'

export interface Surroundings {
  readonly env: Environment
  readonly cwd: string
  readonly home: string
}

/** Dotted path of a setting to its value, and `config` for the file. */
export type StartFlags = Readonly<Record<string, unknown>>

/** Carries the flags to the worker, so that only the command line parses them. */
const flagsVariable = 'TOLLGATE_START_FLAGS'

/**
 * Runs the server in the foreground until a signal ends it: takes the data folder, and supervises a worker. The limit
 * of Bun's `fetch` on concurrent requests can be lifted only by the environment of a process, hence the worker.
 * Returns the exit code.
 */
export const startServer = async (surroundings: Surroundings, flags: StartFlags): Promise<number> => {
  const { settings } = loadSettings({ ...surroundings, flags })
  const lock = await acquireLock(settings.data_dir)
  const { outputs, close } = logOutputs(settings, 'server', surroundings.env)
  const log = createLogger({ level: settings.telemetry.log.level, outputs, bindings: { role: 'supervisor' } })
  let shared: StateServer | undefined
  try {
    const workers = workerCount(settings)
    if (workers > 1)
      shared = serveState({ folder: settings.data_dir, onProblem: (message) => log.error(message) })
    if (workers > 1 && process.platform !== 'linux')
      log.warn('only Linux spreads connections over several workers: here one may get them all', { workers })
    return await supervise({
      log,
      workers,
      shutdownTimeout: settings.shutdown_timeout,
      command: selfCommand(['start']),
      env: {
        ...surroundings.env,
        [flagsVariable]: JSON.stringify(flags),
        [stateVariable]: shared?.path,
        ...(settings.ca_file === undefined ? {} : { NODE_EXTRA_CA_CERTS: settings.ca_file }),
      },
      onState: (ready) => lock.update(ready),
    })
  } finally {
    log.flush()
    close()
    shared?.stop()
    removeCliToken(settings.data_dir)
    lock.release()
  }
}

/** The flags that the supervisor was started with, read in its worker. */
export const workerFlags = (env: Environment): StartFlags => {
  const parsed: unknown = JSON.parse(env[flagsVariable] ?? '{}')
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
}
