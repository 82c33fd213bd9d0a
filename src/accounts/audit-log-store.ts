import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { AuditLogTable, Database } from '../storage/index.ts'

/** One change, as it is to be recorded. Whoever makes it has masked the secrets in it. */
export interface NewAuditEntry {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly actorType: string
  readonly actorId: string
  readonly actorName: string
  readonly address: string | null
  /** The organisation that it is about; null for the whole gateway. */
  readonly organisation: string | null
  readonly action: string
  readonly target: string
  /** The HTTP status of the answer; null for what is no request. */
  readonly status: number | null
  /** JSON texts. */
  readonly before: string | null
  readonly after: string | null
}

export interface AuditEntry extends NewAuditEntry {
  /** From 1, without gaps. */
  readonly number: number
  readonly previousHash: string
  readonly hash: string
}

export interface AuditLogQuery {
  readonly from?: number
  readonly to?: number
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly organisation?: string
  /** Only entries with a smaller number: the last one of the page before. */
  readonly before?: number
  /** 1 to 1,000. Default 100. */
  readonly limit?: number
}

export interface AuditLogVerdict {
  readonly isIntact: boolean
  /** Entries that were looked at. */
  readonly entries: number
  /** What the log says its last entry is. */
  readonly head: { readonly number: number; readonly hash: string }
  /** The first entry that is not as it was written; null when all are. */
  readonly broken: { readonly number: number; readonly reason: string } | null
}

/** Runs in a storage Worker; every method is called across threads. */
export interface AuditLogStore {
  /** Appends one entry. Safe with several processes: one after the other. */
  readonly append: (entry: NewAuditEntry) => Promise<AuditEntry>
  /** Newest first. */
  readonly list: (query: AuditLogQuery) => Promise<readonly AuditEntry[]>
  /** Recomputes the hash of every entry. `expected` is a head that was noted earlier. */
  readonly verify: (expected?: { readonly number: number; readonly hash: string }) => Promise<AuditLogVerdict>
}

export const createAuditLogStore = (database: Database): AuditLogStore => ({
  append: (entry) =>
    database.kysely.transaction().execute(async (transaction) => {
      // Taking the head locks it, so the next writer waits for this one and sees its hash.
      const head = await transaction
        .updateTable('audit_log_head')
        .set((row) => ({ number: row('number', '+', 1n) }))
        .returningAll()
        .executeTakeFirstOrThrow()
      const whole = { ...storable(entry), number: Number(head.number), previousHash: head.hash }
      const hash = hashOf(whole)
      await transaction
        .insertInto('audit_log')
        .values(toRow({ ...whole, hash }))
        .execute()
      await transaction.updateTable('audit_log_head').set({ hash }).execute()
      return { ...whole, hash }
    }),
  list: async ({ limit = 100, ...query }) => {
    const rows = await database.kysely
      .selectFrom('audit_log')
      .selectAll()
      .$if(query.from !== undefined, (select) => select.where('at', '>=', BigInt(query.from ?? 0)))
      .$if(query.to !== undefined, (select) => select.where('at', '<', BigInt(query.to ?? 0)))
      .$if(query.before !== undefined, (select) => select.where('number', '<', BigInt(query.before ?? 0)))
      .$if(query.actor !== undefined, (select) =>
        select.where((row) =>
          row.or([row('actor_id', '=', query.actor ?? ''), row('actor_name', '=', query.actor ?? '')]),
        ),
      )
      .$if(query.action !== undefined, (select) => select.where('action', '=', query.action ?? ''))
      .$if(query.target !== undefined, (select) => select.where('target', '=', query.target ?? ''))
      .$if(query.organisation !== undefined, (select) =>
        select.where('organisation_id', '=', query.organisation ?? ''),
      )
      .orderBy('number', 'desc')
      .limit(Math.max(1, Math.min(1_000, limit)))
      .execute()
    return rows.map(fromRow)
  },
  verify: (expected) =>
    database.snapshot(async (kysely) => {
      const { number, hash } = await kysely
        .selectFrom('audit_log_head')
        .selectAll()
        .executeTakeFirstOrThrow()
        .catch(() => ({ number: 0n, hash: 'there is no head' }))
      const head = { number: Number(number), hash }
      const verdict = (entries: number, broken: AuditLogVerdict['broken']): AuditLogVerdict => ({
        ...{ isIntact: broken === null, entries, head, broken },
      })
      let previous = { number: 0, hash: '' }
      for (;;) {
        const rows = await kysely
          .selectFrom('audit_log')
          .selectAll()
          .where('number', '>', BigInt(previous.number))
          .orderBy('number')
          .limit(1_000)
          .execute()
        for (const row of rows) {
          const entry = fromRow(row)
          const reason = faultOf(entry, previous, expected)
          if (reason !== null) return verdict(previous.number, { number: previous.number + 1, reason })
          previous = entry
        }
        if (rows.length === 0) break
      }
      const end = { number: previous.number + 1, reason: 'entries are missing at the end' }
      if (head.number > previous.number) return verdict(previous.number, end)
      if (head.number < previous.number || head.hash !== previous.hash)
        return verdict(previous.number, {
          number: previous.number,
          reason: 'the head names another last entry',
        })
      if (expected !== undefined && expected.number > previous.number) return verdict(previous.number, end)
      return verdict(previous.number, null)
    }),
})

