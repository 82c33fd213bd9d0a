import type { Kysely, Selectable } from 'kysely'
import type { AdminTokensTable, Database, Schema } from '../storage/index.ts'
import { toMadeBy, toNumber } from './key-row-store.ts'
import { type ChangeCursor, changeAccounts } from './version-store.ts'
import type { MadeBy } from './virtual-key.ts'

/** An admin token without its text. Times are in milliseconds since 1970. */
export interface AdminToken {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly madeBy: MadeBy
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly createdAt: number
}

/** An admin token to be stored, with its HMAC. */
export interface StoredAdminToken extends Omit<AdminToken, 'revokedAt'> {
  readonly digest: string
}

export interface AdminTokenState {
  readonly token: AdminToken
  readonly digest: string
  readonly version: number
}

/** Admin tokens at rest. It never sees a token, only its HMAC. */
export interface AdminTokenStore {
  create(token: StoredAdminToken): Promise<AdminTokenState>
  list(): Promise<readonly AdminToken[]>
  /** Final. Undefined when there is no such token. */
  revoke(id: string, at: number): Promise<AdminTokenState | undefined>
  /** Tokens changed after a place, in the order of their changes. */
  changes(after: ChangeCursor, limit: number): Promise<readonly AdminTokenState[]>
}

export const createAdminTokenStore = (database: Pick<Database, 'kysely'>): AdminTokenStore => {
  const { kysely } = database
  return {
    create: (token) =>
      changeAccounts(database, async (transaction, version) => {
        await insertAdminToken(transaction, token, version)
        const { digest, ...rest } = token
        return { token: { ...rest, revokedAt: null }, digest, version }
      }),
    list: async () => {
      const rows = await kysely.selectFrom('admin_tokens').selectAll().orderBy('id', 'desc').execute()
      return rows.map((row) => toState(row).token)
    },
    revoke: (id, at) =>
      changeAccounts(database, async (transaction, version) => {
        await revokeAdminTokens(transaction, [id], at, version)
        const query = transaction.selectFrom('admin_tokens').selectAll().where('id', '=', id)
        const row = await query.executeTakeFirst()
        return row === undefined ? undefined : toState(row)
      }),
    changes: async (after, limit) => {
      const version = BigInt(after.version)
      const rows = await kysely
        .selectFrom('admin_tokens')
        .selectAll()
        .where((row) =>
          row.or([
            row('version', '>', version),
            row.and([row('version', '=', version), row('id', '>', after.id)]),
          ]),
        )
        .orderBy('version')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(toState)
    },
  }
}

export const insertAdminToken = async (
  session: Kysely<Schema>,
  token: StoredAdminToken,
  version: number,
): Promise<void> => {
  const row = {
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    digest: token.digest,
    made_by: token.madeBy,
    expires_at: token.expiresAt,
    created_at: token.createdAt,
    version,
  }
  await session.insertInto('admin_tokens').values(row).execute()
}

/** Revokes what is not revoked yet. */
export const revokeAdminTokens = async (
  session: Kysely<Schema>,
  ids: readonly string[],
  at: number,
  version: number,
): Promise<void> => {
  if (ids.length === 0) return
  await session
    .updateTable('admin_tokens')
    .set({ revoked_at: at, version })
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .execute()
}

const toState = (row: Selectable<AdminTokensTable>): AdminTokenState => ({
  token: {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    madeBy: toMadeBy(row.made_by),
    expiresAt: toNumber(row.expires_at),
    revokedAt: toNumber(row.revoked_at),
    createdAt: Number(row.created_at),
  },
  digest: row.digest,
  version: Number(row.version),
})
