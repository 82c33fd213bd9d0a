import { evidenceOf } from '../../firewall/index.ts'
import type { ClosedRow, Ledger } from '../../ledger/index.ts'
import {
  type Exchange,
  failedOutcome,
  type Outcome,
  type Stage,
  whenSettled,
  within,
} from '../../pipeline/index.ts'
import type { HandleRegistry } from '../../sessions/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import { EntryDraft } from './entry-draft.ts'

export interface Recorded {
  readonly entry: EntryDraft
}

export interface LedgerParts {
  readonly ledger: Pick<Ledger, 'close'>
  readonly handles: Pick<HandleRegistry, 'remember'>
  /** This process's run, for orphans. */
  readonly instance: string
  readonly now: () => number
}

/**
 * One final row for every authenticated exchange, however it ends. The row is durable before the client gets the
 * last byte: a whole reply waits here, a stream holds its last piece back.
 */
export const ledger = (parts: LedgerParts): Stage<Exchange & Authenticated, Recorded> => ({
  name: 'ledger',
  async run(exchange, next) {
    const { tenant } = exchange.identity
    const entry = new EntryDraft(
      (handle) => parts.handles.remember({ ...handle, tenant, created: parts.now() }),
      exchange.tags,
    )
    const reply = await next({ entry }).catch(async (error: unknown) => {
      const row = closedRow(parts, exchange, entry, failedOutcome(error))
      const closed = entry.close(parts.ledger.close(row, entry.attempts, []))
      // A refusal that cost nothing need not wait for the disk, which may be the very reason for it.
      if (entry.opened) await patiently(closed)
      else closed.catch(() => undefined)
      throw error
    })
    await whenSettled(reply, (outcome) =>
      patiently(
        entry.close(
          parts.ledger.close(closedRow(parts, exchange, entry, outcome), entry.attempts, entry.handles),
        ),
      ),
    )
    return reply
  },
})

/** How long an answer waits for its row, in milliseconds. */
const patience = 10_000

/**
 * When neither database nor spool takes a row (disk full in the middle of an answer), the client is not kept for
 * ever: the row stays in memory and is written when there is room, and until then `opened` stands for it.
 */
const patiently = (closed: Promise<void>): Promise<void> => within(closed, patience)

const closedRow = (
  parts: LedgerParts,
  exchange: Exchange & Authenticated,
  entry: EntryDraft,
  outcome: Outcome,
): ClosedRow => {
  const last = entry.attempts.find(({ number }) => number === entry.answeredBy) ?? entry.attempts.at(-1)
  const at = parts.now()
  return {
    exchange: exchange.id,
    instance: parts.instance,
    at,
    openedAt: exchange.startedAt,
    kind: exchange.kind,
    direction: 'consume',
    tenant: exchange.identity.tenant,
    session: entry.session,
    operation: exchange.operation,
    clientProtocol: exchange.protocol.id,
    upstreamProtocol: last?.protocol ?? null,
    modelAsked: entry.modelAsked,
    modelAnswered: outcome.facts?.model ?? last?.modelSent ?? null,
    provider: entry.provider,
    credential: entry.credential,
    outcome: outcome.result,
    status: outcome.status,
    error: outcome.error?.code ?? null,
    stage: outcome.result === 'success' ? null : exchange.stage,
    streamed: entry.streamed,
    attempts: entry.attempts.length,
    usage: last?.usage ?? null,
    usageSource: last?.usageSource ?? null,
    costNanoUsd: entry.costNanoUsd,
    priceVersion: last?.priceVersion ?? null,
    latencyMs: at - exchange.startedAt,
    ttftMs: entry.ttftMs,
    requestBytes: entry.requestBytes,
    responseBytes: outcome.responseBytes,
    warnings: entry.warnings.length === 0 ? null : JSON.stringify(entry.warnings),
    tags: entry.tags,
    compression: entry.compression ?? null,
    firewall: entry.found.length === 0 ? null : JSON.stringify(evidenceOf(entry.found)),
    cache: entry.cache === null ? null : JSON.stringify(entry.cache),
    cacheSavedNanoUsd: entry.cacheSavedNanoUsd,
    cacheMoney: entry.cacheMoney,
    promptCacheBreak: entry.promptCacheBreak,
    clientAgent: exchange.incoming.headers.get('user-agent')?.slice(0, 200) ?? null,
  }
}
