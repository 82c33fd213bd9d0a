import type { Handler } from '../../pipeline/index.ts'
import type { AnsweredExchange, AttemptExchange, AttemptsParts } from './attempt.ts'
import { countHere } from './count-here.ts'
import { decorate } from './decorate.ts'
import { orderTargets } from './order-targets.ts'
import { type Choice, possibleTargets } from './possible-targets.ts'
import { prefixSession } from './prefix-session.ts'
import { sessionName } from './session-targets.ts'
import { createTries } from './tries.ts'
import { workModeOf } from './work-mode-of.ts'

/**
 * Chooses targets and credentials and makes upstream calls until one is answered: the same upstream again after a
 * while, another credential, or the next target. Once the first content is on its way to the client nothing is tried
 * again.
 */
export const attempts = (
  parts: AttemptsParts,
  attempt: Handler<AttemptExchange>,
): Handler<AnsweredExchange> => {
  const tries = createTries(parts, attempt)
  return async (exchange) => {
    exchange.stage = 'attempts'
    const workMode = workModeOf({
      key: exchange.identity.options.workMode,
      rule: exchange.match.policy?.workMode,
      listener: exchange.incoming.workMode,
      gateway: parts.workMode,
    })
    const possible = possibleTargets(workMode, exchange)
    const last = sessionTarget(parts, exchange, possible)
    const choices = orderTargets(parts, exchange, possible, last)
    const [first] = choices
    if (first !== undefined && first.protocol === undefined) {
      exchange.entry.provider = first.target.provider.id
      return decorate(
        await countHere(exchange, first.target, parts.tokenCounter),
        exchange,
        first.target,
        '0',
      )
    }
    parts.health.budget.deposit(parts.retry.budget)
    return tries(exchange, choices, last)
  }
}

const sessionTarget = (
  { health, pool }: AttemptsParts,
  exchange: AnsweredExchange,
  possible: readonly Choice[],
) => {
  const session = sessionName(exchange) ?? prefixSession(exchange, possible, pool)
  return session === undefined ? undefined : health.sessions.find(session)
}
