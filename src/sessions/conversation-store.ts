import type { Selectable } from 'kysely'
import type { ConversationsTable, Database } from '../storage/index.ts'
import { type Owner, ownerColumns, ownerOf } from './owner.ts'
import { tooMuch } from './too-much.ts'

/** A conversation at rest, without its items. Times are in milliseconds since 1970. */
export interface ConversationRow {
  readonly owner: Owner
  readonly id: string
  /** Its metadata. */
  readonly sealed: string
  /** Of its items, in characters as they are stored. */
  readonly size: number
  readonly created: number
  readonly touched: number
  readonly expires: number
}

export interface ConversationItemRow {
  /** Rises in the order in which items were added. */
  readonly position: number
  readonly id: string
  readonly sealed: string
}

/** Which items: in which order, from where, how many. */
export interface ItemRange {
  readonly order: 'asc' | 'desc'
  /** Only those behind this one, in that order. */
  readonly beyond?: { readonly position: number; readonly id: string }
  /** Only those with a smaller position. */
  readonly before?: number
  readonly limit: number
}

export interface ConversationStore {
  create(row: ConversationRow, items: readonly ConversationItemRow[]): Promise<void>
  /** Undefined when it is unknown, expired at `at`, or of another organisation. */
  find(organisation: string, id: string, at: number): Promise<ConversationRow | undefined>
  update(organisation: string, id: string, sealed: string): Promise<void>
  /** With its items. Tells whether it existed. */
  remove(organisation: string, id: string): Promise<boolean>
  /** Adds items to a conversation, which then lives until `expires`; false where it does not exist any more. */
  append(
    place: {
      readonly organisation: string
      readonly id: string
      readonly at: number
      readonly expires: number
    },
    items: readonly ConversationItemRow[],
  ): Promise<boolean>
  list(organisation: string, id: string, range: ItemRange): Promise<readonly ConversationItemRow[]>
  findItem(organisation: string, id: string, item: string): Promise<ConversationItemRow | undefined>
  /** In which conversation is it? */
  placeOf(organisation: string, item: string): Promise<string | undefined>
  removeItem(organisation: string, id: string, item: string): Promise<boolean>
  /** Deletes at most `limit` conversations that expired before `at`; answers how many. */
  purge(at: number, limit: number): Promise<number>
  /** Deletes, for each organisation that keeps more than `size`, at most `limit` of those untouched longest. */
  trim(size: number, limit: number): Promise<number>
}

