import {
  type Applied,
  type Budget,
  budgetExceeded,
  costUnbounded,
  type Hold,
  type Purse,
  type Standing,
  type Wanted,
} from '../../budgets/index.ts'
import { type Bounds, boundOf, type PriceCard } from '../../catalog/index.ts'
import type { DemandBounds } from './demand-bounds.ts'

/** What an attempt asks of its budgets. */
export interface Demand {
  readonly applied: readonly Applied[]
  /** Unique for the attempt. */
  readonly holder: string
  /** When the exchange began, in milliseconds. */
  readonly at: number
  readonly model: string
  readonly card: PriceCard | undefined
  readonly bounds: DemandBounds
  /** What the provider may bill it as. */
  readonly billing: Billing
  /** The longest answer that can come, in tokens. */
  readonly mostOutput: number
  /** Tokens to hold of the answer at first, where it may hold more later; undefined: all that it can come to. */
  readonly slice: number | undefined
  /** The key's word on costs without a bound. */
  readonly unbounded: 'refuse' | 'admit'
}

export type Billing = Pick<Bounds, 'classes' | 'regions'>

/** What is held in budgets of either unit; nano-USD. */
export interface Amounts {
  readonly usd: bigint
  readonly tokens: bigint
}

export interface Held {
  readonly hold: Hold
  /** Nano-USD; null where a price is unknown. */
  readonly cost: bigint | null
  readonly inputTokens: number
  /** Output tokens that are held. */
  readonly outputTokens: number
  /** Holds more of the answer. @returns as many steps as fit, or 0 where the fewest do not */
  extend(steps: { readonly least: number; readonly most: number }): Promise<number>
  /** Holds as much more as makes up for this. False where a budget has no room for that. */
  cover(most: Amounts): Promise<boolean>
  readonly standings: readonly Standing[]
  /** Output tokens that would fit if nobody else spent anything. */
  readonly fits: number
}

/** Output is held in steps: a price of one token may be less than a nano-USD. */
export const stepTokens = 64
/** An answer shorter than this helps nobody: rather none. */
const leastOutput = 256
export const leastSteps = leastOutput / stepTokens

/**
 * Holds what the attempt may cost in all of its budgets at once.
 * @throws GatewayError `gateway_budget_exceeded`, `gateway_cost_unbounded`, `gateway_state_unavailable`
 */
export const holdBudgets = async (purse: Pick<Purse, 'hold'>, demand: Demand): Promise<Held> => {
  const { applied, bounds, card, mostOutput } = demand
  const hasPrice = card !== undefined && priceSteps(card, demand.billing, 1, stepTokens) !== undefined
  const unboundedBy = applied.find(({ budget }) => isUnbounded(demand, budget, hasPrice))
  if (unboundedBy !== undefined) throw costUnbounded(demand.model, unboundedBy.budget, reasonOf(demand))
  const inputTokens = bounds.inputTokens ?? 0
  const most = mostOutput * bounds.candidates
  const wantedSteps = stepsFor(demand.slice === undefined ? most : Math.min(most, demand.slice))
  const price = priceSteps(card, demand.billing, inputTokens, Math.max(most, stepTokens))
  const wanted = ({ unit }: Budget): Wanted =>
    unit === 'usd'
      ? { base: price?.input ?? 0n, step: price?.step ?? 0n }
      : { base: BigInt(inputTokens), step: BigInt(stepTokens) }
  const least = Math.min(wantedSteps, stepsFor(Math.min(most, leastOutput * bounds.candidates)))
  const result = await purse.hold({
    applied,
    holder: demand.holder,
    at: demand.at,
    wanted,
    steps: { least, most: wantedSteps },
  })
  if (result.type === 'refused') throw budgetExceeded(result.by)
  const { hold, steps, standings } = result
  const amountsOf = (steps: number): Amounts => ({
    usd: (price?.step ?? 0n) * BigInt(steps),
    tokens: BigInt(steps * stepTokens),
  })
  let covered = plus({ usd: price?.input ?? 0n, tokens: BigInt(inputTokens) }, amountsOf(steps))
  return {
    hold,
    cost: price === undefined ? null : price.input + price.step * BigInt(steps),
    inputTokens,
    outputTokens: Math.min(most, steps * stepTokens),
    async extend(within) {
      const more = await hold.extend((budget) => ({ base: 0n, step: wanted(budget).step }), within)
      covered = plus(covered, amountsOf(more))
      return more
    },
    async cover(most) {
      const more = {
        usd: most.usd > covered.usd ? most.usd - covered.usd : 0n,
        tokens: most.tokens > covered.tokens ? most.tokens - covered.tokens : 0n,
      }
      const whole = ({ unit }: Budget): Wanted => ({ base: 0n, step: more[unit] })
      if ((await hold.extend(whole, { least: 1, most: 1 })) !== 1) return false
      covered = plus(covered, more)
      return true
    },
    standings,
    fits: steps * stepTokens + roomFor(standings, wanted) * stepTokens,
  }
}

const plus = (one: Amounts, other: Amounts): Amounts => ({
  usd: one.usd + other.usd,
  tokens: one.tokens + other.tokens,
})

export const stepsFor = (tokens: number): number => Math.ceil(tokens / stepTokens)

const isUnbounded = (demand: Demand, budget: Budget, hasPrice: boolean): boolean => {
  if (budget.mode === 'soft') return false
  const admits = budget.unbounded === 'admit' || (budget.unbounded === 'key' && demand.unbounded === 'admit')
  if (admits) return false
  return demand.bounds.inputTokens === undefined || (budget.unit === 'usd' && !hasPrice)
}

const reasonOf = ({ bounds }: Demand): string =>
  bounds.inputTokens === undefined ? (bounds.reason ?? 'the input is unknown') : 'it has no known price'

interface StepPrice {
  readonly input: bigint
  /** Nano-USD of `stepTokens` of output. */
  readonly step: bigint
}

/**
 * The bound of a card as a base and equal steps. Over all tiers the bound grows with the output, at most as fast at its
 * beginning as at its end, so no answer of up to `most` tokens costs more than the steps say.
 */
const priceSteps = (
  card: PriceCard | undefined,
  billing: Billing,
  inputTokens: number,
  most: number,
): StepPrice | undefined => {
  if (card === undefined) return undefined
  const none = boundOf(card, { inputTokens, outputTokens: 0, ...billing })
  const all = boundOf(card, { inputTokens, outputTokens: most, ...billing })
  if (none === null || all === null) return undefined
  const steps = BigInt(Math.max(1, Math.floor(most / stepTokens)))
  return { input: none, step: (all - none + steps - 1n) / steps }
}

/** Steps that the tightest budget has room for. */
const roomFor = (standings: readonly Standing[], wanted: (budget: Budget) => Wanted): number => {
  let room = Number.MAX_SAFE_INTEGER
  for (const { budget, spent, reserved } of standings) {
    const { step } = wanted(budget)
    if (budget.mode === 'soft' || step === 0n) continue
    const left = budget.limit - spent - reserved
    room = Math.min(room, left <= 0n ? 0 : Number(left / step))
  }
  return Math.min(room, 1_000_000_000)
}
