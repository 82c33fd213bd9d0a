import type { BudgetTable, Purse } from '../../budgets/index.ts'
import { billOf, boundOf, type Catalog } from '../../catalog/index.ts'
import { billableClasses, billableRegions, servedAs, type Usage } from '../../ir/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import type { Bound } from '../ledger/index.ts'
import type { Translated } from '../translate/index.ts'
import type { Billing } from './hold-budgets.ts'
import type { OutputSlices } from './output-slices.ts'

export interface ReserveParts {
  readonly catalog: Catalog
  readonly ledger: Pick<Ledger, 'open'>
  readonly instance: string
  readonly budgets: {
    readonly table: () => BudgetTable
    readonly purse: Pick<Purse, 'hold'>
  }
  readonly slices: OutputSlices
}

export type Asked = AttemptExchange & Translated

export const cardOf = ({ catalog }: ReserveParts, { attempt, identity }: Asked) =>
  catalog.price(
    attempt.target.provider.id,
    attempt.target.model,
    attempt.startedAt,
    identity.tenant.organisation,
  )

export const billingOf = ({ facts }: Asked): Billing => ({
  classes: billableClasses(facts.service),
  regions: billableRegions(facts.service),
})

/** Without budgets: text never has more tokens than bytes. */
export const boundOfAttempt = (parts: ReserveParts, exchange: Asked): Bound => {
  const { catalog } = parts
  const { target } = exchange.attempt
  const provider = target.provider.id
  const limit = catalog.model(provider, target.model)?.maxOutputTokens
  const outputTokens = generates(exchange) ? smallest(exchange.facts.maxOutputTokens, limit) : 0
  // What was put into the request from earlier exchanges costs as much as what came with it.
  const inputTokens = Math.max(exchange.entry.requestBytes, exchange.request.body.byteLength)
  return callBound(parts, exchange, inputTokens, outputTokens)
}

/** What one call can cost. */
export const callBound = (
  parts: ReserveParts,
  exchange: Asked,
  inputTokens: number,
  outputTokens: number | undefined,
): Bound => {
  const card = cardOf(parts, exchange)
  const isKnown = card !== undefined && outputTokens !== undefined
  const cost = isKnown ? boundOf(card, { inputTokens, outputTokens, ...billingOf(exchange) }) : null
  return { cost, inputTokens, outputTokens }
}

/** What calls that are over have come to. */
export const spentOn = (parts: ReserveParts, exchange: Asked, calls: readonly Usage[]): Bound => {
  const card = cardOf(parts, exchange)
  const service = servedAs(undefined, exchange.facts.service)
  const bill =
    card === undefined
      ? null
      : billOf(
          calls.map((usage) => ({ card, usage })),
          service,
        )
  const sum = (count: (usage: Usage) => number | undefined): number =>
    calls.reduce((total, usage) => total + (count(usage) ?? 0), 0)
  return {
    cost: bill?.charged ?? null,
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
  }
}

export const generates = ({ operation }: Asked): boolean =>
  operation === 'generate' || operation === 'compact-response'

export const smallest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)
