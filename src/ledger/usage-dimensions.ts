/** What a report may be broken down by, in SQL. */
import { type RawBuilder, sql } from 'kysely'
import type { DatabaseKind } from '../storage/index.ts'
import { filterColumns, isFilterName } from './entry-filter.ts'
import type { ZoneSpan } from './time-zone.ts'

/**
 * Names of what a report may be broken down by. `model` is the one that answered, else the one that was asked for;
 * `protocols` the pair of the client's and the upstream's.
 */
export const usageDimensions = [
  ...(['model', 'day', 'hour', 'month', 'protocol', 'protocols', 'client', 'status', 'source'] as const),
  ...Object.keys(filterColumns).filter(isFilterName),
] as const

export type UsageDimension = (typeof usageDimensions)[number]

export interface Dimension {
  /** The columns that it is made of; `at` for times. */
  readonly columns: readonly string[]
  readonly expression: RawBuilder<unknown>
  readonly time: boolean
  /** The name of a group, from what the expression gave. */
  readonly label: (value: unknown) => string | null
}

export const dimension = (by: UsageDimension, kind: DatabaseKind, zone: readonly ZoneSpan[]): Dimension => {
  const column = (...columns: readonly string[]): Dimension => ({
    columns,
    expression: columns.length === 1 ? sql`${sql.ref(columns[0] ?? '')}` : coalesced(columns),
    time: false,
    label: text,
  })
  switch (by) {
    case 'model':
      return column('model_answered', 'model_asked')
    case 'protocol':
      return column('client_protocol')
    case 'protocols':
      return {
        ...column('client_protocol', 'upstream_protocol'),
        expression: sql`client_protocol || coalesce(' > ' || upstream_protocol, '')`,
      }
    case 'client':
      return column('client_agent')
    case 'source':
      return { ...column('usage_source'), expression: sql`coalesce(usage_source, 'none')` }
    case 'status':
      return { ...column('status'), expression: sql`cast(status as text)` }
    case 'hour':
      return time(zone, 3_600_000, 13)
    case 'day':
      return time(zone, 86_400_000, 10)
    case 'month':
      return { ...time(zone, 1, 7), expression: month(kind, local(zone)), label: text }
    default:
      return column(filterColumns[by])
  }
}

const coalesced = (columns: readonly string[]) =>
  sql`coalesce(${sql.join(columns.map((name) => sql.ref(name)))})`

const text = (value: unknown): string | null => (value === null || value === undefined ? null : String(value))

/** Whole numbers group several times faster than texts. */
const time = (zone: readonly ZoneSpan[], span: number, letters: number): Dimension => ({
  columns: ['at'],
  expression: sql`(${local(zone)}) / ${sql.lit(span)}`,
  time: true,
  label: (value) => new Date(Number(value) * span).toISOString().slice(0, letters),
})

/** Local time as if it were UTC. Spelled into the statement: PostgreSQL groups by equal texts only. */
const local = (zone: readonly ZoneSpan[]): RawBuilder<unknown> => {
  const [first, ...later] = zone
  if (later.length === 0) return sql`at + ${sql.lit(first?.offset ?? 0)}`
  const branches = later.map(
    ({ from }, place) => sql`when at < ${sql.lit(from)} then ${sql.lit(zone[place]?.offset ?? 0)}`,
  )
  return sql`at + case ${sql.join(branches, sql` `)} else ${sql.lit(later.at(-1)?.offset ?? 0)} end`
}

const month = (kind: DatabaseKind, at: RawBuilder<unknown>): RawBuilder<unknown> =>
  kind === 'sqlite'
    ? sql`strftime('%Y-%m', (${at}) / 1000, 'unixepoch')`
    : sql`to_char(to_timestamp((${at}) / 1000) at time zone 'UTC', 'YYYY-MM')`
