import type { Order } from './strategy.ts'

/** The lowest expected cost; what has no known price comes last, since unknown is not free. */
export const cheapest = (): Order => (candidates) => {
  const cost = new Map(candidates.map((one) => [one, one.cost()]))
  return [...candidates].sort((a, b) => compare(cost.get(a) ?? null, cost.get(b) ?? null))
}

const compare = (a: bigint | null, b: bigint | null): number => {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return a < b ? -1 : a > b ? 1 : 0
}
