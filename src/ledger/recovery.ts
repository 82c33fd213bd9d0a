import type { Spool } from './spool.ts'
import type { LedgerWriter } from './write-store.ts'

/** Brings spool segments into the database once it is back. */
export interface Recovery {
  /** Something was acknowledged that only the spool has. */
  readonly start: () => void
  readonly running: () => boolean
  /** Waits for a replay that runs. Segments that still wait stay on disk, for the next start to adopt. */
  readonly stop: () => Promise<void>
}

export interface RecoveryOptions {
  readonly spool: Spool
  readonly store: Pick<LedgerWriter, 'replay'>
  /** Pause between two attempts, in milliseconds. */
  readonly retryMs: number
  readonly onProblem: (message: string, error?: unknown) => void
  readonly onRecovered: () => void
}

export const createRecovery = ({
  spool,
  store,
  retryMs,
  onProblem,
  onRecovered,
}: RecoveryOptions): Recovery => {
  const stopping = Promise.withResolvers<void>()
  let stopped = false
  let running = false
  let finished = Promise.resolve()

  const run = async () => {
    running = true
    let reported = false
    while (!stopped) {
      const segment = spool.takeForReplay()
      if (segment === undefined) break
      try {
        await store.replay(segment.path)
      } catch (error) {
        if (!reported) onProblem('the ledger waits for its database: rows are kept in the spool', error)
        reported = true
        spool.keepForReplay(segment)
        await Promise.race([Bun.sleep(retryMs), stopping.promise])
      } finally {
        spool.release(segment)
      }
    }
    running = false
    if (!stopped) onRecovered()
  }

  return {
    start: () => {
      if (!running) finished = run()
    },
    running: () => running,
    stop: async () => {
      stopped = true
      stopping.resolve()
      await finished
    },
  }
}
