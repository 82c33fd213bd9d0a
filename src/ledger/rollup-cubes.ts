/** Sums that are kept of the ledger: which columns each table of them has, and how rows become sums. */
import { type RawBuilder, sql } from 'kysely'

/** Every time zone's day begins with a quarter of an hour, most with an hour. Milliseconds. */
export const quarter = 15 * 60_000
const hour = 4 * quarter

/** The start of the `grain` that a time lies in. */
export const startOf = (grain: number, time: number): number => Math.floor(time / grain) * grain

/** The smallest first: a report reads the first that has all of its columns. */
export const cubeNames = ['usage_by_model', 'usage_by_key'] as const

export type CubeName = (typeof cubeNames)[number]

const small = ['organisation_id', 'kind', 'direction', 'provider', 'model_asked', 'model_answered'] as const

export interface Cube {
  /** The width of the time that a row sums up. Milliseconds. */
  readonly grain: number
  /** What tells the rows of one time apart. */
  readonly columns: readonly string[]
}

export const cubes: Readonly<Record<CubeName, Cube>> = {
  usage_by_model: { grain: hour, columns: small },
  usage_by_key: {
    grain: quarter,
    columns: [
      ...small,
      ...['team_id', 'user_id', 'key_id', 'counterparty', 'credential', 'operation', 'client_protocol'],
      ...['upstream_protocol', 'outcome', 'client_agent'],
    ],
  },
}

/** The sums, by the name of their columns in every cube, as each row of the ledger adds to them. */
const addends: Readonly<Record<string, RawBuilder<unknown>>> = {
  requests: sql`1`,
  input_tokens: sql`coalesce(input_tokens, 0)`,
  output_tokens: sql`coalesce(output_tokens, 0)`,
  cache_read_tokens: sql`coalesce(cache_read_tokens, 0)`,
  cache_write_tokens: sql`coalesce(cache_write_tokens, 0)`,
  cache_write_long_tokens: sql`coalesce(cache_write_long_tokens, 0)`,
  reasoning_tokens: sql`coalesce(reasoning_tokens, 0)`,
  cost_nano_usd: sql`coalesce(cost_nano_usd, 0)`,
  unpriced: sql`case when cost_nano_usd is null then 1 else 0 end`,
  reported: sql`case when usage_source = 'reported' then 1 else 0 end`,
  counted: sql`case when usage_source = 'counted' then 1 else 0 end`,
  estimated: sql`case when usage_source = 'estimated' then 1 else 0 end`,
  prompt_cache_saved_nano_usd: sql`coalesce(prompt_cache_saved_nano_usd, 0)`,
  prompt_cache_lost_nano_usd: sql`coalesce(prompt_cache_lost_nano_usd, 0)`,
  prompt_cache_missed_nano_usd: sql`coalesce(prompt_cache_missed_nano_usd, 0)`,
  cache_breaks: sql`case when prompt_cache_break is null then 0 else 1 end`,
}

export const sumNames: readonly string[] = Object.keys(addends)

/** What a row of the ledger adds to each sum, under the sum's name. */
export const addendsOfRow = Object.entries(addends).map(
  ([name, addend]) => sql`${addend} as ${sql.ref(name)}`,
)

/** A cast: PostgreSQL adds up int8 to numeric, which comes as text. */
export const totals = sumNames.map(
  (name) => sql`cast(coalesce(sum(${sql.ref(name)}), 0) as bigint) as ${sql.ref(name)}`,
)

/** A span of time in milliseconds, the second not included. */
export type Span = readonly [from: number, to: number]

export const isSpan = ([from, to]: Span): boolean => from < to

/** That `column` lies in one of these spans. */
export const within = (column: string, spans: readonly Span[]): RawBuilder<boolean> =>
  spans.length === 0
    ? sql`1 = 0`
    : sql`(${sql.join(
        spans.map(
          ([from, to]) => sql`${sql.ref(column)} >= ${BigInt(from)} and ${sql.ref(column)} < ${BigInt(to)}`,
        ),
        sql` or `,
      )})`

/**
 * The rows that count, of these spans, with `columns` of their own. As the view `exchange_entries`, but each table
 * by its own index.
 */
export const entriesWithin = (
  spans: readonly Span[],
  columns: RawBuilder<unknown>,
  condition: RawBuilder<unknown>,
): RawBuilder<unknown> => sql`
  select ${columns} from exchange_closed where ${within('at', spans)} and ${condition} and not exists
    (select 1 from exchange_corrections where exchange_corrections.exchange = exchange_closed.exchange)
  union all
  select ${columns} from exchange_corrections where ${within('at', spans)} and ${condition}`
