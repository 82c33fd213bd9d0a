import type { Kysely, Selectable } from 'kysely'
import type { Database, Schema, UserSessionsTable } from '../storage/index.ts'
import { toNumber } from './key-row-store.ts'
import type { User } from './user.ts'
import { readUser } from './user-store.ts'
import { changeAccounts } from './version-store.ts'

/** A browser that is signed in. Times are in milliseconds since 1970. */
export interface UserSession {
  readonly id: string
  readonly organisation: string
  readonly user: string
  /** Where it was signed in from. */
  readonly address: string
  readonly agent: string
  readonly createdAt: number
  readonly lastUsedAt: number
  readonly expiresAt: number
  readonly revokedAt: number | null
}

export interface StoredSession
  extends Pick<UserSession, 'id' | 'address' | 'agent' | 'createdAt' | 'expiresAt'> {
  readonly digest: string
}

export interface StoredLink {
  readonly digest: string
  readonly user: string
  readonly organisation: string
  readonly createdAt: number
  readonly expiresAt: number
}

export interface SignedIn {
  readonly session: UserSession
  readonly user: User
}

export interface SessionFilter {
  readonly id?: string
  readonly organisation?: string
  readonly user?: string
  /** Sessions that were last used at or before this time have ended by themselves. */
  readonly usedAfter: number
  readonly at: number
  readonly limit?: number
}

/** One session, or all of a user. */
export type SessionChoice = { readonly id: string } | { readonly user: string }

/** Sign-in links and sessions at rest. It never sees a token, only its HMAC. */
export interface LoginStore {
  /** Users with this address who may sign in, each with the name of the organisation. */
  candidates(email: string): Promise<readonly { readonly user: User; readonly organisationName: string }[]>
  /** False when the user may not sign in. */
  addLink(link: StoredLink): Promise<boolean>
  /**
   * Uses a link up, whether or not it is followed by a session, and ends the user's other links. An invited user is
   * active from then on. Undefined when the link is unknown, used or expired, or its user may not sign in.
   */
  redeem(digest: string, session: StoredSession, at: number): Promise<SignedIn | undefined>
  /** The session of an active user; undefined when it ended. */
  find(digest: string, at: number, usedAfter: number): Promise<SignedIn | undefined>
  touch(id: string, at: number): Promise<void>
  /** Those that have not ended, newest first. */
  list(filter: SessionFilter): Promise<readonly UserSession[]>
  /** Ends sessions; answers the ids of those that had not ended. */
  revoke(choice: SessionChoice, at: number): Promise<readonly string[]>
  /** Forgets expired links, and sessions that ended before a time. */
  purge(at: number, endedBefore: number): Promise<void>
}

