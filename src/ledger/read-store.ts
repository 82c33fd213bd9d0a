/** The reading half of the ledger's store. Runs in a storage Worker; every method is called across threads. */
import { sql } from 'kysely'
import { GatewayError } from '../errors.ts'
import type { Database } from '../storage/index.ts'
import { type CacheBreakRow, readCacheBreaks } from './cache-break-store.ts'
import type { AttemptRow, ClosedRow, OpenedRow } from './entry.ts'
import { type EntryFilters, matching, toInteger } from './entry-filter.ts'
import { type FirewallQuery, type FirewallRow, readFirewall } from './firewall-store.ts'
import { readAttempt, readClosed, readOpened } from './row-reading.ts'
import { readUpstreamUsage, type UpstreamUsageQuery, type UpstreamUsageRow } from './upstream-usage-store.ts'
import { boundedLimit, readUsage, type UsageQuery, type UsageReport } from './usage-store.ts'

export interface LedgerReader {
  /** What upstream calls of one provider used, by UTC day and model: what its bill is about. */
  readonly upstreamUsage: (query: UpstreamUsageQuery) => Promise<readonly UpstreamUsageRow[]>
  /** What the firewall found, and what was done about it. */
  readonly firewall: (query: FirewallQuery) => Promise<readonly FirewallRow[]>
  /** The latest exchanges of which a provider read less from its cache than it had kept. Default 20. */
  readonly cacheBreaks: (filters: EntryFilters, limit?: number) => Promise<readonly CacheBreakRow[]>
  /** Requests, tokens and cost, in total and broken down. */
  readonly usage: (query: UsageQuery) => Promise<UsageReport>
  /** Final rows, newest first. A page never shifts when new rows come. */
  readonly entries: (query: EntriesQuery) => Promise<EntriesPage>
  /** Everything about one exchange; undefined when there is nothing. */
  readonly exchange: (exchange: string) => Promise<ExchangeRecord | undefined>
  /** What runs now, oldest first: opened by a living instance and without a final row. */
  readonly running: (now: number, limit?: number) => Promise<readonly OpenedRow[]>
}

export interface EntriesQuery {
  /** `next` of the page before. */
  readonly cursor?: string
  /** 1 to 1,000. Default 100. */
  readonly limit?: number
  readonly filters?: EntryFilters
  /** Default the newest first. */
  readonly order?: 'newest' | 'oldest'
  /**
   * Corrections that were recorded after this time are left out, and what they replace is not: pages that are read
   * while rows are written then have every exchange once. Milliseconds since 1970.
   */
  readonly asOf?: number
}

/** The final row of an exchange: the orphan's correction where there is one. */
export interface Entry extends ClosedRow {
  readonly corrected: boolean
}

export interface EntriesPage {
  readonly entries: readonly Entry[]
  /** The cursor of the page after this one; null on the last. */
  readonly next: string | null
}

export interface ExchangeRecord {
  readonly opened: OpenedRow | null
  readonly attempts: readonly AttemptRow[]
  /** Null while the exchange runs. */
  readonly entry: Entry | null
}

