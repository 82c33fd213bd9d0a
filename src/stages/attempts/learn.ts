import { GatewayError } from '../../errors.ts'
import { isWhole, type Reply, whenSettled } from '../../pipeline/index.ts'
import type { Credential } from '../../providers/index.ts'
import type { Target } from '../match/index.ts'
import type { AnsweredExchange, AttemptsParts } from './attempt.ts'
import type { Call } from './circuit-breaker.ts'
import type { Result } from './failures.ts'
import type { Verdict } from './judge.ts'
import { latencyName, targetName } from './order-targets.ts'
import { knownPrefixSession } from './prefix-session.ts'
import { sessionName } from './session-targets.ts'

/** One upstream call and what became of it. */
export interface Told {
  readonly target: Target
  readonly credential: Credential
  readonly call: Call
  readonly result: Result
  readonly verdict: Verdict
  readonly startedAt: number
}

/** Pool, circuit and books learn from a call. */
export const learn = (parts: AttemptsParts, exchange: AnsweredExchange, told: Told): void => {
  const { target, credential, call, result, verdict } = told
  switch (verdict.type) {
    case 'answered':
      call.succeeded()
      if (parts.pool.accept(credential)) parts.onAcceptedCredential(target.provider.id, credential.id)
      parts.health.reach.found(target.provider.id, credential.id)
      if ('reply' in result) follow(parts, exchange, told, result.reply)
      return
    case 'final':
    case 'stale':
    case 'unsayable':
      // A provider that refuses a request works; an exception of ours says nothing about it.
      if ('reply' in result && !exchange.signal.aborted) call.succeeded()
      else call.forgotten()
      return
    case 'refused':
      call.forgotten()
      if (parts.pool.refuse(credential)) parts.onRefusedCredential(target.provider.id, credential.id)
      return
    case 'limited':
      call.forgotten()
      if (verdict.retryAfter !== undefined) {
        parts.pool.limit(credential, target.model, parts.now() + verdict.retryAfter)
      }
      return
    case 'unfit':
    case 'full':
      call.forgotten()
      return
    default:
      if (exchange.signal.aborted) call.forgotten()
      else call.failed('error' in result && isUnreachable(result.error))
  }
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof GatewayError &&
  (error.code === 'gateway_upstream_unreachable' ||
    (error.code === 'gateway_upstream_timeout' && !error.wasSent))

const follow = (
  parts: AttemptsParts,
  exchange: AnsweredExchange,
  { target, credential, call, startedAt }: Told,
  reply: Reply,
): void => {
  const { health, now } = parts
  const { provider, model } = target
  if (exchange.operation === 'generate') {
    health.latencies.observe(latencyName(targetName({ target }), !isWhole(reply)), now() - startedAt)
    const session = sessionName(exchange) ?? knownPrefixSession(exchange)
    if (session !== undefined) {
      health.sessions.remember(session, { provider: provider.id, model, credential: credential.id })
    }
  }
  if (isWhole(reply)) return
  whenSettled(reply, ({ result }) => {
    if (result === 'upstream_died' || result === 'upstream_error') call.failed()
  })
}
