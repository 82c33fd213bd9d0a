/**
 * Ledger rows as arrays of values, in the order of these column lists. The same arrays go into a spool line, to the
 * storage Worker and into the insert statements: a row is turned into text once.
 */
import { type Usage, usageCounters } from '../ir/index.ts'
import type { AttemptRow, ClosedRow, EntryCacheBreak, OpenedRow, Tenant } from './entry.ts'

/** Amounts are decimal strings: JSON numbers lose digits beyond 2^53, and both databases read them as integers. */
export type Value = string | number | null

const tenantColumns = ['organisation_id', 'team_id', 'user_id', 'key_id'] as const

const usageColumns = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_long_tokens',
  'reasoning_tokens',
  'usage_other',
  'usage_source',
  'cost_nano_usd',
  'price_version',
] as const

export const openedColumns = [
  ...(['exchange', 'instance', 'at', 'kind', 'direction', 'counterparty'] as const),
  ...tenantColumns,
  ...(['session', 'operation', 'client_protocol', 'model_asked', 'provider', 'model'] as const),
  ...(['upstream_protocol', 'credential', 'reserved_nano_usd', 'reserved_input_tokens'] as const),
  ...(['reserved_output_tokens', 'request_bytes', 'tags'] as const),
] as const

export const attemptColumns = [
  ...(['exchange', 'number', 'at'] as const),
  ...tenantColumns,
  ...(['provider', 'credential', 'protocol', 'model_sent', 'model_answered', 'status', 'error'] as const),
  ...(['latency_ms', 'ttft_ms', 'upstream_request_id', 'finish_reason'] as const),
  ...(['provider_cost_nano_usd'] as const),
  ...usageColumns,
] as const

export const closedColumns = [
  ...(['exchange', 'instance', 'at', 'opened_at', 'kind', 'direction', 'counterparty'] as const),
  ...tenantColumns,
  ...(['session', 'operation', 'client_protocol', 'upstream_protocol', 'model_asked'] as const),
  ...(['model_answered', 'provider', 'credential', 'outcome', 'status', 'error', 'stage'] as const),
  ...(['streamed', 'attempts', 'latency_ms', 'ttft_ms', 'request_bytes', 'response_bytes'] as const),
  ...(['warnings', 'client_agent', 'tags', 'firewall', 'cache', 'cache_saved_nano_usd'] as const),
  ...(['compress_bytes_before', 'compress_bytes_after'] as const),
  ...(['compress_tokens_before', 'compress_tokens_after'] as const),
  ...usageColumns,
  ...([
    'prompt_cache_saved_nano_usd',
    'prompt_cache_lost_nano_usd',
    'prompt_cache_missed_nano_usd',
    'prompt_cache_break',
  ] as const),
] as const

// Written out without spreads, which cost more than everything else here together.
export const openedValues = (row: OpenedRow): readonly Value[] => [
  row.exchange,
  row.instance,
  integer(row.at),
  row.kind,
  row.direction,
  text(row.counterparty),
  row.tenant.organisation,
  row.tenant.team,
  row.tenant.user,
  row.tenant.key,
  text(row.session),
  row.operation,
  row.clientProtocol,
  text(row.modelAsked),
  text(row.provider),
  text(row.model),
  row.upstreamProtocol,
  text(row.credential),
  money(row.reservedNanoUsd),
  counter(row.reservedInputTokens),
  counter(row.reservedOutputTokens),
  integer(row.requestBytes),
  list(row.tags),
]

/** An attempt belongs to whom its exchange belongs to. */
export const attemptValues = (row: AttemptRow, tenant: Tenant): readonly Value[] => [
  row.exchange,
  row.number,
  integer(row.at),
  tenant.organisation,
  tenant.team,
  tenant.user,
  tenant.key,
  text(row.provider),
  text(row.credential),
  row.protocol,
  text(row.modelSent),
  text(row.modelAnswered),
  integer(row.status),
  text(row.error),
  integer(row.latencyMs),
  integer(row.ttftMs),
  text(row.upstreamRequestId),
  text(row.finishReason),
  money(row.providerCostNanoUsd ?? null),
  counter(row.usage?.inputTokens),
  counter(row.usage?.outputTokens),
  counter(row.usage?.cacheReadTokens),
  counter(row.usage?.cacheWriteTokens),
  counter(row.usage?.cacheWriteLongTokens),
  counter(row.usage?.reasoningTokens),
  otherUsage(row.usage),
  row.usageSource,
  money(row.costNanoUsd),
  text(row.priceVersion),
]

