import { rendezvous } from './rendezvous.ts'
import type { Order } from './strategy.ts'

/** Each candidate in turn, whatever its weight. A session stays where its hash puts it. */
export const roundRobin = (): Order => {
  const turns = new Map<string, number>()
  return (candidates, { route, session }) => {
    if (session !== undefined) return rendezvous(candidates, session)
    if (candidates.length === 0) return candidates
    const first = (turns.get(route) ?? 0) % candidates.length
    turns.set(route, first + 1)
    return [...candidates.slice(first), ...candidates.slice(0, first)]
  }
}
