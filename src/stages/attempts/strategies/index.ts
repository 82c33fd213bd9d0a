import type { Strategy } from '../../match/index.ts'
import { cheapest } from './cheapest.ts'
import { leastLoaded } from './least-loaded.ts'
import { lowestLatency } from './lowest-latency.ts'
import { roundRobin } from './round-robin.ts'
import type { Order } from './strategy.ts'
import { weighted } from './weighted.ts'

export type { Candidate, Order, Turn } from './strategy.ts'

/** One of each, with the turns that it remembers. */
export const createStrategies = (): Readonly<Record<Strategy, Order>> => ({
  fallback: (candidates) => candidates,
  weighted: weighted(),
  'round-robin': roundRobin(),
  'least-loaded': leastLoaded(),
  'lowest-latency': lowestLatency(),
  cheapest: cheapest(),
})