export const createConversationStore = ({ kysely }: Pick<Database, 'kysely'>): ConversationStore => {
  const removeAll = async (organisation: string, ids: readonly string[]): Promise<number> => {
    if (ids.length === 0) return 0
    return kysely.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('conversation_items')
        .where('organisation_id', '=', organisation)
        .where('conversation_id', 'in', ids)
        .execute()
      const { numDeletedRows } = await transaction
        .deleteFrom('conversations')
        .where('organisation_id', '=', organisation)
        .where('id', 'in', ids)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    })
  }
  const itemsOf = (organisation: string, id: string) =>
    kysely
      .selectFrom('conversation_items')
      .select(['position', 'id', 'sealed'])
      .where('organisation_id', '=', organisation)
      .where('conversation_id', '=', id)

  return {
    create: (row, items) =>
      kysely.transaction().execute(async (transaction) => {
        await transaction.insertInto('conversations').values(toColumns(row)).execute()
        for (const columns of batches(itemColumns(row.owner.organisation, row.id, items))) {
          await transaction.insertInto('conversation_items').values(columns).execute()
        }
      }),
    find: async (organisation, id, at) => {
      const row = await kysely
        .selectFrom('conversations')
        .selectAll()
        .where('organisation_id', '=', organisation)
        .where('id', '=', id)
        .where('expires_at', '>', BigInt(at))
        .executeTakeFirst()
      return row === undefined ? undefined : toRow(row)
    },
    update: async (organisation, id, sealed) => {
      await kysely
        .updateTable('conversations')
        .set({ sealed })
        .where('organisation_id', '=', organisation)
        .where('id', '=', id)
        .execute()
    },
    remove: async (organisation, id) => (await removeAll(organisation, [id])) === 1,
    append: ({ organisation, id, at, expires }, items) =>
      kysely.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('conversations')
          .set((row) => ({
            size: row('size', '+', BigInt(sizeOf(items))),
            touched_at: at,
            expires_at: expires,
          }))
          .where('organisation_id', '=', organisation)
          .where('id', '=', id)
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n) return false
        for (const columns of batches(itemColumns(organisation, id, items))) {
          await transaction.insertInto('conversation_items').values(columns).execute()
        }
        return true
      }),
    list: async (organisation, id, { order, beyond: from, before, limit }) => {
      let query = itemsOf(organisation, id).orderBy('position', order).orderBy('id', order).limit(limit)
      if (before !== undefined) query = query.where('position', '<', BigInt(before))
      if (from !== undefined) {
        const sign = order === 'asc' ? '>' : '<'
        const position = BigInt(from.position)
        query = query.where((item) =>
          item.or([
            item('position', sign, position),
            item.and([item('position', '=', position), item('id', sign, from.id)]),
          ]),
        )
      }
      return (await query.execute()).map(toItem)
    },
    findItem: async (organisation, id, item) => {
      const row = await itemsOf(organisation, id)
        .where('id', '=', item)
        .orderBy('position')
        .executeTakeFirst()
      return row === undefined ? undefined : toItem(row)
    },
    placeOf: async (organisation, item) => {
      const row = await kysely
        .selectFrom('conversation_items')
        .select('conversation_id')
        .where('organisation_id', '=', organisation)
        .where('id', '=', item)
        .executeTakeFirst()
      return row?.conversation_id
    },
    removeItem: async (organisation, id, item) => {
      const { numDeletedRows } = await kysely
        .deleteFrom('conversation_items')
        .where('organisation_id', '=', organisation)
        .where('conversation_id', '=', id)
        .where('id', '=', item)
        .executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
    purge: async (at, limit) => {
      const expired = await kysely
        .selectFrom('conversations')
        .select(['organisation_id', 'id'])
        .where('expires_at', '<=', BigInt(at))
        .limit(limit)
        .execute()
      let removed = 0
      for (const [organisation, rows] of Map.groupBy(expired, (row) => row.organisation_id)) {
        removed += await removeAll(
          organisation,
          rows.map(({ id }) => id),
        )
      }
      return removed
    },
    trim: async (size, limit) => {
      let removed = 0
      for (const { organisation, ids } of await tooMuch(kysely, 'conversations', { size, limit })) {
        removed += await removeAll(organisation, ids)
      }
      return removed
    },
  }
}

/** Five parameters a row; SQLite takes 32,766 and PostgreSQL 65,535 in one statement. */
const rowsPerStatement = 1_000

const batches = <Row>(rows: readonly Row[]): readonly (readonly Row[])[] =>
  Array.from({ length: Math.ceil(rows.length / rowsPerStatement) }, (_, batch) =>
    rows.slice(batch * rowsPerStatement, (batch + 1) * rowsPerStatement),
  )

export const sizeOf = (items: readonly ConversationItemRow[]): number =>
  items.reduce((total, { sealed }) => total + sealed.length, 0)

const itemColumns = (organisation: string, conversation: string, items: readonly ConversationItemRow[]) =>
  items.map(({ position, id, sealed }) => ({
    organisation_id: organisation,
    conversation_id: conversation,
    position,
    id,
    sealed,
  }))

const toColumns = (row: ConversationRow) => ({
  ...ownerColumns(row.owner),
  id: row.id,
  sealed: row.sealed,
  size: row.size,
  created_at: row.created,
  touched_at: row.touched,
  expires_at: row.expires,
})

const toRow = (row: Selectable<ConversationsTable>): ConversationRow => ({
  owner: ownerOf(row),
  id: row.id,
  sealed: row.sealed,
  size: Number(row.size),
  created: Number(row.created_at),
  touched: Number(row.touched_at),
  expires: Number(row.expires_at),
})

const toItem = (row: {
  readonly position: bigint
  readonly id: string
  readonly sealed: string
}): ConversationItemRow => ({ position: Number(row.position), id: row.id, sealed: row.sealed })
