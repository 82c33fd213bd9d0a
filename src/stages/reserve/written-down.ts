import { addBounds, type Bound } from '../ledger/index.ts'
import type { Asked, ReserveParts } from './attempt-bounds.ts'

export interface WrittenDown {
  /** So much more can it cost. Throws what `Ledger.open` throws. */
  add(more: Bound): void
  /** It can cost at least so much in all. */
  raise(most: Bound): void
}

/** The most that the attempt can cost, as the ledger knows it. */
export const writtenDown = (parts: ReserveParts, exchange: Asked, first: Bound): WrittenDown => {
  let known = first
  const write = (most: Bound): void => {
    known = most
    open(parts, exchange, most)
  }
  write(first)
  return {
    add: (more) => write(addBounds(known, more)),
    raise: (most) => write(greaterBounds(known, most)),
  }
}

const greaterBounds = (one: Bound, other: Bound): Bound => ({
  cost: one.cost === null || other.cost === null ? null : one.cost > other.cost ? one.cost : other.cost,
  inputTokens: Math.max(one.inputTokens, other.inputTokens),
  outputTokens:
    one.outputTokens === undefined || other.outputTokens === undefined
      ? undefined
      : Math.max(one.outputTokens, other.outputTokens),
})

/** False where nothing can be written just now. */
export const isWritten = (write: () => void): boolean => {
  try {
    write()
    return true
  } catch {
    return false
  }
}

/** Durable before the upstream hears of it; a further attempt reserves what the earlier ones cost as well. */
export const open = (parts: ReserveParts, exchange: Asked, bound: Bound): void => {
  const { entry, attempt } = exchange
  const most = entry.bound(attempt.number, bound)
  parts.ledger.open({
    exchange: exchange.id,
    instance: parts.instance,
    at: exchange.startedAt,
    kind: exchange.kind,
    direction: 'consume',
    tenant: exchange.identity.tenant,
    session: entry.session,
    operation: exchange.operation,
    clientProtocol: exchange.protocol.id,
    modelAsked: entry.modelAsked,
    provider: attempt.target.provider.id,
    model: attempt.target.model,
    upstreamProtocol: attempt.protocol,
    credential: attempt.credential.id,
    reservedNanoUsd: most.cost,
    reservedInputTokens: most.inputTokens,
    reservedOutputTokens: most.outputTokens ?? null,
    requestBytes: entry.requestBytes,
    counterparty: null,
    tags: entry.tags,
  })
  entry.opened = true
}
