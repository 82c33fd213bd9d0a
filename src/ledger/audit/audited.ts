import { type SqlBool, sql } from 'kysely'
import { toInteger } from '../entry-filter.ts'

/** What of an upstream is looked at. */
export interface AuditedQuery {
  /** At this time or later, and before `to`. Milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
  readonly provider?: string
  readonly model?: string
}

/** @param columns where a row says it */
export const isAudited = (
  { from, to, provider, model }: AuditedQuery,
  columns: Readonly<Record<'at' | 'provider' | 'model', string>> = own,
) => {
  const { at, provider: by, model: named } = columns
  return sql<SqlBool>`${sql.join(
    [
      sql`1 = 1`,
      ...(from === undefined ? [] : [sql`${sql.ref(at)} >= ${toInteger(from)}`]),
      ...(to === undefined ? [] : [sql`${sql.ref(at)} < ${toInteger(to)}`]),
      ...(provider === undefined ? [] : [sql`${sql.ref(by)} = ${provider}`]),
      ...(model === undefined ? [] : [sql`${sql.ref(named)} = ${model}`]),
    ],
    sql` and `,
  )}`
}

const own = { at: 'at', provider: 'provider', model: 'model' } as const
