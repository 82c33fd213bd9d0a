import { createAwayQuota, type SpentStore } from './budgets/index.ts'
import type { Settings } from './settings.ts'
import { memoryQuota, type Quota, type State } from './state/index.ts'
import type { Logger, MetricRegistry } from './telemetry/index.ts'

export interface BudgetQuotaParts {
  readonly state: State
  readonly settings: () => Pick<Settings, 'budgets_when_away'>
  readonly spent: Pick<SpentStore, 'processes'>
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly registry: MetricRegistry
  readonly now: () => number
}

/** The counters of budgets: shared ones, with what `budgets_when_away` says for the time when they are away. */
export const budgetQuota = (parts: BudgetQuotaParts): Quota => {
  const { state, settings, spent, logger, registry, now } = parts
  if (state.status() === 'alone') return state.quota
  const gauge = registry.gauge({
    name: 'tollgate_budgets_alone',
    help: '1 while this process spends its own share of budgets, because the shared counters are away.',
  })
  gauge().set(0)
  return createAwayQuota({
    shared: state.quota,
    own: memoryQuota(now),
    mode: () => settings().budgets_when_away,
    sharers: () => spent.processes(now()),
    onAlone(isAlone) {
      gauge().set(isAlone ? 1 : 0)
      if (isAlone) logger.warn('shared budgets are away, this process spends its own share of what is left')
      else logger.info('shared budgets are back, what was spent alone is added to them')
    },
  })
}