/** As it will be read: what neither database can hold would break the chain. */
const storable = (entry: NewAuditEntry): NewAuditEntry => ({
  ...entry,
  actorId: plain(entry.actorId),
  actorName: plain(entry.actorName),
  address: entry.address === null ? null : plain(entry.address),
  organisation: entry.organisation === null ? null : plain(entry.organisation),
  action: plain(entry.action),
  target: plain(entry.target),
  before: entry.before === null ? null : plain(entry.before),
  after: entry.after === null ? null : plain(entry.after),
})

const plain = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD')

type Linked = Pick<AuditEntry, 'number' | 'hash'>

const faultOf = (entry: AuditEntry, previous: Linked, expected: Linked | undefined): string | null => {
  if (entry.number !== previous.number + 1) return 'the entry is missing'
  if (entry.previousHash !== previous.hash) return 'it does not follow the entry before it'
  if (hashOf(entry) !== entry.hash) return 'it was changed after it was written'
  if (entry.number === expected?.number && entry.hash !== expected.hash)
    return 'it is not the one that was noted'
  return null
}

/** SHA-256 of all fields but the hash, as a JSON array in this order: one text for each entry, and one only. */
const hashOf = (entry: Omit<AuditEntry, 'hash'>): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        ...[entry.previousHash, entry.number, entry.at, entry.actorType, entry.actorId, entry.actorName],
        ...[entry.address, entry.organisation, entry.action, entry.target, entry.status],
        ...[entry.before, entry.after],
      ]),
    )
    .digest('hex')

const toRow = (entry: AuditEntry) => ({
  number: entry.number,
  at: entry.at,
  actor_type: entry.actorType,
  actor_id: entry.actorId,
  actor_name: entry.actorName,
  address: entry.address,
  organisation_id: entry.organisation,
  action: entry.action,
  target: entry.target,
  status: entry.status,
  before: entry.before,
  after: entry.after,
  previous_hash: entry.previousHash,
  hash: entry.hash,
})

const fromRow = (row: Selectable<AuditLogTable>): AuditEntry => ({
  number: Number(row.number),
  at: Number(row.at),
  actorType: row.actor_type,
  actorId: row.actor_id,
  actorName: row.actor_name,
  address: row.address,
  organisation: row.organisation_id,
  action: row.action,
  target: row.target,
  status: row.status === null ? null : Number(row.status),
  before: row.before,
  after: row.after,
  previousHash: row.previous_hash,
  hash: row.hash,
})
