import {
  type Bill,
  type BilledPart,
  billedVersion,
  billOf,
  type Catalog,
  cacheMoneyOf,
  type PriceCard,
} from '../../catalog/index.ts'
import { GatewayError, toGatewayError } from '../../errors.ts'
import { formatUsd, type Operation, type Service, servedAs } from '../../ir/index.ts'
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
  /** Told what each attempt was billed with, so that its version can be shown later. */
  readonly onBilled: (provider: string, model: string, card: PriceCard) => void
}

/**
 * One attempt row for each upstream call, or for all that make one answer: its usage, priced with the card of this
 * target.
 */
export const meter = (parts: MeterParts): Stage<AttemptExchange, Metered> => ({
  name: 'meter',
  async run(exchange, next) {
    const { entry } = exchange
    const reply = await next({ metered: true }).catch((error: unknown) => {
      entry.attempts.push(brokenRow(parts, exchange, error))
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
    const cost = entry.costNanoUsd
    if (isWhole(reply) && cost !== null) reply.headers.set('x-tollgate-cost', formatUsd(cost))
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
    providerCostNanoUsd: null,
    priceVersion: null,
    upstreamRequestId: null,
  }
}

/**
 * A call that came to nothing. Where the provider may have had the request it may also bill it, and nobody says how
 * much: the input is estimated as for a stream that was cut, and what it wrote is not known.
 */
const brokenRow = (parts: MeterParts, exchange: AttemptExchange, error: unknown): AttemptRow => {
  const row = { ...baseRow(parts, exchange), error: toGatewayError(error).code }
  const { operation, attempt, entry } = exchange
  if (!bills(operation) || !mayBeBilled(error)) return row
  const bytes = Math.max(entry.requestBytes, exchange.request.body.byteLength)
  const usage = { inputTokens: estimatedTokens(bytes), outputTokens: 0 }
  const { target, startedAt } = attempt
  const { organisation } = exchange.identity.tenant
  const card = parts.catalog.price(target.provider.id, target.model, startedAt, organisation)
  const service = servedAs(undefined, exchange.facts.service)
  const bill = priceOf(parts, exchange, { usage, handles: [] }, service)
  return {
    ...row,
    usage,
    usageSource: 'estimated',
    costNanoUsd: bill?.charged ?? null,
    providerCostNanoUsd: bill === null || bill.cost === bill.charged ? null : bill.cost,
    priceVersion: card === undefined ? null : billedVersion(card, service),
  }
}

/** What nobody has counted. */
export const estimatedTokens = (bytes: number): number => Math.ceil(bytes / 4)

/** What is no error of ours was thrown somewhere behind the gateway's back. */
const mayBeBilled = (error: unknown): boolean => !(error instanceof GatewayError) || error.wasSent

const bills = (operation: Operation): boolean => operation === 'generate' || operation === 'embed'

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
  const { organisation } = exchange.identity.tenant
  const card = parts.catalog.price(target.provider.id, target.model, startedAt, organisation)
  const service = servedAs(outcome.facts?.service, exchange.facts.service)
  const bill = cost(
    exchange,
    outcome,
    priceOf(parts, exchange, billedFacts(outcome), service),
    hasFailedEarly(reply),
  )
  if (card !== undefined && usage !== null) parts.onBilled(target.provider.id, target.model, card)
  return {
    ...baseRow(parts, exchange),
    modelAnswered: outcome.facts?.model ?? null,
    finishReason: outcome.facts?.finishReason ?? null,
    status,
    error: errorOf(exchange, outcome, status),
    usage,
    usageSource: usage === null ? null : (outcome.usageSource ?? 'reported'),
    costNanoUsd: bill?.charged ?? null,
    providerCostNanoUsd: bill === null || bill.cost === bill.charged ? null : bill.cost,
    priceVersion: card === undefined ? null : billedVersion(card, service),
    cacheMoney: card === undefined || usage === null ? null : cacheMoneyOf(card, usage, service),
    upstreamRequestId:
      headers.get('x-request-id') ?? headers.get('request-id') ?? outcome.facts?.responseId ?? null,
  }
}

const errorOf = ({ signal }: AttemptExchange, { result, error }: Outcome, status: number): string | null => {
  // A stream that had begun when another call of its exchange was quicker.
  if (result === 'client_aborted' && error === undefined && signal.reason instanceof GatewayError) {
    return signal.reason.code
  }
  return error?.code ?? error?.type ?? (status < 400 ? error?.kind : null) ?? null
}

/** Where the provider did not say all, its calls are known by their sum alone. */
const billedFacts = ({ facts, usageSource }: Outcome): AnswerFacts | undefined => {
  if (facts?.calls === undefined || usageSource !== 'estimated') return facts
  const { calls: _, ...rest } = facts
  return rest
}

/** The answer's usage and what was spent beside it, each at the price of the model that spent it. */
const priceOf = (
  parts: MeterParts,
  { attempt, operation, identity }: AttemptExchange,
  facts: AnswerFacts | undefined,
  service: Service,
): Bill | null => {
  if (facts?.usage === undefined) return null
  const { target, startedAt } = attempt
  const { organisation } = identity.tenant
  const billed: BilledPart[] = []
  const { usage: sum, calls = [sum], sideUsage = [] } = facts
  for (const { model, usage } of [...calls.map((usage) => ({ model: target.model, usage })), ...sideUsage]) {
    const card = parts.catalog.price(target.provider.id, model ?? target.model, startedAt, organisation)
    if (card === undefined) return null
    // Vectors are no output tokens, and providers report none; the price of output must not make the cost unknown.
    billed.push({
      card,
      usage: operation === 'embed' ? { ...usage, outputTokens: usage.outputTokens ?? 0 } : usage,
    })
  }
  return billOf(billed, service)
}

/** The provider itself said so before the first word. Where it merely died, nobody knows what it counted. */
const hasFailedEarly = (reply: Reply): boolean =>
  !isWhole(reply) && reply.failedEarly?.result === 'upstream_error'

/** A refused request costs nothing; an answer whose usage or price is unknown has an unknown cost, not 0. */
const cost = (
  exchange: AttemptExchange,
  outcome: Outcome,
  priced: Bill | null,
  isRefused: boolean,
): Bill | null => {
  if (priced !== null) return priced
  if (isRefused) return nothing
  return !bills(exchange.operation) || outcome.status >= 400 ? nothing : null
}

const nothing: Bill = { charged: 0n, cost: 0n }
