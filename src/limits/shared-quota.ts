import { GatewayError } from '../errors.ts'
import type { Change, Claim, Quota, State, Taken } from '../state/index.ts'

/** What was taken, and where: it goes back to where it came from. */
export interface TakenFrom {
  readonly taken: Taken
  readonly quota: Quota
  /** As they were taken: smaller than asked for where this process counts alone. */
  readonly claims: readonly Claim[]
}

export interface SharedQuotaParts {
  readonly state: Pick<State, 'quota' | 'status'>
  /** Of this process alone, for when the others cannot be reached. */
  readonly local: Quota
  /** How many gateways shared the counters when they were last seen, at least 1. */
  readonly gateways: () => number
  readonly settings: () => SharedQuotaSettings
  /** Told of each change. */
  readonly onChange: (isAlone: boolean, reason: string) => void
  readonly now: () => number
}

export interface SharedQuotaSettings {
  readonly whenAway: 'local' | 'refuse'
  /** Milliseconds. */
  readonly longestWait: number
}

/**
 * Takes from the counters that gateways share. When they cannot be reached, or do not answer in time, each gateway
 * counts alone, an equal share of every limit, or refuses.
 */
export interface SharedQuota {
  /** Rejects with `gateway_state_unavailable` where that is how it is set. */
  take(claims: readonly Claim[]): Promise<TakenFrom>
}

/** After a wait that was too long, nobody else waits for so many milliseconds. */
const rest = 1_000
const grace = 20

export const createSharedQuota = (parts: SharedQuotaParts): SharedQuota => {
  const { state, local, settings, now } = parts
  let restsUntil = 0
  let isAlone = false

  const change = (alone: boolean, reason: string): void => {
    if (isAlone === alone) return
    isAlone = alone
    parts.onChange(alone, reason)
  }
  const alone = async (claims: readonly Claim[], reason: string): Promise<TakenFrom> => {
    change(true, reason)
    // Whether a client repeats itself can be told here alone as well.
    if (settings().whenAway === 'refuse' && claims.some(({ type }) => type !== 'repeat')) {
      throw new GatewayError(
        'gateway_state_unavailable',
        'what gateways share cannot be reached, and no limit can be checked without it',
        { retryAfter: 1 },
      )
    }
    const gateways = parts.gateways()
    const shares = claims.map((claim) => shareOf(claim, gateways))
    return { taken: await local.take({ claims: shares }), quota: local, claims: shares }
  }
  /** An answer that comes too late may have taken something. */
  const undo = (claims: readonly Claim[], taken: Taken): void => {
    if (taken.granted) state.quota.give(claims.flatMap(undone)).catch(() => undefined)
  }

  return {
    async take(claims) {
      const { quota } = state
      // In this very process nothing is away and nothing is slow.
      if (state.status() === 'alone') return { taken: await quota.take({ claims }), quota, claims }
      if (state.status() === 'away') return alone(claims, 'it cannot be reached')
      if (now() < restsUntil) return alone(claims, 'it is too slow')
      const asked = quota.take({ claims })
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<'late'>((resolve) => {
        // When this process itself was busy for so long, the answer may wait to be read: timers come before sockets.
        timer = setTimeout(() => {
          timer = setTimeout(() => resolve('late'), grace)
        }, settings().longestWait)
      })
      try {
        const taken = await Promise.race([asked, late])
        if (taken !== 'late') {
          change(false, '')
          return { taken, quota, claims }
        }
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'gateway_state_unavailable') throw error
        return alone(claims, 'it cannot be reached')
      } finally {
        clearTimeout(timer)
      }
      restsUntil = now() + rest
      asked.then((taken) => undo(claims, taken)).catch(() => undefined)
      return alone(claims, 'it is too slow')
    },
  }
}

const undone = (claim: Claim): readonly Change[] => {
  if (claim.type === 'bucket') return [{ ...claim, amount: -Math.min(claim.amount, claim.capacity) }]
  return claim.type === 'slot' ? [{ type: 'slot', key: claim.key, holder: claim.holder }] : []
}

/** One of so many equal shares, but never nothing. */
const shareOf = (claim: Claim, gateways: number): Claim => {
  if (gateways <= 1) return claim
  if (claim.type === 'bucket') {
    const capacity = Math.max(1, Math.floor(claim.capacity / gateways))
    return { ...claim, capacity, period: claim.period * gateways }
  }
  if (claim.type === 'slot') return { ...claim, limit: Math.max(1, Math.floor(claim.limit / gateways)) }
  return claim
}
