import { GatewayError } from '../errors.ts'
import { formatUsd } from '../ir/index.ts'
import type { Budget, Standing } from './budget.ts'

/** 402: says which budget, its limit, how it stands, and when it begins anew. */
export const budgetExceeded = (by: Standing): GatewayError => {
  const { budget, spent, reserved } = by
  const held = reserved > 0n ? ` and ${amountText(budget, reserved)} held by running requests` : ''
  return new GatewayError(
    'gateway_budget_exceeded',
    `${budgetName(by)} of ${amountText(budget, budget.limit)} ${periodText(budget)} has no room for this request: ` +
      `${amountText(budget, spent)} spent${held}; ${resetText(by)}`,
  )
}

export const costUnbounded = (model: string, by: Budget, reason: string): GatewayError =>
  new GatewayError(
    'gateway_cost_unbounded',
    `the cost of this request to ${model.slice(0, 200)} has no upper bound (${reason}), and the ${by.mode} ` +
      `${by.level} budget admits none such; give the model a price, or the key the option unbounded: admit`,
  )

export const budgetName = ({ budget, subject }: Pick<Standing, 'budget' | 'subject'>): string =>
  subject === null ? `the ${budget.level} budget` : `the ${budget.level} budget of ${subject.slice(0, 200)}`

export const amountText = ({ unit }: Pick<Budget, 'unit'>, amount: bigint): string =>
  unit === 'usd' ? `${formatUsd(amount)} USD` : `${amount} tokens`

export const periodText = ({ period }: Pick<Budget, 'period'>): string => {
  if (period === 'forever') return 'in all'
  return typeof period === 'object' ? `in ${durationText(period.rolling)}` : `per ${period}`
}

const durationText = (milliseconds: number): string => {
  for (const [unit, length] of [
    ['days', 86_400_000],
    ['hours', 3_600_000],
    ['minutes', 60_000],
  ] as const) {
    if (milliseconds % length === 0) return `${milliseconds / length} ${unit}`
  }
  return `${Math.round(milliseconds / 1_000)} seconds`
}

const resetText = ({ budget, resetsAt }: Standing): string => {
  if (resetsAt !== null) return `it resets at ${new Date(resetsAt).toISOString()}`
  return budget.period === 'forever' ? 'it does not reset' : 'it frees up as time passes'
}