export const createLedgerReader = (database: Database): LedgerReader => {
  const { kysely } = database
  return {
    usage: (query) => readUsage(database, query),
    upstreamUsage: (query) => readUpstreamUsage(kysely, query),
    firewall: (query) => readFirewall(kysely, database.kind, query),
    cacheBreaks: (filters, limit) => readCacheBreaks(kysely, filters, limit),
    entries: async ({ cursor, limit, filters = {}, order = 'newest', asOf = Number.MAX_SAFE_INTEGER }) => {
      const size = boundedLimit(limit, 100)
      const condition = matching(filters)
      const place = cursor === undefined ? sql<boolean>`1 = 1` : beyond(order, parseCursor(cursor))
      const direction = order === 'newest' ? 'desc' : 'asc'
      const known = sql`exchange_corrections.recorded_at <= ${toInteger(asOf)}`
      // Each table by its own index, and merged here: PostgreSQL sorts the whole view for one page of it.
      const [closed, corrections] = await Promise.all([
        kysely
          .selectFrom('exchange_closed')
          .selectAll()
          .where(condition)
          .where(place)
          .where(sql<boolean>`not exists
            (select 1 from exchange_corrections
              where exchange_corrections.exchange = exchange_closed.exchange and ${known})`)
          .orderBy('at', direction)
          .orderBy('exchange', direction)
          .limit(size + 1)
          .execute(),
        kysely
          .selectFrom('exchange_corrections')
          .selectAll()
          .where(condition)
          .where(place)
          .where(sql<boolean>`${known}`)
          .orderBy('at', direction)
          .orderBy('exchange', direction)
          .limit(size + 1)
          .execute(),
      ])
      const found = [
        ...closed.map((row) => ({ ...readClosed(row), corrected: false })),
        ...corrections.map((row) => ({ ...readClosed(row), corrected: true })),
      ].sort(order === 'newest' ? newestFirst : (one, other) => newestFirst(other, one))
      const entries = found.slice(0, size)
      const last = entries.at(-1)
      return { entries, next: found.length > size && last !== undefined ? toCursor(last) : null }
    },
    exchange: async (exchange) => {
      const [opened, attempts, entry] = await Promise.all([
        kysely.selectFrom('exchange_opened').selectAll().where('exchange', '=', exchange).executeTakeFirst(),
        kysely
          .selectFrom('exchange_attempts')
          .selectAll()
          .where('exchange', '=', exchange)
          .orderBy('number')
          .execute(),
        kysely.selectFrom('exchange_entries').selectAll().where('exchange', '=', exchange).executeTakeFirst(),
      ])
      if (opened === undefined && entry === undefined) return undefined
      return {
        opened: opened === undefined ? null : readOpened(opened),
        attempts: attempts.map(readAttempt),
        entry: entry === undefined ? null : { ...readClosed(entry), corrected: entry.corrected !== 0n },
      }
    },
    running: async (now, limit) => {
      const rows = await kysely
        .selectFrom('instances')
        .innerJoin('exchange_opened as opened', 'opened.instance', 'instances.instance')
        .selectAll('opened')
        .where('instances.lease_until', '>=', toInteger(now))
        .whereRef('opened.at', '>=', 'instances.open_since')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('exchange_closed as closed')
                .select(sql.lit(1).as('one'))
                .whereRef('closed.exchange', '=', 'opened.exchange'),
            ),
          ),
        )
        .orderBy('opened.at')
        .limit(boundedLimit(limit, 1_000))
        .execute()
      return rows.map(readOpened)
    },
  }
}

/** All entries that match, page by page, newest first unless told otherwise. */
export const exportEntries = async function* (
  store: Pick<LedgerReader, 'entries'>,
  filters: EntryFilters = {},
  options: Pick<EntriesQuery, 'order' | 'asOf'> = {},
): AsyncGenerator<readonly Entry[]> {
  let cursor: string | null = null
  do {
    const page: EntriesPage = await store.entries({
      ...options,
      filters,
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    })
    if (page.entries.length > 0) yield page.entries
    cursor = page.next
  } while (cursor !== null)
}

/** As the databases order: by time, then by the code points of the id. */
const newestFirst = (one: Entry, other: Entry): number =>
  other.at - one.at || (one.exchange < other.exchange ? 1 : -1)

interface Cursor {
  readonly at: bigint
  readonly exchange: string
}

const beyond = (order: 'newest' | 'oldest', { at, exchange }: Cursor) =>
  order === 'newest'
    ? sql<boolean>`(at, exchange) < (${at}, ${exchange})`
    : sql<boolean>`(at, exchange) > (${at}, ${exchange})`

/** Opaque to clients: the place of the last entry of a page in the order of pages. */
const toCursor = (entry: Entry): string => Buffer.from(`${entry.at}:${entry.exchange}`).toString('base64url')

const parseCursor = (cursor: string): Cursor => {
  const [, at, exchange] = /^(\d{1,16}):(.{1,200})$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (at === undefined || exchange === undefined) {
    throw new GatewayError(
      'gateway_request_invalid',
      'the cursor is not one that this gateway gave: start again without it',
      { param: 'cursor' },
    )
  }
  return { at: BigInt(at), exchange }
}
