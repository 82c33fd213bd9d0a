import { advanceRollups } from './ledger/index.ts'
import type { Storage } from './start-storage.ts'
import type { Logger } from './telemetry/index.ts'

/** How often sums of the ledger are brought up to date, in milliseconds. */
const interval = 60_000

/**
 * Keeps the sums of the ledger up to date in the background: added up where reports run, written in between commits.
 * A turn that fails is made up for by the next one; reports are right without it, and slower.
 */
export const keepRollups = (
  storage: Pick<Storage, 'writer' | 'reader'>,
  { now, logger }: { readonly now: () => number; readonly logger: Logger },
): { readonly stop: () => void } => {
  const stopping = new AbortController()
  let running = false
  const turn = async () => {
    if (running) return
    running = true
    try {
      await advanceRollups({
        writer: storage.writer.rollups,
        reader: async () => (await storage.reader()).rollups,
        now,
        signal: stopping.signal,
      })
    } catch (error) {
      if (!stopping.signal.aborted)
        logger.debug('the sums of the ledger wait for the next turn', {
          error: error instanceof Error ? error.message : String(error),
        })
    } finally {
      running = false
    }
  }
  const timer = setInterval(() => void turn(), interval)
  return {
    stop: () => {
      stopping.abort()
      clearInterval(timer)
    },
  }
}
