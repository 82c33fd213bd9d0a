/** Rows of the database as the ledger's own types. */
import type { Selectable } from 'kysely'
import { operations, protocolIds } from '../ir/index.ts'
import type {
  ExchangeAttemptsTable,
  ExchangeClosedTable,
  ExchangeOpenedTable,
  TenantColumns,
} from '../storage/index.ts'
import type { AttemptRow, ClosedRow, Compression, OpenedRow, Tenant } from './entry.ts'
import { usageFromColumns } from './row-format.ts'

export const readOpened = (row: Selectable<ExchangeOpenedTable>): OpenedRow => ({
  exchange: row.exchange,
  instance: row.instance,
  at: Number(row.at),
  kind: one(kinds, row.kind),
  direction: one(directions, row.direction),
  counterparty: row.counterparty,
  tenant: readTenant(row),
  session: row.session,
  operation: one(operations, row.operation),
  clientProtocol: one(protocolIds, row.client_protocol),
  modelAsked: row.model_asked,
  provider: row.provider,
  model: row.model,
  upstreamProtocol: optional(protocolIds, row.upstream_protocol),
  credential: row.credential,
  reservedNanoUsd: row.reserved_nano_usd,
  reservedInputTokens: number(row.reserved_input_tokens),
  reservedOutputTokens: number(row.reserved_output_tokens),
  requestBytes: Number(row.request_bytes),
  tags: texts(row.tags),
})

export const readAttempt = (row: Selectable<ExchangeAttemptsTable>): AttemptRow => ({
  exchange: row.exchange,
  number: Number(row.number),
  at: Number(row.at),
  provider: row.provider,
  credential: row.credential,
  protocol: one(protocolIds, row.protocol),
  modelSent: row.model_sent,
  modelAnswered: row.model_answered,
  finishReason: row.finish_reason,
  status: number(row.status),
  error: row.error,
  latencyMs: Number(row.latency_ms),
  ttftMs: number(row.ttft_ms),
  usage: usageFromColumns(row),
  usageSource: optional(usageSources, row.usage_source),
  costNanoUsd: row.cost_nano_usd,
  ...(row.provider_cost_nano_usd === null ? {} : { providerCostNanoUsd: row.provider_cost_nano_usd }),
  priceVersion: row.price_version,
  upstreamRequestId: row.upstream_request_id,
})

export const readClosed = (row: Selectable<ExchangeClosedTable>): ClosedRow => ({
  exchange: row.exchange,
  instance: row.instance,
  at: Number(row.at),
  openedAt: Number(row.opened_at),
  kind: one(kinds, row.kind),
  direction: one(directions, row.direction),
  counterparty: row.counterparty,
  tenant: readTenant(row),
  session: row.session,
  operation: one(operations, row.operation),
  clientProtocol: one(protocolIds, row.client_protocol),
  upstreamProtocol: optional(protocolIds, row.upstream_protocol),
  modelAsked: row.model_asked,
  modelAnswered: row.model_answered,
  provider: row.provider,
  credential: row.credential,
  outcome: one(outcomes, row.outcome),
  status: number(row.status),
  error: row.error,
  stage: row.stage,
  streamed: row.streamed !== 0n,
  attempts: Number(row.attempts),
  usage: usageFromColumns(row),
  usageSource: optional(usageSources, row.usage_source),
  costNanoUsd: row.cost_nano_usd,
  priceVersion: row.price_version,
  latencyMs: Number(row.latency_ms),
  ttftMs: number(row.ttft_ms),
  requestBytes: Number(row.request_bytes),
  responseBytes: Number(row.response_bytes),
  warnings: row.warnings,
  clientAgent: row.client_agent,
  tags: texts(row.tags),
  firewall: row.firewall,
  cache: row.cache,
  cacheSavedNanoUsd: row.cache_saved_nano_usd,
  compression: readCompression(row),
})

const readCompression = (row: Selectable<ExchangeClosedTable>): Compression | null =>
  row.compress_bytes_before === null
    ? null
    : {
        bytesBefore: Number(row.compress_bytes_before),
        bytesAfter: Number(row.compress_bytes_after ?? 0n),
        tokensBefore: Number(row.compress_tokens_before ?? 0n),
        tokensAfter: Number(row.compress_tokens_after ?? 0n),
      }

const kinds = ['client', 'shadow', 'canary', 'cache', 'background', 'peer'] as const
const directions = ['consume', 'supply'] as const
const usageSources = ['reported', 'counted', 'estimated'] as const
const outcomes = [
  ...(['success', 'upstream_error', 'refused', 'client_aborted', 'upstream_died'] as const),
  ...(['gateway_error', 'orphaned'] as const),
] as const

const readTenant = (row: Selectable<TenantColumns>): Tenant => ({
  organisation: row.organisation_id,
  team: row.team_id,
  user: row.user_id,
  key: row.key_id,
})

const texts = (json: string | null): readonly string[] => {
  const list: unknown = json === null ? [] : JSON.parse(json)
  return Array.isArray(list) ? list.map(String) : []
}

const number = (value: bigint | null): number | null => (value === null ? null : Number(value))

const optional = <Name extends string>(names: readonly Name[], value: string | null): Name | null =>
  value === null ? null : one(names, value)

/** A word that this version does not know was written by a newer one. */
const one = <Name extends string>(names: readonly Name[], value: string): Name => {
  const name = names.find((known) => known === value)
  if (name === undefined) throw new Error(`the ledger holds "${value}", which this version does not know`)
  return name
}
