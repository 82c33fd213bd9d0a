import { type Kysely, sql } from 'kysely'
import type { DatabaseKind, Schema } from '../storage/index.ts'
import { toInteger } from './entry-filter.ts'

export interface FirewallQuery {
  readonly organisation?: string
  /** Exchanges that ended at this time or later, and before `to`. Milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
  /** Also apart by key. */
  readonly byKey?: boolean
}

/** What one detector found of one type, and what was done about it. */
export interface FirewallRow {
  readonly detector: string
  readonly type: string
  readonly direction: string
  readonly action: string
  /** Only where it was asked for; null for exchanges without a key. */
  readonly key?: string | null
  readonly exchanges: number
  readonly findings: number
  /** When it was found last, in milliseconds since 1970. */
  readonly last: number
}

const mostRows = 1_000

/** Adds up what the ledger says was found, the most frequent first. */
export const readFirewall = async (
  kysely: Kysely<Schema>,
  kind: DatabaseKind,
  { organisation, from, to, byKey }: FirewallQuery,
): Promise<readonly FirewallRow[]> => {
  const list = kind === 'sqlite' ? sql`json_each(e.firewall)` : sql`json_array_elements(e.firewall::json)`
  const member = (name: string) =>
    kind === 'sqlite' ? sql`json_extract(f.value, ${sql.lit(`$.${name}`)})` : sql`f.value->>${sql.lit(name)}`
  const conditions = [
    sql`e.firewall is not null`,
    ...(organisation === undefined ? [] : [sql`e.organisation_id = ${organisation}`]),
    ...(from === undefined ? [] : [sql`e.at >= ${toInteger(from)}`]),
    ...(to === undefined ? [] : [sql`e.at < ${toInteger(to)}`]),
  ]
  const key = byKey === true ? sql`e.key_id` : sql`null`
  const { rows } = await sql<Counted>`
    select ${member('detector')} as detector, ${member('type')} as type, ${member('direction')} as direction,
      ${member('action')} as action, ${key} as key_id, count(distinct e.exchange) as exchanges,
      cast(sum(cast(${member('count')} as bigint)) as bigint) as findings, max(e.at) as last
    from exchange_entries e cross join ${list} as f
    where ${sql.join(conditions, sql` and `)}
    group by 1, 2, 3, 4, 5 order by findings desc, 1, 2, 3, 4, 5 limit ${sql.lit(mostRows)}`.execute(kysely)
  return rows.map(({ detector, type, direction, action, key_id, exchanges, findings, last }) => ({
    ...{ detector, type, direction, action },
    ...(byKey === true ? { key: key_id } : {}),
    exchanges: Number(exchanges),
    findings: Number(findings),
    last: Number(last),
  }))
}

interface Counted {
  readonly detector: string
  readonly type: string
  readonly direction: string
  readonly action: string
  readonly key_id: string | null
  readonly exchanges: bigint
  readonly findings: bigint
  readonly last: bigint
}
