import type { AttemptExchange } from '../attempts/index.ts'
import type { RoutePolicy } from '../match/index.ts'
import type { Timeouts } from './send-http.ts'

export interface TimeoutParts {
  /** @param policy what the route says of some of them */
  readonly timeouts: (provider: string, policy: RoutePolicy['timeouts']) => Timeouts
}

/** The provider's time limits, but for those that the route sets. */
export const timeoutsOf = ({ timeouts }: TimeoutParts, { attempt, match }: AttemptExchange): Timeouts =>
  timeouts(attempt.target.provider.id, match.policy?.timeouts)
