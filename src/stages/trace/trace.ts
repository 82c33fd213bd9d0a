import type { KeyIdentity } from '../../accounts/index.ts'
import { type Exchange, failedOutcome, type Outcome, type Stage, whenSettled } from '../../pipeline/index.ts'
import type { Logger, Metrics, Span, SpanFields, Tracer } from '../../telemetry/index.ts'
import type { EntryDraft } from '../ledger/index.ts'

export interface TraceParts {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly tracer: Tracer
  readonly accessLog: boolean
  readonly now: () => number
}

export interface Spanned {
  readonly span: Span
}

/** What later stages may have added by the time the exchange ends; a refusal may come before any of it. */
type Traced = Exchange & Spanned & { readonly entry?: EntryDraft; readonly identity?: KeyIdentity }

/** Outermost: span, clock, metrics and the access log. Sees the refusals of all the others. */
export const trace = (parts: TraceParts): Stage<Exchange, Spanned> => ({
  name: 'trace',
  async run(exchange, next) {
    const span = parts.tracer.startExchange(
      { traceparent: exchange.incoming.headers.get('traceparent') },
      {
        requestId: exchange.id,
        protocol: exchange.protocol.id,
        operation: exchange.operation,
        kind: exchange.kind,
      },
    )
    parts.metrics.openExchanges.add(1)
    // Stages add to the same object, so what they add can be read here afterwards.
    const traced: Traced = Object.assign(exchange, { span })
    const reply = await next({ span }).catch((error: unknown) => {
      report(parts, traced, failedOutcome(error))
      throw error
    })
    const settled = whenSettled(reply, (outcome) => report(parts, traced, outcome))
    if (settled !== undefined) await settled
    return reply
  },
})

const report = (parts: TraceParts, exchange: Traced, outcome: Outcome): void => {
  const { span, protocol, operation } = exchange
  const entry = exchange.entry
  const provider = entry?.provider ?? 'none'
  const milliseconds = parts.now() - exchange.startedAt
  const failed = outcome.result === 'success' ? undefined : (outcome.error?.code ?? outcome.result)
  parts.metrics.openExchanges.add(-1)
  parts.metrics.exchange({
    protocol: protocol.id,
    operation,
    provider,
    outcome: outcome.result,
    durationSeconds: milliseconds / 1000,
    ...(entry?.ttftMs == null ? {} : { timeToFirstTokenSeconds: entry.ttftMs / 1000 }),
  })
  for (const attempt of entry?.attempts ?? []) {
    parts.metrics.attempt(attempt.provider, attempt.status ?? attemptFailure(attempt.error))
    if (attempt.usage !== null) parts.metrics.tokens(attempt.provider, attempt.usage)
    if (attempt.costNanoUsd !== null) parts.metrics.cost(attempt.provider, attempt.costNanoUsd)
    else parts.metrics.unpriced(attempt.provider)
    if (attempt.cacheMoney != null) parts.metrics.cacheMoney(attempt.provider, attempt.cacheMoney)
  }
  if (parts.tracer.enabled) {
    span.set({ provider, status: outcome.status, ...spanFacts(entry, outcome) })
    span.end(failed)
  }
  if (!parts.accessLog) return
  const last = entry?.attempts.at(-1)
  parts.logger.info('exchange', {
    request: exchange.id,
    protocol: protocol.id,
    operation,
    model: entry?.modelAsked ?? undefined,
    provider,
    outcome: outcome.result,
    status: outcome.status,
    error: failed,
    stage: failed === undefined ? undefined : exchange.stage,
    key_id: exchange.identity?.id,
    ms: milliseconds,
    ttft_ms: entry?.ttftMs ?? undefined,
    input_tokens: last?.usage?.inputTokens,
    output_tokens: last?.usage?.outputTokens,
    bytes_in: entry?.requestBytes,
    bytes_out: outcome.responseBytes,
  })
}

const attemptFailure = (error: string | null): 'unreachable' | 'timeout' | 'aborted' =>
  error === 'gateway_upstream_timeout'
    ? 'timeout'
    : error === 'gateway_client_gone' || error === 'gateway_hedge_lost'
      ? 'aborted'
      : 'unreachable'

const spanFacts = (entry: EntryDraft | undefined, outcome: Outcome): SpanFields => {
  const { usage, model, responseId, finishReason } = outcome.facts ?? {}
  return {
    ...(entry?.modelAsked == null ? {} : { requestModel: entry.modelAsked }),
    ...(model === undefined ? {} : { responseModel: model }),
    ...(responseId === undefined ? {} : { responseId }),
    ...(finishReason === undefined ? {} : { finishReasons: [finishReason] }),
    ...(entry?.ttftMs == null ? {} : { timeToFirstTokenSeconds: entry.ttftMs / 1000 }),
    ...(usage?.inputTokens === undefined ? {} : { inputTokens: usage.inputTokens }),
    ...(usage?.outputTokens === undefined ? {} : { outputTokens: usage.outputTokens }),
    ...(usage?.cacheReadTokens === undefined ? {} : { cacheReadTokens: usage.cacheReadTokens }),
    ...(usage?.reasoningTokens === undefined ? {} : { reasoningTokens: usage.reasoningTokens }),
  }
}
