import { addBudget, type ImportedBudget } from '../budget-line.ts'
import type { Draft } from '../draft.ts'
import type { Said } from '../source-node.ts'

/** A `max_budget` with its `budget_duration`; days, weeks and months are those of the calendar there too. */
export const addSaidBudget = (
  draft: Draft,
  whom: Pick<ImportedBudget, 'level' | 'match' | 'timezone'>,
  limit: Said<string> | undefined,
  duration: Said<string> | undefined,
  text?: string,
): void => {
  if (limit === undefined) {
    if (duration !== undefined) draft.leave(duration, 'stands beside no budget')
    return
  }
  const said = duration?.value.trim().toLowerCase()
  const calendar = said === undefined ? 'forever' : periods[said]
  if (calendar !== undefined)
    addBudget(draft, { ...whom, limitUsd: limit.value, period: calendar }, limit, text)
  else if (said !== undefined && /^\d+[smhd]$/.test(said)) {
    addBudget(draft, { ...whom, limitUsd: limit.value, period: said }, limit, text ?? rolls)
  } else draft.leave(limit, 'its duration is no time that is known here')
}

const rolls = 'rolls: what was spent longer ago than its period no longer counts'

const periods: Readonly<Record<string, string>> = {
  '1d': 'day',
  '24h': 'day',
  daily: 'day',
  '7d': 'week',
  weekly: 'week',
  '30d': 'month',
  '1mo': 'month',
  monthly: 'month',
}
