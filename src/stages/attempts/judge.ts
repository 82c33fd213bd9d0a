import { type ErrorKind, GatewayError } from '../../errors.ts'
import type { CanonicalError } from '../../ir/index.ts'
import { isWhole, type Outcome, type Reply } from '../../pipeline/index.ts'
import { retryAfter } from '../../protocols/index.ts'
import { refusesState, usedUpUntil } from '../../translation/index.ts'

/** What became of one upstream call, and what that means for the next. */
export type Verdict =
  | { readonly type: 'answered' }
  /** Nothing that another upstream could do better: the client's own fault, ours, or the client left. */
  | { readonly type: 'final' }
  /** The reasoning state in the history is no good there. */
  | { readonly type: 'stale' }
  /** This upstream cannot say the request; nothing was sent. */
  | { readonly type: 'unfit' }
  /** It could not even be reached, so nothing was sent either. */
  | { readonly type: 'unreachable' }
  /** It answered, and the gateway could not say that to the client. Another's answer may be easier to say. */
  | { readonly type: 'unsayable' }
  /** The key is no good there. */
  | { readonly type: 'refused' }
  /** Too much for this key. @see Failure.retryAfter */
  | ({ readonly type: 'limited' } & Failure)
  /** The gateway itself held the call back: the provider would not take more. */
  | { readonly type: 'full' }
  | ({ readonly type: 'failed' } & Failure)

export interface Failure {
  /** Milliseconds that the provider asked for. */
  readonly retryAfter?: number
  /** Is it worth asking the same upstream again? A time limit that passed and a word of its own say no. */
  readonly again: boolean
}

/** What came of it, in words for headers: an HTTP status or a code. */
export const named = (result: { readonly reply: Reply } | { readonly error: unknown }): string => {
  if ('error' in result) {
    return result.error instanceof GatewayError ? result.error.code : 'gateway_internal'
  }
  const outcome = earlyOutcome(result.reply)
  return String(outcome?.error?.status ?? outcome?.status ?? result.reply.status)
}

/** Did the provider begin with an answer, and failed only then? What it keeps of answers is there then. */
export const wasAccepted = (result: { readonly reply: Reply } | { readonly error: unknown }): boolean =>
  'reply' in result && firstStatus(result.reply) < 400

/** What the client is told may be another. */
const firstStatus = (reply: Reply): number => {
  const outcome = earlyOutcome(reply)
  return outcome?.upstreamStatus ?? outcome?.status ?? reply.status
}

/** The outcome of a reply that is over before its first content; undefined for a stream that has begun. */
const earlyOutcome = (reply: Reply): Outcome | undefined =>
  isWhole(reply) ? reply.outcome : reply.failedEarly

export const judgeReply = (reply: Reply): Verdict => {
  const outcome = earlyOutcome(reply)
  if (outcome === undefined || outcome.result === 'success') return { type: 'answered' }
  if (outcome.error?.code === 'gateway_internal' && (outcome.upstreamStatus ?? outcome.status) < 400) {
    return { type: 'unsayable' }
  }
  if (outcome.result === 'client_aborted' || outcome.result === 'refused') return { type: 'final' }
  const { error } = outcome
  const status = outcome.status >= 400 ? outcome.status : (error?.status ?? 0)
  const shouldRetry = reply.headers.get('x-should-retry')
  const failure = failureOf(reply, error, shouldRetry !== 'false')
  if (error?.kind === 'quota' || error?.kind === 'payment') return { type: 'refused' }
  if (error !== undefined && refusesState(error)) return { type: 'stale' }
  if (status === 429 || error?.kind === 'rate_limit') {
    return { type: 'limited', ...untilReset(reply.headers), ...failure }
  }
  if (status === 409) return shouldRetry === 'true' ? { type: 'failed', ...failure } : { type: 'final' }
  if (status === 408 || (status >= 500 && !deliberate.has(status))) return { type: 'failed', ...failure }
  if (status >= 400) return { type: 'final' }
  return error === undefined || passing.has(error.kind) ? { type: 'failed', ...failure } : { type: 'final' }
}

/** Not implemented, HTTP version: they will be the same next time. */
const deliberate: ReadonlySet<number> = new Set([501, 505])

/** Errors inside an answer of status 200 that say nothing about the request. */
const passing: ReadonlySet<ErrorKind> = new Set(['internal', 'overloaded', 'timeout', 'upstream'])

const failureOf = (reply: Reply, error: CanonicalError | undefined, again: boolean): Failure => {
  const seconds = error?.retryAfter ?? retryAfter(reply.headers)
  return { again, ...(seconds === undefined ? {} : { retryAfter: seconds * 1000 }) }
}

/** Some say only when their limits begin anew. */
const untilReset = (headers: Headers): Pick<Failure, 'retryAfter'> => {
  const now = Date.now()
  const until = usedUpUntil(headers, now)
  return until === undefined ? {} : { retryAfter: Math.max(0, until - now) }
}

export const judgeError = (error: unknown): Verdict => {
  if (!(error instanceof GatewayError)) return { type: 'final' }
  switch (error.code) {
    case 'gateway_upstream_unreachable':
      return error.wasSent ? { type: 'failed', again: true } : { type: 'unreachable' }
    case 'gateway_upstream_timeout':
      return error.wasSent ? { type: 'failed', again: false } : { type: 'unreachable' }
    case 'gateway_upstream_died':
    case 'gateway_upstream_invalid':
      return { type: 'failed', again: true }
    case 'gateway_upstream_redirect':
      return { type: 'failed', again: false }
    case 'gateway_upstream_credentials_exhausted':
      return { type: 'refused' }
    case 'gateway_rate_limited':
    case 'gateway_concurrency_limited':
      return { type: 'full' }
    case 'gateway_translation_unsupported':
    case 'gateway_protocol_unsupported':
    // Another may fetch by itself, from where the gateway may not.
    case 'gateway_media_unavailable':
    // Another may be cheaper, or have a price.
    case 'gateway_budget_exceeded':
    case 'gateway_cost_unbounded':
      return { type: 'unfit' }
    default:
      return { type: 'final' }
  }
}
