import { closeSync, openSync } from 'node:fs'

export interface SignalHandlers {
  stop(signal: string): void
  reload(): void
  /** SIGUSR2: a new worker takes over, the old one finishes what it began. */
  handOver(): void
}

/** Takes the process's signals; returns what gives them back. */
export const listenToSignals = (handlers: SignalHandlers): (() => void) => {
  const onTerminal = isOnTerminal() && terminalIsThere()
  const onTerminate = (): void => handlers.stop('SIGTERM')
  const onInterrupt = (): void => handlers.stop('SIGINT')
  const onHangUp = (): void => {
    // The same signal asks a service to reload and tells a foreground program that its terminal was closed.
    if (onTerminal && !terminalIsThere()) handlers.stop('SIGHUP')
    else handlers.reload()
  }
  process.on('SIGTERM', onTerminate)
  process.on('SIGINT', onInterrupt)
  process.on('SIGHUP', onHangUp)
  const onHandOver = (): void => handlers.handOver()
  if (process.platform !== 'win32') process.on('SIGUSR2', onHandOver)
  return () => {
    process.off('SIGTERM', onTerminate)
    process.off('SIGINT', onInterrupt)
    process.off('SIGHUP', onHangUp)
    if (process.platform !== 'win32') process.off('SIGUSR2', onHandOver)
  }
}

/** `nohup` and service managers leave none of the three on a terminal. */
const isOnTerminal = (): boolean =>
  process.stdin.isTTY === true || process.stdout.isTTY === true || process.stderr.isTTY === true

const terminalIsThere = (): boolean => {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
