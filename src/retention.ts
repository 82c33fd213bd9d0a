import type { AuditStore, CanaryStore, CountCheckStore, ShadowStore } from './ledger/index.ts'

export interface RetentionParts {
  readonly shadow: Pick<ShadowStore, 'purge'>
  readonly audit: Pick<AuditStore, 'purge'>
  readonly canaries: Pick<CanaryStore, 'purge'>
  readonly countChecks: Pick<CountCheckStore, 'purge'>
  /** As configured now; durations in milliseconds, a retention of 0 is for ever. */
  readonly settings: () => {
    readonly shadow: { readonly retention: number }
    readonly audit: { readonly retention: number; readonly window: number }
  }
  readonly now: () => number
}

/** Forgets what is kept beside the ledger and is too old. */
export interface Retention {
  /** Does so if it is time to; how many rows went. */
  purge(): Promise<number>
}

/** Looking costs a little, and nobody minds an hour more. In milliseconds. */
const every = 3_600_000
const batch = 1000
/** A day's budget of shadow copies is what they have cost since midnight. */
const shortestShadows = 2 * 86_400_000

export const createRetention = ({
  shadow,
  audit,
  canaries,
  countChecks,
  settings,
  now,
}: RetentionParts): Retention => {
  let purgedAt: number | undefined
  return {
    async purge() {
      const time = now()
      if (purgedAt !== undefined && time - purgedAt < every) return 0
      purgedAt = time
      const { shadow: copies, audit: audits } = settings()
      let purged = 0
      if (copies.retention > 0) {
        const at = time - Math.max(copies.retention, shortestShadows)
        purged += await untilFew((limit) => shadow.purge(at, limit))
      }
      if (audits.retention > 0) {
        // What lies within the window and was announced must not be announced again.
        const at = time - Math.max(audits.retention, audits.window)
        purged += await audit.purge(at)
        purged += await untilFew((limit) => canaries.purge(at, limit))
        purged += await untilFew((limit) => countChecks.purge(at, limit))
      }
      return purged
    },
  }
}

const untilFew = async (purge: (limit: number) => Promise<number>): Promise<number> => {
  let purged = 0
  for (;;) {
    const count = await purge(batch)
    purged += count
    if (count < batch) return purged
  }
}
