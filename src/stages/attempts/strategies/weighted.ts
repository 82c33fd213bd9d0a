import { rendezvous } from './rendezvous.ts'
import type { Candidate, Order } from './strategy.ts'

/** Rules whose turns are remembered; they come from the configuration, so this is only a bound against reloads. */
const mostRoutes = 10_000

/**
 * Smooth weighted round-robin: over any run of calls each candidate gets its share, and the heavy ones do not come in
 * bursts. A session stays where its hash puts it.
 */
export const weighted = (): Order => {
  const routes = new Map<string, Map<string, number>>()
  const creditsOf = (route: string): Map<string, number> => {
    const known = routes.get(route)
    if (known !== undefined) return known
    if (routes.size >= mostRoutes) routes.clear()
    const credits = new Map<string, number>()
    routes.set(route, credits)
    return credits
  }
  return (candidates, { route, session }) => {
    if (session !== undefined) return rendezvous(candidates, session)
    const credits = creditsOf(route)
    let total = 0
    for (const { upstream, weight } of candidates) {
      total += weight
      credits.set(upstream, (credits.get(upstream) ?? 0) + weight)
    }
    const credit = (candidate: Candidate): number => credits.get(candidate.upstream) ?? 0
    const ordered = [...candidates].sort((a, b) => credit(b) - credit(a))
    const [first] = ordered
    if (first !== undefined) credits.set(first.upstream, credit(first) - total)
    return ordered
  }
}
