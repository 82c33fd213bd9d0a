import type { Delivered } from './hook.ts'

export interface Command {
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
  /** Where the program is looked for. */
  readonly path: string | undefined
}

/**
 * Runs a program with the event on its standard input. No shell is between, and of the gateway's environment, which
 * holds keys, it sees no more than `PATH`. What runs too long is killed with everything that it started.
 */
export const runCommand = async (
  { command, timeout, path }: Command,
  body: string,
  signal: AbortSignal,
): Promise<Delivered> => {
  const deadline = AbortSignal.timeout(timeout)
  const until = AbortSignal.any([signal, deadline])
  if (until.aborted) return { isDelivered: false, reason: 'aborted' }
  const child = start(command, body, path)
  if (child === undefined) return { isDelivered: false, reason: 'it cannot be started' }
  const kill = (): void => killGroup(child)
  until.addEventListener('abort', kill, { once: true })
  const code = await child.exited
  until.removeEventListener('abort', kill)
  if (code === 0) return { isDelivered: true }
  const reason = signal.aborted ? 'aborted' : deadline.aborted ? 'timeout' : reasonOf(code, child)
  return { isDelivered: false, reason }
}

const start = (
  command: readonly string[],
  body: string,
  path: string | undefined,
): Bun.Subprocess | undefined => {
  try {
    return Bun.spawn([...command], {
      stdin: Buffer.from(body),
      stdout: 'ignore',
      stderr: 'ignore',
      env: path === undefined ? {} : { PATH: path },
      detached: true,
    })
  } catch {
    return undefined
  }
}

/** A group of its own, so that children of a script end with it. Windows has no groups. */
const killGroup = (child: Bun.Subprocess): void => {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

const reasonOf = (code: number, { signalCode }: Bun.Subprocess): string =>
  signalCode === null ? `exit code ${code}` : `signal ${signalCode}`
