import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** The kernel's own word for when it started; undefined where the system has no /proc. */
  readonly kernelStart: string | undefined
}

export const ownIdentity = (): ProcessIdentity => ({
  pid: process.pid,
  startedAt: Math.round(Date.now() - process.uptime() * 1000),
  kernelStart: kernelStartOf(process.pid)?.start,
})

/** Does that very process still run? A zombie does not. */
export const isRunning = ({ pid, startedAt, kernelStart }: ProcessIdentity): boolean => {
  if (!isAlive(pid)) return false
  const now = kernelStartOf(pid)
  if (now !== undefined && kernelStart !== undefined) return now.start === kernelStart && !now.ended
  // Without /proc: at least nothing survives a restart of the machine. A minute of doubt for clock changes.
  return startedAt > Date.now() - uptime() * 1000 - 60_000
}

const isAlive = (pid: number): boolean => {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Clock ticks from boot to the process's start, and the boot's id: together never repeated. */
const kernelStartOf = (pid: number): { readonly start: string; readonly ended: boolean } | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    // The command's name, in parentheses, may hold anything. After it: state (field 3) … starttime (field 22).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, ticks] = [fields[0], fields[19]]
    return ticks === undefined
      ? undefined
      : { start: `${boot}/${ticks}`, ended: state === 'Z' || state === 'X' }
  } catch {
    // No /proc here, or the process has just ended; the caller knows which, having asked for its number first.
    return undefined
  }
}
