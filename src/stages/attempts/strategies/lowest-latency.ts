import { roundRobin } from './round-robin.ts'
import type { Order } from './strategy.ts'

/** Nobody is told apart by less: the share by which a slower one counts as equal. */
const sameWithin = 1.1

/** The quickest to its first content. One of which nothing is known goes first, so that it becomes known. */
export const lowestLatency = (): Order => {
  const turns = roundRobin()
  return (candidates, turn) => {
    const known = candidates.flatMap((one) => one.latency() ?? [])
    const fastest = Math.min(...known)
    const rank = new Map(
      candidates.map((one) => {
        const latency = one.latency()
        return [one, latency === undefined ? -1 : latency <= fastest * sameWithin ? fastest : latency]
      }),
    )
    return [...turns(candidates, turn)].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
  }
}