export const createLoginStore = (database: Pick<Database, 'kysely'>): LoginStore => {
  const { kysely } = database
  return {
    candidates: async (email) => {
      const rows = await kysely
        .selectFrom('users')
        .innerJoin('organisations', 'organisations.id', 'users.organisation_id')
        .select(['users.id', 'organisations.name'])
        .where('users.email', '=', email)
        .where('users.state', 'in', mayEnter)
        .orderBy('organisations.name')
        .limit(mostOrganisations)
        .execute()
      const users = await Promise.all(rows.map(({ id }) => readUser(kysely, id)))
      return users.flatMap((user, index) =>
        user === undefined ? [] : [{ user, organisationName: rows[index]?.name ?? '' }],
      )
    },
    addLink: (link) =>
      changeAccounts(database, async (transaction) => {
        const user = await readUser(transaction, link.user)
        if (user === undefined || !isLetIn(user)) return false
        const row = {
          ...{ digest: link.digest, organisation_id: user.organisation, user_id: user.id },
          ...{ created_at: link.createdAt, expires_at: link.expiresAt },
        }
        await transaction.insertInto('login_links').values(row).execute()
        return true
      }),
    redeem: (digest, session, at) =>
      changeAccounts(database, async (transaction) => {
        const link = await transaction
          .deleteFrom('login_links')
          .where('digest', '=', digest)
          .where('expires_at', '>', BigInt(at))
          .returning('user_id')
          .executeTakeFirst()
        const user = link && (await readUser(transaction, link.user_id))
        if (user === undefined || !isLetIn(user)) return undefined
        await transaction.deleteFrom('login_links').where('user_id', '=', user.id).execute()
        const entered = { state: 'active', last_login_at: at } as const
        await transaction.updateTable('users').set(entered).where('id', '=', user.id).execute()
        return {
          session: await insertSession(transaction, session, user),
          user: { ...user, state: 'active', lastLoginAt: at },
        }
      }),
    find: async (digest, at, usedAfter) => {
      const row = await kysely
        .selectFrom('user_sessions')
        .selectAll()
        .where('digest', '=', digest)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', BigInt(at))
        .where('last_used_at', '>', BigInt(usedAfter))
        .executeTakeFirst()
      const user = row && (await readUser(kysely, row.user_id))
      return row === undefined || user?.state !== 'active' ? undefined : { session: toSession(row), user }
    },
    touch: async (id, at) => {
      await kysely
        .updateTable('user_sessions')
        .set({ last_used_at: at })
        .where('id', '=', id)
        .where('last_used_at', '<', BigInt(at))
        .execute()
    },
    list: async ({ id, organisation, user, usedAfter, at, limit = 100 }) => {
      let query = kysely.selectFrom('user_sessions').selectAll().where('revoked_at', 'is', null)
      query = query.where('expires_at', '>', BigInt(at)).where('last_used_at', '>', BigInt(usedAfter))
      if (id !== undefined) query = query.where('id', '=', id)
      if (organisation !== undefined) query = query.where('organisation_id', '=', organisation)
      if (user !== undefined) query = query.where('user_id', '=', user)
      return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toSession)
    },
    revoke: async (choice, at) => {
      let query = kysely.updateTable('user_sessions').set({ revoked_at: at }).where('revoked_at', 'is', null)
      query = 'id' in choice ? query.where('id', '=', choice.id) : query.where('user_id', '=', choice.user)
      return (await query.where('expires_at', '>', BigInt(at)).returning('id').execute()).map((row) => row.id)
    },
    purge: async (at, endedBefore) => {
      await kysely.deleteFrom('login_links').where('expires_at', '<=', BigInt(at)).execute()
      await kysely
        .deleteFrom('user_sessions')
        .where((row) =>
          row.or([
            row('expires_at', '<=', BigInt(endedBefore)),
            row('revoked_at', '<=', BigInt(endedBefore)),
          ]),
        )
        .execute()
    },
  }
}

/** States in which somebody may sign in. */
const mayEnter = ['active', 'invited'] as const

const isLetIn = ({ state }: User): boolean => mayEnter.some((known) => known === state)

/** One mail holds a link for each organisation; nobody is in so many. */
const mostOrganisations = 20

const insertSession = async (
  session: Kysely<Schema>,
  { id, digest, address, agent, createdAt, expiresAt }: StoredSession,
  user: User,
): Promise<UserSession> => {
  const row = {
    ...{ id, digest, address, agent, organisation_id: user.organisation, user_id: user.id },
    ...{ created_at: createdAt, last_used_at: createdAt, expires_at: expiresAt },
  }
  return toSession(
    await session.insertInto('user_sessions').values(row).returningAll().executeTakeFirstOrThrow(),
  )
}

const toSession = (row: Selectable<UserSessionsTable>): UserSession => ({
  id: row.id,
  organisation: row.organisation_id,
  user: row.user_id,
  address: row.address,
  agent: row.agent,
  createdAt: Number(row.created_at),
  lastUsedAt: Number(row.last_used_at),
  expiresAt: Number(row.expires_at),
  revokedAt: toNumber(row.revoked_at),
})
