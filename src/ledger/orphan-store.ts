import { type Kysely, sql } from 'kysely'
import type { Schema } from '../storage/index.ts'
import { closedColumns } from './row-format.ts'

/** A dead instance, and the span in which its orphans were alive. */
export interface DeadInstance {
  readonly instance: string
  /** Nothing that it opened before this time is still open. */
  readonly openSince: number
  /** When it was last known to be alive: the time at which its orphans end. */
  readonly lastAlive: number
}

/**
 * Gives every exchange that a dead instance left open its final row: outcome `orphaned`, charged what it had
 * reserved. Several sweepers may run at once; the key of the final row lets one of them win for each exchange.
 * Answers how many final rows this call wrote.
 */
export const closeOrphans = async (kysely: Kysely<Schema>, dead: DeadInstance): Promise<number> => {
  let closed = 0
  for (;;) {
    // In pages: each is a short transaction, and commits of running exchanges go in between.
    const result = await insertOrphans(dead).execute(kysely)
    closed += Number(result.numAffectedRows ?? 0n)
    if (!(await hasOrphans(kysely, dead))) return closed
  }
}

const pageSize = 500

/** Values of the final row that are not a copy of the opened row; the other columns are null. */
const orphanValues = (dead: DeadInstance): Readonly<Record<string, ReturnType<typeof sql>>> => {
  const copied = [
    ...['exchange', 'instance', 'kind', 'direction', 'counterparty', 'organisation_id', 'team_id', 'user_id'],
    ...['key_id', 'session', 'operation', 'client_protocol', 'upstream_protocol', 'model_asked', 'provider'],
    ...['credential', 'request_bytes', 'tags'],
  ]
  const endedAt = sql`case when opened.at > ${dead.lastAlive} then opened.at else ${dead.lastAlive} end`
  return {
    ...Object.fromEntries(copied.map((name) => [name, sql.ref(`opened.${name}`)])),
    at: endedAt,
    opened_at: sql`opened.at`,
    latency_ms: sql`case when opened.at > ${dead.lastAlive} then 0 else ${dead.lastAlive} - opened.at end`,
    model_answered: sql`opened.model`,
    outcome: sql`'orphaned'`,
    error: sql`'gateway_internal'`,
    streamed: sql`0`,
    attempts: sql`0`,
    response_bytes: sql`0`,
    input_tokens: sql`opened.reserved_input_tokens`,
    output_tokens: sql`opened.reserved_output_tokens`,
    usage_source: sql`'estimated'`,
    cost_nano_usd: sql`opened.reserved_nano_usd`,
  }
}

const insertOrphans = (dead: DeadInstance) => {
  const values = orphanValues(dead)
  const names = closedColumns.filter((name) => values[name] !== undefined)
  return sql`insert into exchange_closed (${sql.join(names.map((name) => sql.ref(name)))})
    select ${sql.join(names.map((name) => values[name]))} ${openOf(dead)} limit ${pageSize}
    on conflict do nothing`
}

const hasOrphans = async (kysely: Kysely<Schema>, dead: DeadInstance): Promise<boolean> => {
  const { rows } = await sql`select 1 ${openOf(dead)} limit 1`.execute(kysely)
  return rows.length > 0
}

const openOf = (dead: DeadInstance) => sql`from exchange_opened opened
  where opened.instance = ${dead.instance} and opened.at >= ${dead.openSince}
  and not exists (select 1 from exchange_closed closed where closed.exchange = opened.exchange)`
