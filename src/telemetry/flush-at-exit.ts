/** One `exit` listener for all that has something to write at the end, however many there are. */
const flushers = new Set<() => void>()
let listening = false

/** Calls `flush` (synchronous) when the process exits. Returns what takes it back. */
export const flushAtExit = (flush: () => void): (() => void) => {
  if (!listening) {
    listening = true
    process.on('exit', flushAll)
  }
  flushers.add(flush)
  return () => flushers.delete(flush)
}

const flushAll = (): void => {
  for (const flush of flushers) {
    try {
      flush()
    } catch {
      // The process is ending and nothing can take the message any more; the others still get their turn.
    }
  }
}
