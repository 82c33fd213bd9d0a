import { type RawBuilder, sql } from 'kysely'
import type { Schema } from '../storage/index.ts'

/** Which entries count. Several values of one field are alternatives; several fields must all match. */
export interface EntryFilters {
  readonly organisation?: string | readonly string[]
  readonly team?: string | readonly string[]
  readonly user?: string | readonly string[]
  readonly key?: string | readonly string[]
  readonly session?: string | readonly string[]
  readonly kind?: string | readonly string[]
  readonly direction?: string | readonly string[]
  readonly operation?: string | readonly string[]
  readonly provider?: string | readonly string[]
  readonly credential?: string | readonly string[]
  readonly modelAsked?: string | readonly string[]
  readonly modelAnswered?: string | readonly string[]
  readonly outcome?: string | readonly string[]
  readonly exchange?: string | readonly string[]
  readonly clientProtocol?: string | readonly string[]
  readonly upstreamProtocol?: string | readonly string[]
  readonly clientAgent?: string | readonly string[]
  readonly counterparty?: string | readonly string[]
  /** Only entries that ended at this time or later. Milliseconds since 1970. */
  readonly from?: number
  /** Only entries that ended before this time. */
  readonly to?: number
}

/** Exists in every environment that a caller may filter by; the reader of a request rejects other names. */
export const filterColumns = {
  organisation: 'organisation_id',
  team: 'team_id',
  user: 'user_id',
  key: 'key_id',
  session: 'session',
  kind: 'kind',
  direction: 'direction',
  operation: 'operation',
  provider: 'provider',
  credential: 'credential',
  modelAsked: 'model_asked',
  modelAnswered: 'model_answered',
  outcome: 'outcome',
  exchange: 'exchange',
  clientProtocol: 'client_protocol',
  upstreamProtocol: 'upstream_protocol',
  clientAgent: 'client_agent',
  counterparty: 'counterparty',
} as const satisfies Record<Exclude<keyof EntryFilters, 'from' | 'to'>, keyof Schema['exchange_entries']>

export type FilterName = keyof typeof filterColumns

export const isFilterName = (name: string): name is FilterName => Object.hasOwn(filterColumns, name)

/** The condition that `filters` stand for, on any table or view with the columns of a final row. */
export const matching = (filters: EntryFilters): RawBuilder<boolean> => {
  const conditions: RawBuilder<unknown>[] = []
  if (filters.from !== undefined) conditions.push(sql`at >= ${toInteger(filters.from)}`)
  if (filters.to !== undefined) conditions.push(sql`at < ${toInteger(filters.to)}`)
  for (const name of Object.keys(filterColumns).filter(isFilterName)) {
    const wanted = filters[name]
    if (wanted === undefined) continue
    const values = [wanted].flat()
    // PostgreSQL has no empty list: what may be nothing matches nothing.
    conditions.push(
      values.length === 0 ? sql`1 = 0` : sql`${sql.ref(filterColumns[name])} in (${sql.join(values)})`,
    )
  }
  return conditions.length === 0 ? sql`1 = 1` : sql`${sql.join(conditions, sql` and `)}`
}

/** PostgreSQL's client sends a number as a double; a bigint is an int8 on both. */
export const toInteger = (value: number): bigint => BigInt(Math.trunc(value))
