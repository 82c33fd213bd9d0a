import { sql } from 'kysely'
import type { Database } from '../storage/index.ts'

/** Runs in a storage Worker; every method is called across threads. Times are milliseconds since 1970. */
export interface PriceStore {
  /** The newest import, with its body, where it is newer than this one. */
  readonly newest: (after: number) => Promise<StoredImport | undefined>
  /** Makes this the newest import; answers its number. */
  readonly append: (row: Omit<StoredImport, 'number'>) => Promise<number>
  /** Writes down cards that something was billed with. What is known stays as it was. */
  readonly noteVersions: (rows: readonly StoredVersion[]) => Promise<void>
  /** The versions that something was billed with, newest first, at most 1,000. */
  readonly versions: (query: VersionQuery) => Promise<readonly StoredVersion[]>
  /** Models that were called and whose cost is not known, the most frequent first, at most 1,000. */
  readonly unpriced: (query: UnpricedQuery) => Promise<readonly UnpricedModel[]>
}

export interface StoredImport {
  readonly number: number
  readonly digest: string
  readonly source: string
  readonly actor: string
  readonly at: number
  readonly body: string
}

export interface StoredVersion {
  readonly provider: string
  readonly model: string
  readonly version: string
  readonly card: string
  readonly firstAt: number
}

export interface VersionQuery {
  readonly model: string
  readonly provider?: string
  readonly version?: string
}

export interface UnpricedQuery {
  /** Calls that began at this time or later. */
  readonly from: number
  /** Only those of this organisation; null for all. */
  readonly organisation: string | null
}

export interface UnpricedModel {
  readonly provider: string
  readonly model: string
  readonly calls: number
  readonly lastAt: number
}

const most = 1_000

export const createPriceStore = (database: Database): PriceStore => {
  const { kysely } = database
  return {
    async newest(after) {
      const row = await kysely
        .selectFrom('price_imports')
        .selectAll()
        .where('number', '>', BigInt(after))
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row === undefined ? undefined : { ...row, number: Number(row.number), at: Number(row.at) }
    },
    async append(row) {
      // The number is the key: of two that come at once, one is refused, and asks again.
      for (let tries = 1; ; tries++) {
        try {
          const { number } = await kysely
            .insertInto('price_imports')
            .values({ ...row, number: sql<bigint>`(select coalesce(max(number), 0) + 1 from price_imports)` })
            .returning('number')
            .executeTakeFirstOrThrow()
          return Number(number)
        } catch (error) {
          if (tries === 5) throw error
        }
      }
    },
    async noteVersions(rows) {
      if (rows.length === 0) return
      await kysely
        .insertInto('price_versions')
        .values(rows.map(({ firstAt, ...row }) => ({ ...row, first_at: firstAt })))
        .onConflict((conflict) => conflict.columns(['provider', 'model', 'version']).doNothing())
        .execute()
    },
    async versions({ model, provider, version }) {
      const rows = await kysely
        .selectFrom('price_versions')
        .selectAll()
        .where('model', '=', model)
        .$if(provider !== undefined, (query) => query.where('provider', '=', provider ?? ''))
        .$if(version !== undefined, (query) => query.where('version', '=', version ?? ''))
        .orderBy('first_at', 'desc')
        .orderBy('version', 'desc')
        .limit(most)
        .execute()
      return rows.map(({ first_at, ...row }) => ({ ...row, firstAt: Number(first_at) }))
    },
    async unpriced({ from, organisation }) {
      const rows = await kysely
        .selectFrom('exchange_attempts')
        .select(['provider', 'model_sent'])
        .select(sql<bigint>`count(*)`.as('calls'))
        .select(sql<bigint>`max(at)`.as('last_at'))
        .where('at', '>=', BigInt(from))
        .where('cost_nano_usd', 'is', null)
        // Without a status nobody answered: what failed so is unknown for another reason.
        .where('status', '<', 400n)
        .$if(organisation !== null, (query) => query.where('organisation_id', '=', organisation ?? ''))
        .groupBy(['provider', 'model_sent'])
        .orderBy('calls', 'desc')
        .orderBy('provider')
        .orderBy('model_sent')
        .limit(most)
        .execute()
      return rows.map((row) => ({
        provider: row.provider,
        model: row.model_sent,
        calls: Number(row.calls),
        lastAt: Number(row.last_at),
      }))
    },
  }
}
