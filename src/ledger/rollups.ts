import type { RollupStore } from './rollup-store.ts'

export interface RollupOptions {
  readonly writer: Pick<RollupStore, 'seal' | 'install'>
  /** Where sums are computed; asked for only when there is something to do. */
  readonly reader: () => Promise<Pick<RollupStore, 'add'>>
  readonly now: () => number
  /** A quarter is summed up this long after it ended, so that few rows come late. Default 60,000 ms. */
  readonly lagMs?: number
  /** Ledger rows of one step. Default 5,000. */
  readonly rows?: number
  /** Told to stop between two steps. */
  readonly signal?: AbortSignal
}

/**
 * Brings the sums of the ledger up to date, in steps that each hold up commits for a moment only. Processes may run
 * it at the same time; who comes second leaves the rest to the other. Answers the number of steps.
 */
export const advanceRollups = async (options: RollupOptions): Promise<number> => {
  const { writer, reader, now, lagMs = 60_000, rows = 5_000, signal } = options
  if (!(await writer.seal(now() - lagMs))) return 0
  const { add } = await reader()
  let steps = 0
  for (; steps < mostSteps && signal?.aborted !== true; steps += 1) {
    const sums = await add(rows)
    if (sums === undefined || !(await writer.install(sums))) break
  }
  return steps
}

/** Late rows may come for as long as it runs: the next call goes on. */
const mostSteps = 500
