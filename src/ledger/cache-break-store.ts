import { type Kysely, sql } from 'kysely'
import type { Schema } from '../storage/index.ts'
import type { EntryCacheBreak } from './entry.ts'
import { type EntryFilters, matching } from './entry-filter.ts'
import { boundedLimit } from './usage-store.ts'

/** An exchange in which a provider read less from its cache than it had kept. */
export interface CacheBreakRow extends EntryCacheBreak {
  readonly exchange: string
  /** When it ended, in milliseconds since 1970. */
  readonly at: number
  readonly session: string | null
  readonly key: string | null
  readonly provider: string | null
  readonly model: string | null
  readonly agent: string | null
}

/** The latest, newest first; those of exchanges whose end was told late, too. Each table is read by its own index. */
export const readCacheBreaks = async (
  kysely: Kysely<Schema>,
  filters: EntryFilters,
  limit?: number,
): Promise<readonly CacheBreakRow[]> => {
  const most = BigInt(boundedLimit(limit, 20))
  const condition = sql`prompt_cache_break is not null and ${matching(filters)}`
  const latest = sql`order by at desc, exchange desc limit ${most}`
  const { rows } = await sql<Row>`
    select * from (select ${columns} from exchange_closed where ${condition} and not exists
      (select 1 from exchange_corrections where exchange_corrections.exchange = exchange_closed.exchange)
      ${latest}) as closed
    union all select * from (select ${columns} from exchange_corrections where ${condition} ${latest}) as corrected
    ${latest}`.execute(kysely)
  return rows.map((row) => ({
    exchange: row.exchange,
    at: Number(row.at),
    session: row.session,
    key: row.key_id,
    provider: row.provider,
    model: row.model_answered,
    agent: row.client_agent,
    ...readBreak(row.prompt_cache_break),
    missedNanoUsd: row.prompt_cache_missed_nano_usd,
  }))
}

const columns = sql.raw(
  'exchange, at, session, key_id, provider, model_answered, client_agent, prompt_cache_break, prompt_cache_missed_nano_usd',
)

interface Row {
  readonly exchange: string
  readonly at: bigint
  readonly session: string | null
  readonly key_id: string | null
  readonly provider: string | null
  readonly model_answered: string | null
  readonly client_agent: string | null
  readonly prompt_cache_break: string
  readonly prompt_cache_missed_nano_usd: bigint | null
}

const causes = ['client', 'gateway', 'unmarked', 'provider'] as const

const readBreak = (json: string): Omit<EntryCacheBreak, 'missedNanoUsd'> => {
  const value: unknown = JSON.parse(json)
  const member = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  const number = (name: string): number | null => {
    const found = member(name)
    return typeof found === 'number' ? found : null
  }
  const path = member('path')
  return {
    cause: causes.find((cause) => cause === member('cause')) ?? 'provider',
    expectedTokens: number('expectedTokens') ?? 0,
    readTokens: number('readTokens') ?? 0,
    offset: number('offset'),
    path: typeof path === 'string' ? path : null,
  }
}
