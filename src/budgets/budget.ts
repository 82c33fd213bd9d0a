import type { Period } from './calendar.ts'

/** Whom a budget is for: one counter for each of them, but for `global`. */
export const budgetLevels = [
  'global',
  'organisation',
  'team',
  'user',
  'key',
  'session',
  'tag',
  'model',
  'provider',
] as const

export type BudgetLevel = (typeof budgetLevels)[number]

/**
 * - `hard`: never overshot; an attempt holds a true bound of its cost, and its output is limited to what fits
 * - `metered`: an attempt holds its input and a slice of output, renewed while it streams; overshot by at most one
 *   slice for each open stream
 * - `soft`: only warns
 */
export const budgetModes = ['hard', 'metered', 'soft'] as const

export type BudgetMode = (typeof budgetModes)[number]

export type BudgetUnit = 'usd' | 'tokens'

/** What happens while most of a budget is spent. */
export interface AmberPolicy {
  /** Answers get no longer than this, in tokens. */
  readonly maxOutputTokens: number | null
  /** `provider/model` that answers instead. */
  readonly model: string | null
}

export interface Budget {
  /** Stable: what was spent stays spent when the limit is changed. */
  readonly id: string
  readonly level: BudgetLevel
  /** Id or name, `*` stands for any text; null: everybody has a budget of their own. */
  readonly match: string | null
  /** The only organisation that it holds for; null for all. */
  readonly organisation: string | null
  readonly unit: BudgetUnit
  /** Nano-USD or tokens. */
  readonly limit: bigint
  readonly period: Period
  /** IANA name; calendar periods follow it. */
  readonly timezone: string
  readonly mode: BudgetMode
  /** Amber from this share of the limit on, in millionths. */
  readonly amberPpm: number
  readonly amber: AmberPolicy
  /** Attempts whose cost has no bound: refused, admitted, or as the key says. */
  readonly unbounded: 'refuse' | 'admit' | 'key'
}

/** Green: plenty. Amber: most of it is gone. Red: nothing more fits. */
export type Zone = 'green' | 'amber' | 'red'

/** How a budget stands for one subject. Amounts are in the budget's unit. */
export interface Standing {
  readonly budget: Budget
  /** Id of whom the counter is for; null for everybody together. */
  readonly subject: string | null
  readonly spent: bigint
  readonly reserved: bigint
  /** When it begins anew, in milliseconds; null where it never does at one moment. */
  readonly resetsAt: number | null
  readonly zone: Zone
}

export const zoneOf = ({ limit, amberPpm }: Pick<Budget, 'limit' | 'amberPpm'>, spent: bigint): Zone => {
  if (spent >= limit) return 'red'
  return spent * 1_000_000n >= limit * BigInt(amberPpm) ? 'amber' : 'green'
}

/** The worse of two. */
export const worseZone = (one: Zone, other: Zone): Zone =>
  one === 'red' || other === 'red' ? 'red' : one === 'amber' || other === 'amber' ? 'amber' : 'green'
