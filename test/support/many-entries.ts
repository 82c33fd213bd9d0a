import { sql } from 'kysely'
import type { Database } from '../../src/storage/index.ts'

export const manyEntriesStart = Date.UTC(2026, 7, 1)

/** Three months of a busy team, a little less in the last ones, in milliseconds. */
const span = 92 * 86_400_000

/**
 * Fills the ledger with final rows that the database itself makes up: 12 models of 4 providers, 60 keys of 8 teams,
 * 20,000 sessions, one refusal in 50, one row without a price in 97. The same for the same count.
 */
export const insertManyEntries = async ({ kysely, kind }: Database, count: number): Promise<void> => {
  const numbers =
    kind === 'sqlite'
      ? sql`with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < ${sql.lit(count - 1)})`
      : sql`with numbers as (select n::int8 from generate_series(0, ${sql.lit(count - 1)}) n)`
  const padded = kind === 'sqlite' ? sql`printf('%08d', n)` : sql`lpad(n::text, 8, '0')`
  const columns: Readonly<Record<string, ReturnType<typeof sql>>> = {
    exchange: sql`'req_' || ${padded}`,
    instance: sql`'instance-1'`,
    // Not evenly: some quarters have many.
    at: sql`${sql.lit(manyEntriesStart)} + (n * ${sql.lit(Math.floor(span / count))}) + (n * 7919 % 3600000)`,
    opened_at: sql`${sql.lit(manyEntriesStart)} + n * ${sql.lit(Math.floor(span / count))}`,
    kind: sql`'client'`,
    direction: sql`'consume'`,
    organisation_id: sql`'org_default'`,
    team_id: sql`'team-' || (n * 13 % 60 % 8)`,
    key_id: sql`'key-' || (n * 13 % 60)`,
    session: sql`'session-' || (n * 31 % 20000)`,
    operation: sql`'generate'`,
    client_protocol: sql`'openai-chat'`,
    upstream_protocol: sql`'openai-chat'`,
    provider: sql`'provider-' || (n * 17 % 12 % 4)`,
    model_asked: sql`'model-' || (n * 17 % 12)`,
    model_answered: sql`case when n % 50 = 0 then null else 'model-' || (n * 17 % 12) end`,
    outcome: sql`case when n % 50 = 0 then 'refused' else 'success' end`,
    status: sql`case when n % 50 = 0 then 429 else 200 end`,
    streamed: sql`1`,
    attempts: sql`1`,
    latency_ms: sql`900`,
    request_bytes: sql`4000`,
    response_bytes: sql`2000`,
    client_agent: sql`'claude-cli/2.1.' || (n % 5)`,
    input_tokens: sql`1000 + n % 5000`,
    output_tokens: sql`100 + n % 900`,
    cache_read_tokens: sql`n % 900`,
    usage_source: sql`'reported'`,
    cost_nano_usd: sql`case when n % 97 = 0 then null else 1000000 + n * 37 % 9000000 end`,
  }
  const names = Object.keys(columns)
  await sql`insert into exchange_closed (${sql.join(names.map((name) => sql.ref(name)))})
    ${numbers} select ${sql.join(names.map((name) => columns[name]))} from numbers`.execute(kysely)
}
