import { boundOf, type Catalog } from '../../catalog/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import type { Stage } from '../../pipeline/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'

export interface Reserved {
  /** Nano-USD that this attempt can cost at most; null where a price or a limit is unknown. */
  readonly reservation: bigint | null
}

export interface ReserveParts {
  readonly catalog: Catalog
  readonly ledger: Pick<Ledger, 'open'>
  readonly instance: string
}

/**
 * Writes down, before the upstream hears anything, what this attempt may cost at most: if the process dies, the
 * orphan is charged this. Text never has more tokens than bytes.
 */
export const reserve = (parts: ReserveParts): Stage<AttemptExchange, Reserved> => ({
  name: 'reserve',
  run(exchange, next) {
    const { target, credential, protocol } = exchange.attempt
    const { entry, facts } = exchange
    const provider = target.provider.id
    const now = exchange.attempt.startedAt
    const card = parts.catalog.price(provider, target.model, now)
    const limit = parts.catalog.model(provider, target.model)?.maxOutputTokens
    const generates = exchange.operation === 'generate' || exchange.operation === 'compact-response'
    const outputTokens = generates ? smallest(facts.maxOutputTokens, limit) : 0
    // What was put into the request from earlier exchanges costs as much as what came with it.
    const inputTokens = Math.max(entry.requestBytes, exchange.request.body.byteLength)
    const reservation =
      card === undefined || outputTokens === undefined ? null : boundOf(card, { inputTokens, outputTokens })
    if (!entry.opened) {
      parts.ledger.open({
        exchange: exchange.id,
        instance: parts.instance,
        at: now,
        kind: exchange.kind,
        direction: 'consume',
        tenant: exchange.identity.tenant,
        session: entry.session,
        operation: exchange.operation,
        clientProtocol: exchange.protocol.id,
        modelAsked: entry.modelAsked,
        provider,
        model: target.model,
        upstreamProtocol: protocol,
        credential: credential.id,
        reservedNanoUsd: reservation,
        reservedInputTokens: inputTokens,
        reservedOutputTokens: outputTokens ?? null,
        requestBytes: entry.requestBytes,
        counterparty: null,
        tags: entry.tags,
      })
      entry.opened = true
    }
    return next({ reservation })
  },
})

const smallest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)
