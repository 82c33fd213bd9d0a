import { shiftDecimal } from './decimal.ts'
import type { Draft } from './draft.ts'
import type { Place } from './source-node.ts'

export type BudgetPeriod = 'day' | 'week' | 'month' | 'forever'

export interface ImportedBudget {
  readonly level: 'global' | 'provider' | 'model' | 'session'
  /** Which provider or model; absent: each of them. */
  readonly name?: string
  /** US dollars, a decimal as it is written. */
  readonly limitUsd: string
  readonly period: BudgetPeriod
}

/** The one place that knows how our `budgets` section says it. The gateways that are converted charge afterwards. */
export const addBudget = (
  draft: Draft,
  { level, name, limitUsd, period }: ImportedBudget,
  from: Place,
  text?: string,
): void =>
  draft.add(
    'budgets',
    {
      level,
      ...(name === undefined ? {} : { name }),
      limit_usd: shiftDecimal(limitUsd, 0) ?? limitUsd,
      period,
      mode: 'metered',
    },
    from,
    text,
  )
