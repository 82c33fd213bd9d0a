import type { NanoUsd, Service } from '../ir/index.ts'
import { type BilledUsage, exactCost, halfUp, units, wholeMargin } from './cost-of.ts'
import type { PriceCard } from './price-card.ts'

/** What a provider's cache did to the bill of a call, in nano-USD, with the operator's margin. */
export interface CacheMoney {
  /** What the tokens that were read would have cost more as plain input. */
  readonly saved: NanoUsd
  /** What the tokens that were written cost more than as plain input. */
  readonly lost: NanoUsd
}

/**
 * (input price − read price) × tokens read, and (write price − input price) × tokens written, each at the rates that
 * the bill was made with: tier, service class, region and margin. Rounded half up once. Null where nothing was read
 * or written, or a price is not known.
 */
export const cacheMoneyOf = (
  card: PriceCard,
  usage: BilledUsage,
  service: Service = {},
): CacheMoney | null => {
  const { cacheReadTokens = 0, cacheWriteTokens = 0, cacheWriteLongTokens = 0 } = usage
  if (cacheReadTokens === 0 && cacheWriteTokens === 0 && cacheWriteLongTokens === 0) return null
  const paid = exactCost(card, usage, service)
  const unread = cacheReadTokens === 0 ? paid : exactCost(card, withoutReads(usage), service)
  const unwritten = exactCost(card, { ...usage, cacheWriteTokens: 0, cacheWriteLongTokens: 0 }, service)
  if (paid === null || unread === null || unwritten === null) return null
  const factor = card.margin?.factor ?? wholeMargin
  const charged = (amount: bigint): NanoUsd => rounded(amount * factor)
  return { saved: charged(unread - paid), lost: charged(paid - unwritten) }
}

const withoutReads = (usage: BilledUsage): BilledUsage => ({
  ...usage,
  cacheReadTokens: 0,
  cacheReadAudioTokens: 0,
  cacheReadImageTokens: 0,
})

/** Half up, also below zero: a cache that costs more than it saves is no error. */
const rounded = (amount: bigint): NanoUsd =>
  amount < 0n ? -halfUp(-amount, units * wholeMargin) : halfUp(amount, units * wholeMargin)
