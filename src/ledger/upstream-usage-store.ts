import { type Kysely, sql } from 'kysely'
import type { Schema } from '../storage/index.ts'
import { toInteger } from './entry-filter.ts'

export interface UpstreamUsageQuery {
  readonly provider: string
  readonly organisation?: string
  /** Calls that were made at this time or later, and before `to`. Milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
}

/** Upstream calls of one UTC day to one model. Counters that a call did not report add nothing. */
export interface UpstreamUsageRow {
  /** `2026-11-21` */
  readonly day: string
  /** As the provider named it in its answers, else as it was asked. */
  readonly model: string
  /** Calls that were answered with success. */
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly cacheWriteLongTokens: number
  readonly costNanoUsd: bigint
  /** Calls that used tokens and have no known cost. */
  readonly unpriced: number
}

/** Every call counts, retried and hedged ones too: a provider bills calls, not exchanges. */
export const readUpstreamUsage = async (
  kysely: Kysely<Schema>,
  { provider, organisation, from, to }: UpstreamUsageQuery,
): Promise<readonly UpstreamUsageRow[]> => {
  const day = sql<bigint>`at / 86400000`
  const model = sql<string>`coalesce(model_answered, model_sent)`
  const sum = (column: string) => sql<bigint>`cast(coalesce(sum(${sql.ref(column)}), 0) as bigint)`
  const rows = await kysely
    .selectFrom('exchange_attempts')
    .select([
      day.as('day'),
      model.as('model'),
      sql<bigint>`count(case when status between 200 and 299 then 1 end)`.as('requests'),
      sum('input_tokens').as('input'),
      sum('output_tokens').as('output'),
      sum('cache_read_tokens').as('cacheRead'),
      sum('cache_write_tokens').as('cacheWrite'),
      sum('cache_write_long_tokens').as('cacheWriteLong'),
      sum('cost_nano_usd').as('cost'),
      sql<bigint>`count(case when cost_nano_usd is null and coalesce(input_tokens, output_tokens) is not null
        then 1 end)`.as('unpriced'),
    ])
    .where('provider', '=', provider)
    .$if(organisation !== undefined, (query) => query.where('organisation_id', '=', organisation ?? ''))
    .$if(from !== undefined, (query) => query.where('at', '>=', toInteger(from ?? 0)))
    .$if(to !== undefined, (query) => query.where('at', '<', toInteger(to ?? 0)))
    .groupBy([day, model])
    .orderBy('day')
    .orderBy('model')
    .execute()
  return rows.map((row) => ({
    day: new Date(Number(row.day) * 86_400_000).toISOString().slice(0, 10),
    model: row.model,
    requests: Number(row.requests),
    inputTokens: Number(row.input),
    outputTokens: Number(row.output),
    cacheReadTokens: Number(row.cacheRead),
    cacheWriteTokens: Number(row.cacheWrite),
    cacheWriteLongTokens: Number(row.cacheWriteLong),
    costNanoUsd: row.cost,
    unpriced: Number(row.unpriced),
  }))
}
