import type { BucketClaim, BudgetClaim, RepeatClaim, SlotClaim } from './index.ts'

/** Claims with what a test does not care about filled in. */

export const bucket = (key: string, amount: number, more: Partial<BucketClaim> = {}): BucketClaim => ({
  type: 'bucket',
  key,
  amount,
  capacity: 10,
  refill: 10,
  period: 60_000,
  ...more,
})

export const slot = (key: string, holder: string, more: Partial<SlotClaim> = {}): SlotClaim => ({
  type: 'slot',
  key,
  holder,
  limit: 2,
  holding: 60_000,
  ...more,
})

export const repeat = (key: string, more: Partial<RepeatClaim> = {}): RepeatClaim => ({
  type: 'repeat',
  key,
  limit: 3,
  period: 60_000,
  ...more,
})

export const budget = (
  key: string,
  holder: string,
  base: number,
  more: Partial<BudgetClaim> = {},
): BudgetClaim => ({
  type: 'budget',
  key,
  holder,
  base,
  step: 0,
  limit: 100,
  holding: 60_000,
  slice: 0,
  oldest: 0,
  ttl: 60_000,
  ...more,
})
