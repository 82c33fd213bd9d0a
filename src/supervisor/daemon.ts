import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { GatewayError } from '../errors.ts'
import { type LockHolder, lockHolder } from './lock-file.ts'
import { configExitCode, type ReadyInfo } from './message.ts'
import { isRunning } from './process-identity.ts'
import { selfCommand } from './self-command.ts'
import { numberVariable, restartsVariable, roleVariable, teamSizeVariable } from './worker-link.ts'

export interface DaemonOptions {
  readonly dataDir: string
  /** Takes standard output and standard error of the daemon (appended, 0600). */
  readonly logFile: string
  /** Milliseconds to wait for it to be ready. Default 30,000. */
  readonly timeout?: number
  /** Default: this program. */
  readonly command?: (args: readonly string[]) => readonly string[]
}

/** Set in a daemon: its standard error is a file that nobody rotates, so logs belong into the log files alone. */
export const daemonVariable = 'TOLLGATE_DAEMON'

const pollInterval = 25

/**
 * Starts the program in the background, in a session of its own, and waits until its lock file says that it
 * answers. `start_failed` with the end of its log when it dies first (`config_invalid` when it says so itself),
 * or when it takes too long; then it goes on starting.
 */
export const startDaemon = async (
  args: readonly string[],
  options: DaemonOptions,
): Promise<{ readonly pid: number; readonly ready: ReadyInfo }> => {
  mkdirSync(dirname(options.logFile), { recursive: true, mode: 0o700 })
  const logStart = existsSync(options.logFile) ? statSync(options.logFile).size : 0
  const child = spawnDetached((options.command ?? selfCommand)(args), options.logFile)
  const timeout = options.timeout ?? 30_000
  for (const deadline = Date.now() + timeout; Date.now() < deadline; await Bun.sleep(pollInterval)) {
    const holder = lockHolder(options.dataDir)
    if (holder?.pid === child.pid && holder.ready !== undefined)
      return { pid: child.pid, ready: holder.ready }
    if (child.exitCode !== null || child.signalCode !== null) {
      const code = child.exitCode === configExitCode ? 'config_invalid' : 'start_failed'
      const end = logTail(options.logFile, logStart)
      throw new GatewayError(
        code,
        `the server did not start (${child.signalCode ?? `exit code ${child.exitCode}`})${end}`,
      )
    }
  }
  throw new GatewayError(
    'start_failed',
    `the server (pid ${child.pid}) is not ready after ${timeout / 1000} s and goes on starting: see ${options.logFile}`,
  )
}

/** The server of a data folder; undefined when none runs. `ready` is undefined while it does not answer. */
export const serverStatus = (dataDir: string): LockHolder | undefined => lockHolder(dataDir)

/**
 * Ends the server of a data folder as SIGTERM does, and waits for it. `conflict` when it has not ended after
 * `timeout` milliseconds (default 60,000); it is not killed.
 */
export const stopServer = async (
  dataDir: string,
  options: { readonly timeout?: number } = {},
): Promise<'stopped' | 'not running'> => {
  const holder = lockHolder(dataDir)
  if (holder === undefined) return 'not running'
  process.kill(holder.pid, 'SIGTERM')
  const timeout = options.timeout ?? 60_000
  for (const deadline = Date.now() + timeout; Date.now() < deadline; await Bun.sleep(pollInterval)) {
    if (!isRunning(holder)) return 'stopped'
  }
  throw new GatewayError(
    'conflict',
    `the server (pid ${holder.pid}) has not ended after ${timeout / 1000} s: it may still be finishing answers`,
  )
}

/** Lets a new worker take over the server of a data folder, as SIGUSR2 does. */
export const handOver = (dataDir: string): 'asked' | 'not running' => {
  const holder = lockHolder(dataDir)
  if (holder === undefined) return 'not running'
  process.kill(holder.pid, 'SIGUSR2')
  return 'asked'
}

const spawnDetached = (command: readonly string[], logFile: string) => {
  const log = openSync(logFile, 'a', 0o600)
  try {
    const child = Bun.spawn([...command], {
      // A daemon is nobody's worker, whoever starts it.
      env: {
        ...process.env,
        [roleVariable]: undefined,
        [restartsVariable]: undefined,
        [numberVariable]: undefined,
        [teamSizeVariable]: undefined,
        [daemonVariable]: '1',
        NODE_CHANNEL_FD: undefined,
      },
      stdio: ['ignore', log, log],
      detached: true,
    })
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

/** The last lines that were written since, for people. */
const logTail = (logFile: string, start: number): string => {
  const text = readFileSync(logFile).subarray(start).subarray(-4096).toString('utf8').trim()
  const lines = text.split('\n').slice(-15).join('\n')
  return lines === '' ? `; its log ${logFile} says nothing` : `:\n${lines}`
}
