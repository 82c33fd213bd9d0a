import { memoryQuota, type State } from '../state/index.ts'
import type { Logger, MetricRegistry } from '../telemetry/index.ts'
import { type Admission, type Admitted, createAdmission, type Standing, type Wanted } from './admission.ts'
import { createFairQueue, type FairQueue } from './fair-queue.ts'
import type { GatewayCount } from './gateway-count.ts'
import type { LimitRule, ProviderLimits } from './limit-rule.ts'
import { type Bound, createLimitTable, type LimitTable } from './limit-table.ts'
import { createRepeatFilter, type RepeatFilter } from './repeat-filter.ts'
import { createSharedQuota } from './shared-quota.ts'
import { createSlotKeeper } from './slot-keeper.ts'
import { createTokenBook, type TokenBook } from './token-book.ts'

export interface LimitsConfiguration {
  readonly rules: readonly LimitRule[]
  readonly providers: Readonly<Record<string, ProviderLimits>>
  /** Null: clients may repeat themselves. */
  readonly runaway: Runaway | null
  readonly whenAway: 'local' | 'refuse'
  /** For one decision, in milliseconds. */
  readonly longestWait: number
}

/** So often the same body within so many milliseconds. */
export interface Runaway {
  readonly repeats: number
  readonly window: number
}

/** What limits know and hold. It lives as long as the process; the configuration changes below it. */
export interface Limits {
  configure(configuration: LimitsConfiguration): void
  readonly table: LimitTable
  readonly runaway: Runaway | null
  readonly repeats: RepeatFilter
  readonly book: TokenBook
  /** One decision; rejects with `gateway_state_unavailable` where limits refuse without shared counters. */
  admit(wanted: Wanted): Promise<Admission>
  /** Where calls wait for this counter; the same one each time, while anybody waits. */
  queue(name: string): FairQueue<Admitted>
  /** How they stand, without taking anything. */
  look(bounds: readonly Bound[]): Promise<readonly Standing[]>
  /** Counts a refusal. @param kind what was limited */
  refused(level: string, kind: string): void
  close(): void
}

export interface LimitsParts {
  readonly state: State
  readonly gateways: GatewayCount
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly registry: MetricRegistry
  readonly now: () => number
}

const mostQueues = 1_000

export const createLimits = ({ state, gateways, logger, registry, now }: LimitsParts): Limits => {
  let settings: LimitsConfiguration = {
    rules: [],
    providers: {},
    runaway: null,
    whenAway: 'local',
    longestWait: 250,
  }
  let table = createLimitTable([])
  const limited = registry.counter({
    name: 'tollgate_limited_total',
    help: 'Requests, and calls of providers, that a limit refused, by whose and what it limits.',
    labels: ['level', 'kind'],
  })
  const alone = registry.gauge({
    name: 'tollgate_limits_alone',
    help: '1 while limits cannot be counted together with other gateways.',
  })
  alone().set(0)
  const keeper = createSlotKeeper()
  const quota = createSharedQuota({
    state,
    local: memoryQuota(now),
    gateways: () => gateways.last(),
    settings: () => settings,
    onChange(isAlone, reason) {
      alone().set(isAlone ? 1 : 0)
      if (!isAlone) logger.info('limits are counted together with other gateways again')
      else if (settings.whenAway === 'refuse') {
        logger.warn('shared limits: what gateways share is away, requests with limits are refused', {
          reason,
        })
      } else {
        const share = `1/${gateways.last()}`
        logger.warn('shared limits: what gateways share is away, each counts alone', { reason, share })
      }
    },
    now,
  })
  const queues = new Map<string, FairQueue<Admitted>>()

  return {
    configure(next) {
      settings = next
      table = createLimitTable(next.rules, next.providers)
    },
    get table() {
      return table
    },
    get runaway() {
      return settings.runaway
    },
    repeats: createRepeatFilter(now),
    book: createTokenBook(),
    admit: createAdmission({ quota, keeper }),
    queue(name) {
      const known = queues.get(name)
      if (known !== undefined) return known
      if (queues.size >= mostQueues) {
        for (const [other, { size }] of queues) if (size === 0) queues.delete(other)
      }
      const queue = createFairQueue<Admitted>()
      queues.set(name, queue)
      return queue
    },
    async look(bounds) {
      // A slot of a limit of 0 is never granted, and so nothing is taken.
      const { taken } = await quota.take(
        bounds.map(({ unit, key, capacity, limit, period }) =>
          unit === 'concurrent'
            ? { type: 'slot', key, holder: 'look', holding: 1, limit: 0 }
            : { type: 'bucket', key, capacity, refill: limit, period, amount: 0 },
        ),
      )
      return bounds.flatMap((bound, at) => {
        const level = taken.levels[at]
        return level === undefined ? [] : [{ bound, level }]
      })
    },
    refused: (level, kind) => limited(level, kind).add(1),
    close() {
      keeper.close()
      gateways.close()
    },
  }
}
