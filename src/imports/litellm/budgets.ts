import { addBudget, type BudgetPeriod, type ImportedBudget } from '../budget-line.ts'
import type { Draft } from '../draft.ts'
import type { Said } from '../source-node.ts'

/** A `max_budget` with its `budget_duration`; days, weeks and months are those of the calendar there too. */
export const addSaidBudget = (
  draft: Draft,
  whom: Pick<ImportedBudget, 'level' | 'name'>,
  limit: Said<string> | undefined,
  duration: Said<string> | undefined,
): void => {
  if (limit === undefined) {
    if (duration !== undefined) draft.leave(duration, 'stands beside no budget')
    return
  }
  const period = duration === undefined ? 'forever' : periods[duration.value.trim().toLowerCase()]
  if (period !== undefined) {
    addBudget(draft, { ...whom, limitUsd: limit.value, period }, limit)
    return
  }
  draft.leave(limit, 'its duration is no day, week or month')
}

const periods: Readonly<Record<string, BudgetPeriod>> = {
  '1d': 'day',
  '24h': 'day',
  daily: 'day',
  '7d': 'week',
  weekly: 'week',
  '30d': 'month',
  '1mo': 'month',
  monthly: 'month',
}
