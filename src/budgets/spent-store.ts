import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import type { Database, Schema } from '../storage/index.ts'
import type { BudgetLevel, BudgetUnit } from './budget.ts'

export interface SpentQuery {
  readonly level: BudgetLevel
  /** As in `Applied`. */
  readonly subject: string | null
  /** A budget of one organisation counts that one only. */
  readonly organisation: string | null
  readonly unit: BudgetUnit
  /** Exchanges that began at this time or later, in milliseconds. */
  readonly from: number
  readonly until: number | null
  /** Sums are split by this many milliseconds; null for one sum. */
  readonly part: number | null
}

/** What the ledger says was spent. */
export interface SpentStore {
  /**
   * Sums by part, in nano-USD or tokens. An exchange whose cost nobody knows, and one that is still open, count with
   * what they reserved.
   */
  spent(query: SpentQuery): Promise<readonly (readonly [part: number, amount: bigint])[]>
}

export const createSpentStore = ({ kysely }: Pick<Database, 'kysely'>): SpentStore => ({
  async spent(query) {
    const sums = new Map<number, bigint>()
    const parts =
      query.level === 'model' || query.level === 'provider'
        ? [ofAttempts(kysely, query)]
        : [ofClosed(kysely, query)]
    for (const rows of await Promise.all([...parts, ofOpen(kysely, query)])) {
      for (const { part, amount } of rows) {
        const at = Number(part)
        sums.set(at, (sums.get(at) ?? 0n) + BigInt(amount ?? 0))
      }
    }
    return [...sums]
  },
})

/** Sums of the databases may be wider than their integers, and come as text then. */
interface Sum {
  readonly part: bigint | number | string
  readonly amount: bigint | number | string | null
}

const partColumn = (column: string, part: number | null) =>
  part === null ? sql<bigint>`0` : sql<bigint>`${sql.ref(column)} / cast(${part} as bigint)`

const ofClosed = (kysely: Kysely<Schema>, query: SpentQuery): Promise<readonly Sum[]> => {
  const amount =
    query.unit === 'usd'
      ? sql<bigint>`sum(coalesce(e.cost_nano_usd, o.reserved_nano_usd, 0))`
      : sql<bigint>`sum(case when e.input_tokens is null and e.output_tokens is null and e.outcome <> 'refused'
          then coalesce(o.reserved_input_tokens, 0) + coalesce(o.reserved_output_tokens, 0)
          else coalesce(e.input_tokens, 0) + coalesce(e.output_tokens, 0) end)`
  return kysely
    .selectFrom('exchange_entries as e')
    .leftJoin('exchange_opened as o', 'o.exchange', 'e.exchange')
    .select([partColumn('e.opened_at', query.part).as('part'), amount.as('amount')])
    .where('e.at', '>=', BigInt(query.from))
    .where('e.opened_at', '>=', BigInt(query.from))
    .$if(query.until !== null, (builder) => builder.where('e.opened_at', '<', BigInt(query.until ?? 0)))
    .where('e.direction', '=', 'consume')
    .where('e.kind', '<>', 'shadow')
    .where(belongs('e', query))
    .groupBy('part')
    .execute()
}

/** Exchanges that are not over: what they reserved. */
const ofOpen = async (kysely: Kysely<Schema>, query: SpentQuery): Promise<readonly Sum[]> => {
  // Tags are written down when an exchange ends.
  if (query.level === 'tag') return []
  const amount =
    query.unit === 'usd'
      ? sql<bigint>`sum(coalesce(o.reserved_nano_usd, 0))`
      : sql<bigint>`sum(coalesce(o.reserved_input_tokens, 0) + coalesce(o.reserved_output_tokens, 0))`
  return kysely
    .selectFrom('exchange_opened as o')
    .select([partColumn('o.at', query.part).as('part'), amount.as('amount')])
    .where('o.at', '>=', BigInt(query.from))
    .$if(query.until !== null, (builder) => builder.where('o.at', '<', BigInt(query.until ?? 0)))
    .where('o.direction', '=', 'consume')
    .where('o.kind', '<>', 'shadow')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('exchange_closed')
            .select('exchange_closed.exchange')
            .whereRef('exchange_closed.exchange', '=', 'o.exchange'),
        ),
      ),
    )
    .where(
      query.level === 'model' || query.level === 'provider'
        ? sql<SqlBool>`${sql.ref(query.level === 'model' ? 'o.model' : 'o.provider')} = ${query.subject}`
        : belongs('o', query),
    )
    .groupBy('part')
    .execute()
}

/** One exchange may have asked several providers. */
const ofAttempts = (kysely: Kysely<Schema>, query: SpentQuery): Promise<readonly Sum[]> => {
  const amount =
    query.unit === 'usd'
      ? sql<bigint>`sum(coalesce(a.cost_nano_usd, o.reserved_nano_usd, 0))`
      : sql<bigint>`sum(coalesce(a.input_tokens, 0) + coalesce(a.output_tokens, 0))`
  return kysely
    .selectFrom('exchange_attempts as a')
    .innerJoin('exchange_closed as e', 'e.exchange', 'a.exchange')
    .leftJoin('exchange_opened as o', 'o.exchange', 'a.exchange')
    .select([partColumn('e.opened_at', query.part).as('part'), amount.as('amount')])
    .where('e.at', '>=', BigInt(query.from))
    .where('e.opened_at', '>=', BigInt(query.from))
    .$if(query.until !== null, (builder) => builder.where('e.opened_at', '<', BigInt(query.until ?? 0)))
    .where('e.direction', '=', 'consume')
    .where('e.kind', '<>', 'shadow')
    .where(query.level === 'model' ? 'a.model_sent' : 'a.provider', '=', query.subject ?? '')
    .$if(query.organisation !== null, (builder) =>
      builder.where('a.organisation_id', '=', query.organisation ?? ''),
    )
    .groupBy('part')
    .execute()
}

const belongs = (table: 'e' | 'o', { level, subject, organisation }: SpentQuery): Expression<SqlBool> => {
  const column = (name: string) => sql.ref(`${table}.${name}`)
  const within =
    organisation === null ? sql<SqlBool>`true` : sql<SqlBool>`${column('organisation_id')} = ${organisation}`
  switch (level) {
    case 'organisation':
    case 'team':
    case 'user':
    case 'key':
      return sql<SqlBool>`${within} and ${column(`${level}_id`)} = ${subject}`
    case 'session': {
      const [owner, session] = parted(subject)
      return sql<SqlBool>`${column('organisation_id')} = ${owner} and ${column('session')} = ${session}`
    }
    case 'tag': {
      const [owner, tag] = parted(subject)
      const sought = `%${escaped(JSON.stringify(tag))}%`
      return sql<SqlBool>`${column('organisation_id')} = ${owner} and ${column('tags')} like ${sought} escape '\\'`
    }
    default:
      return within
  }
}

/** `organisation/name`; the name may hold slashes. */
const parted = (subject: string | null): readonly [string, string] => {
  const text = subject ?? ''
  const slash = text.indexOf('/')
  return [text.slice(0, slash), text.slice(slash + 1)]
}

/** A text within a pattern of LIKE. */
const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&')
