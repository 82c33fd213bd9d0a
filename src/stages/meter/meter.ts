import { type Catalog, costOf } from '../../catalog/index.ts'
import { toGatewayError } from '../../errors.ts'
import { formatUsd } from '../../ir/index.ts'
import type { AttemptRow } from '../../ledger/index.ts'
import { isWhole, type Outcome, type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import type { AnswerFacts } from '../../protocols/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'

export interface Metered {
  readonly metered: true
}

export interface MeterParts {
  readonly catalog: Catalog
  readonly now: () => number
}

/** One attempt row for each upstream call: its usage, priced with the card of this target. */
export const meter = (parts: MeterParts): Stage<AttemptExchange, Metered> => ({
  name: 'meter',
  async run(exchange, next) {
    const { entry } = exchange
    const reply = await next({ metered: true }).catch((error: unknown) => {
      const known = toGatewayError(error)
      entry.attempts.push({ ...baseRow(parts, exchange), status: null, error: known.code })
      throw error
    })
    await whenSettled(reply, (outcome) => {
      for (const handle of outcome.facts?.handles ?? []) issue(exchange, handle)
      const responseId = outcome.facts?.responseId
      if (exchange.facts.answerIsState === true && responseId !== undefined) {
        issue(exchange, { kind: 'response', id: responseId })
      }
      entry.attempts.push(settledRow(parts, exchange, outcome, reply))
    })
    const cost = entry.attempts.at(-1)?.costNanoUsd
    if (isWhole(reply) && cost !== undefined && cost !== null)
      reply.headers.set('x-tollgate-cost', formatUsd(cost))
    return reply
  },
})

/** An id of upstream state went out: it belongs to this organisation, and to the credential that made it. */
export const issue = ({ entry, attempt }: AttemptExchange, { kind, id }: Issued): void =>
  entry.issue({ kind, id, provider: attempt.target.provider.id, credential: attempt.credential.id })

type Issued = AnswerFacts['handles'][number]

const baseRow = (parts: MeterParts, exchange: AttemptExchange): AttemptRow => {
  const { attempt, entry } = exchange
  return {
    exchange: exchange.id,
    number: attempt.number,
    at: attempt.startedAt,
    provider: attempt.target.provider.id,
    credential: attempt.credential.id,
    protocol: attempt.protocol,
    modelSent: attempt.target.model,
    modelAnswered: null,
    finishReason: null,
    status: null,
    error: null,
    latencyMs: parts.now() - attempt.startedAt,
    ttftMs: entry.ttftMs,
    usage: null,
    usageSource: null,
    costNanoUsd: 0n,
    priceVersion: null,
    upstreamRequestId: null,
  }
}

const settledRow = (
  parts: MeterParts,
  exchange: AttemptExchange,
  outcome: Outcome,
  reply: Reply,
): AttemptRow => {
  const { target, startedAt } = exchange.attempt
  const { headers } = reply
  const status = outcome.upstreamStatus ?? outcome.status
  const usage = outcome.facts?.usage ?? null
  const card = parts.catalog.price(target.provider.id, target.model, startedAt)
  return {
    ...baseRow(parts, exchange),
    modelAnswered: outcome.facts?.model ?? null,
    finishReason: outcome.facts?.finishReason ?? null,
    status,
    error: outcome.error?.code ?? outcome.error?.type ?? (status < 400 ? outcome.error?.kind : null) ?? null,
    usage,
    usageSource: usage === null ? null : (outcome.usageSource ?? 'reported'),
    costNanoUsd: cost(exchange, outcome, priceOf(parts, exchange, outcome.facts), hasFailedEarly(reply)),
    priceVersion: card?.version ?? null,
    upstreamRequestId:
      headers.get('x-request-id') ?? headers.get('request-id') ?? outcome.facts?.responseId ?? null,
  }
}

/** The answer's usage and what was spent beside it, each at the price of the model that spent it. */
const priceOf = (
  parts: MeterParts,
  { attempt, operation }: AttemptExchange,
  facts: AnswerFacts | undefined,
): bigint | null => {
  if (facts?.usage === undefined) return null
  const { target, startedAt } = attempt
  let total = 0n
  for (const { model, usage } of [{ model: target.model, usage: facts.usage }, ...(facts.sideUsage ?? [])]) {
    const card = parts.catalog.price(target.provider.id, model ?? target.model, startedAt)
    // Vectors are no output tokens, and providers report none; the price of output must not make the cost unknown.
    const billed = operation === 'embed' ? { ...usage, outputTokens: usage.outputTokens ?? 0 } : usage
    const price = card === undefined ? null : costOf(card, billed)
    if (price === null) return null
    total += price
  }
  return total
}

/** The provider itself said so before the first word. Where it merely died, nobody knows what it counted. */
const hasFailedEarly = (reply: Reply): boolean =>
  !isWhole(reply) && reply.failedEarly?.result === 'upstream_error'

/** A refused request costs nothing; an answer whose usage or price is unknown has an unknown cost, not 0. */
const cost = (
  exchange: AttemptExchange,
  outcome: Outcome,
  priced: bigint | null,
  isRefused: boolean,
): bigint | null => {
  if (priced !== null) return priced
  if (isRefused) return 0n
  const generates = exchange.operation === 'generate' || exchange.operation === 'embed'
  return !generates || outcome.status >= 400 ? 0n : null
}
