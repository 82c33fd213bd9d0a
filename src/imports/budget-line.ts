import { shiftDecimal } from './decimal.ts'
import type { Draft } from './draft.ts'
import type { Place } from './source-node.ts'

export interface ImportedBudget {
  readonly level: 'global' | 'provider' | 'model' | 'session'
  /** Which provider or model; absent: each of them. */
  readonly match?: string
  /** US dollars, a decimal as it is written. */
  readonly limitUsd: string
  /** `day`, `week`, `month`, `forever`, or a rolling time such as `12h`. */
  readonly period: string
  readonly timezone?: string
  /** Share of the limit, a decimal, from which on answers carry a warning. */
  readonly amberAt?: string
  /** `provider/model` that answers from there on. */
  readonly amberModel?: string
}

/** The one place that knows how our `budgets` section says it. The gateways that are converted charge afterwards. */
export const addBudget = (draft: Draft, budget: ImportedBudget, from: Place, text?: string): void => {
  const { level, match, limitUsd, period, timezone, amberAt, amberModel } = budget
  draft.add(
    'budgets',
    {
      level,
      ...(match === undefined ? {} : { match }),
      limit_usd: shiftDecimal(limitUsd, 0) ?? limitUsd,
      period,
      ...(timezone === undefined ? {} : { timezone }),
      mode: 'metered',
      ...(amberAt === undefined ? {} : { amber_at: Number(amberAt) }),
      ...(amberModel === undefined ? {} : { amber_model: amberModel }),
    },
    from,
    text,
  )
}
