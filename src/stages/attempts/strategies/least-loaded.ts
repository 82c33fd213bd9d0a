import { roundRobin } from './round-robin.ts'
import type { Order } from './strategy.ts'

/** The fewest calls under way for its weight; equals take turns. */
export const leastLoaded = (): Order => {
  const turns = roundRobin()
  return (candidates, turn) => {
    const load = new Map(candidates.map((one) => [one, one.load() / one.weight]))
    return [...turns(candidates, turn)].sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0))
  }
}