export const closedValues = (row: ClosedRow): readonly Value[] => [
  row.exchange,
  row.instance,
  integer(row.at),
  integer(row.openedAt),
  row.kind,
  row.direction,
  text(row.counterparty ?? null),
  row.tenant.organisation,
  row.tenant.team,
  row.tenant.user,
  row.tenant.key,
  text(row.session),
  row.operation,
  row.clientProtocol,
  row.upstreamProtocol,
  text(row.modelAsked),
  text(row.modelAnswered),
  text(row.provider),
  text(row.credential),
  row.outcome,
  integer(row.status),
  text(row.error),
  text(row.stage),
  row.streamed ? 1 : 0,
  row.attempts,
  integer(row.latencyMs),
  integer(row.ttftMs),
  integer(row.requestBytes),
  integer(row.responseBytes),
  row.warnings,
  text(row.clientAgent),
  list(row.tags),
  row.firewall,
  row.cache,
  money(row.cacheSavedNanoUsd),
  integer(row.compression?.bytesBefore),
  integer(row.compression?.bytesAfter),
  counter(row.compression?.tokensBefore),
  counter(row.compression?.tokensAfter),
  counter(row.usage?.inputTokens),
  counter(row.usage?.outputTokens),
  counter(row.usage?.cacheReadTokens),
  counter(row.usage?.cacheWriteTokens),
  counter(row.usage?.cacheWriteLongTokens),
  counter(row.usage?.reasoningTokens),
  otherUsage(row.usage),
  row.usageSource,
  money(row.costNanoUsd),
  text(row.priceVersion),
  money(row.cacheMoney?.saved ?? null),
  money(row.cacheMoney?.lost ?? null),
  money(row.promptCacheBreak?.missedNanoUsd ?? null),
  promptCacheBreak(row.promptCacheBreak ?? null),
]

/** The six counters with a column of their own, and the rest as JSON text. Absent counters are absent. */
export const usageFromColumns = (columns: UsageColumnValues): Usage | null => {
  const other: unknown = columns.usage_other === null ? {} : JSON.parse(columns.usage_other)
  const usage: Record<string, number> = {}
  for (const [name, value] of [...counterColumns(columns), ...Object.entries(other ?? {})]) {
    if (typeof value === 'number' || typeof value === 'bigint') usage[name] = Number(value)
  }
  return Object.keys(usage).length === 0 ? null : usage
}

export interface UsageColumnValues {
  readonly input_tokens: bigint | null
  readonly output_tokens: bigint | null
  readonly cache_read_tokens: bigint | null
  readonly cache_write_tokens: bigint | null
  readonly cache_write_long_tokens: bigint | null
  readonly reasoning_tokens: bigint | null
  readonly usage_other: string | null
}

const counterColumns = (columns: UsageColumnValues) =>
  [
    ['inputTokens', columns.input_tokens],
    ['outputTokens', columns.output_tokens],
    ['cacheReadTokens', columns.cache_read_tokens],
    ['cacheWriteTokens', columns.cache_write_tokens],
    ['cacheWriteLongTokens', columns.cache_write_long_tokens],
    ['reasoningTokens', columns.reasoning_tokens],
  ] as const

/** The counters after the first six, which have columns. */
const otherCounters = usageCounters.slice(6)

const otherUsage = (usage: Usage | null): string | null => {
  if (usage === null) return null
  let other: Record<string, number> | null = null
  for (const name of otherCounters) {
    const value = counter(usage[name])
    if (value === null) continue
    other ??= {}
    other[name] = value
  }
  return other === null ? null : JSON.stringify(other)
}

/** Clients and providers choose some of these texts; a name of a megabyte must not become a row of a megabyte. */
const longestText = 2_000

const text = (value: string | null): string | null =>
  value !== null && value.length > longestText ? value.slice(0, longestText) : value

/** As JSON, without the money, which has a column of its own. */
const promptCacheBreak = (found: EntryCacheBreak | null): string | null => {
  if (found === null) return null
  const { missedNanoUsd: _money, ...rest } = found
  return JSON.stringify(rest)
}

/** As JSON; both databases keep it as text. The number and length of tags are bounded where they are read. */
const list = (values: readonly string[]): string | null =>
  values.length === 0 ? null : JSON.stringify(values)

/** Counters come from providers: an absurd number must not make the row, or a sum of rows, impossible to store. */
const counter = (value: number | null | undefined): number | null => bounded(value, 1e12)

const integer = (value: number | null | undefined): number | null => bounded(value, Number.MAX_SAFE_INTEGER)

const bounded = (value: number | null | undefined, most: number): number | null =>
  value === null || value === undefined || Number.isNaN(value)
    ? null
    : Math.trunc(Math.max(-most, Math.min(most, value)))

/** What an int8 column holds: about 9.2 billion dollars. */
const mostMoney = 2n ** 63n - 1n

const money = (value: bigint | null): string | null => {
  if (value === null) return null
  return String(value > mostMoney ? mostMoney : value < -mostMoney ? -mostMoney : value)
}
