import type { Kysely, Selectable } from 'kysely'
import type { Database, Schema, UsersTable } from '../storage/index.ts'
import { readStates, revokeKeysOf, toNumber } from './key-row-store.ts'
import { type Role, roles } from './permission.ts'
import { type User, type UserChange, type UserFilter, type UserState, userStates } from './user.ts'
import { changeAccounts } from './version-store.ts'
import type { KeyState } from './virtual-key.ts'

/** What of the users somebody may change. */
export interface UserReach {
  /** The only organisation; null for all. */
  readonly organisation: string | null
  /** The roles that they may give and take away. */
  readonly roles: readonly Role[]
}

/** `taken`: a user of the organisation has the address. `unknown-tenant`: no such organisation, or team in it. */
export type UserCreation = 'created' | 'taken' | 'unknown-tenant'

export type UserOutcome =
  | {
      readonly type: 'changed'
      readonly user: User
      /** Keys of the user that count differently from now on. */
      readonly keys: readonly KeyState[]
    }
  /** There is no such user in reach. */
  | { readonly type: 'unknown' }
  /** The user's role is above what the asker may give and take. */
  | { readonly type: 'above'; readonly user: User }
  /** The organisation would have no active owner any more. */
  | { readonly type: 'last-owner' }
  | { readonly type: 'taken' }
  | { readonly type: 'unknown-team' }
  | { readonly type: 'deleted' }

/** Users at rest. The rules about who may change whom are checked inside the transaction that changes. */
export interface UserStore {
  /**
   * One after the other. Nothing is created when one has an unknown tenant, or, with `isAtomic`, a taken address; what
   * could have been created is `created` all the same.
   */
  create(users: readonly User[], isAtomic: boolean): Promise<readonly UserCreation[]>
  get(id: string): Promise<User | undefined>
  /** Newest first. */
  list(filter: UserFilter): Promise<readonly User[]>
  update(id: string, reach: UserReach, change: UserChange, at: number): Promise<UserOutcome>
  /** Sessions and links end, and keys stop, unless the state is `active`; keys of a deleted user are revoked. */
  setState(id: string, reach: UserReach, state: UserState, at: number): Promise<UserOutcome>
  /** Creates the root admin unless there is or was one; undefined when there is nothing to do. */
  createRoot(user: User): Promise<User | undefined>
}

export const createUserStore = (database: Pick<Database, 'kysely'>): UserStore => {
  const { kysely } = database
  /** Changes a user whom the asker may change. */
  const change = (
    id: string,
    reach: UserReach,
    work: (session: Kysely<Schema>, user: User, version: number) => Promise<UserOutcome>,
  ): Promise<UserOutcome> =>
    changeAccounts(database, async (transaction, version) => {
      const user = await readUser(transaction, id)
      if (user === undefined) return { type: 'unknown' }
      if (reach.organisation !== null && user.organisation !== reach.organisation) return { type: 'unknown' }
      if (user.state === 'deleted') return { type: 'deleted' }
      const isBelow = reach.roles.includes(user.role) && (!user.root || reach.organisation === null)
      return isBelow ? work(transaction, user, version) : { type: 'above', user }
    })
  return {
    create: (users, isAtomic) =>
      changeAccounts(database, async (transaction) => {
        const isTenant = createTenantCheck(transaction)
        const creations: UserCreation[] = []
        for (const user of users)
          creations.push((await isTenant(user)) ? await insertUser(transaction, user) : 'unknown-tenant')
        if (creations.includes('unknown-tenant') || (isAtomic && creations.includes('taken')))
          throw new Undo(creations)
        return creations
      }).catch((error: unknown) => {
        if (error instanceof Undo) return error.creations
        throw error
      }),
    get: (id) => readUser(kysely, id),
    list: async ({ organisation, team, email, role, state, after, limit = 100 }) => {
      let query = kysely.selectFrom('users').selectAll()
      if (organisation !== undefined) query = query.where('organisation_id', '=', organisation)
      if (team !== undefined) query = query.where('team_id', '=', team)
      if (email !== undefined) query = query.where('email', '=', email)
      if (role !== undefined) query = query.where('role', '=', role)
      query = state === undefined ? query.where('state', '<>', 'deleted') : query.where('state', '=', state)
      if (after !== undefined) query = query.where('id', '<', after)
      const rows = await query.orderBy('id', 'desc').limit(limit).execute()
      return rows.map(toUser)
    },
    update: (id, reach, { email, name, role, team }, at) =>
      change(id, reach, async (transaction, user, version) => {
        if (role !== undefined && role !== 'owner' && (await isLastOwner(transaction, user)))
          return { type: 'last-owner' }
        if (email !== undefined && (await isTaken(transaction, { ...user, email }))) return { type: 'taken' }
        if (typeof team === 'string' && !(await teamExists(transaction, user.organisation, team)))
          return { type: 'unknown-team' }
        const columns = {
          ...(email === undefined ? {} : { email }),
          ...(name === undefined ? {} : { name }),
          ...(role === undefined ? {} : { role }),
          ...(team === undefined ? {} : { team_id: team }),
        }
        await transaction
          .updateTable('users')
          .set({ ...columns, updated_at: at })
          .where('id', '=', id)
          .execute()
        // A link that went to the former address must not open the account any more.
        if (email !== undefined && email !== user.email) await dropLinks(transaction, id)
        const moved = team !== undefined && team !== user.team
        const keys = moved ? await moveKeys(transaction, user, team, at, version) : []
        return changed(transaction, id, keys)
      }),
    setState: (id, reach, state, at) =>
      change(id, reach, async (transaction, user, version) => {
        if (state !== 'active' && (await isLastOwner(transaction, user))) return { type: 'last-owner' }
        await transaction
          .updateTable('users')
          .set({ state, updated_at: at, ...(state === 'deleted' ? { deleted_at: at } : {}) })
          .where('id', '=', id)
          .execute()
        if (state !== 'active') {
          await dropLinks(transaction, id)
          await transaction
            .updateTable('user_sessions')
            .set({ revoked_at: at })
            .where('user_id', '=', id)
            .where('revoked_at', 'is', null)
            .execute()
        }
        const keys =
          state === 'deleted'
            ? await revokeKeysOf(transaction, 'user_id', id, at, version)
            : await suspendKeys(transaction, id, state === 'suspended', version)
        return changed(transaction, id, keys)
      }),
    createRoot: (user) =>
      changeAccounts(database, async (transaction) => {
        const query = transaction.selectFrom('users').select('id').where('root', '=', 1n)
        if ((await query.executeTakeFirst()) !== undefined) return undefined
        return (await insertUser(transaction, user)) === 'created' ? user : undefined
      }),
  }
}

/** Takes a transaction back and carries out what became of it. */
class Undo extends Error {
  readonly creations: readonly UserCreation[]
  constructor(creations: readonly UserCreation[]) {
    super('not all users can be created')
    this.creations = creations
  }
}

/** Do organisation and team of a user exist? Each pair is looked up once. */
const createTenantCheck = (session: Kysely<Schema>): ((user: User) => Promise<boolean>) => {
  const known = new Map<string, boolean>()
  return async ({ organisation, team }) => {
    const pair = `${organisation} ${team}`
    const found = known.get(pair) ?? (await tenantExists(session, organisation, team))
    known.set(pair, found)
    return found
  }
}

const tenantExists = async (
  session: Kysely<Schema>,
  organisation: string,
  team: string | null,
): Promise<boolean> => {
  if (team !== null) return teamExists(session, organisation, team)
  const query = session.selectFrom('organisations').select('id').where('id', '=', organisation)
  return (await query.executeTakeFirst()) !== undefined
}

const insertUser = async (session: Kysely<Schema>, user: User): Promise<UserCreation> => {
  const row = {
    ...{ id: user.id, organisation_id: user.organisation, team_id: user.team },
    ...{ name: user.name, email: user.email },
    ...{ role: user.role, state: user.state, root: user.root ? 1 : 0 },
    ...{ created_at: user.createdAt, updated_at: user.updatedAt },
  }
  const { numInsertedOrUpdatedRows } = await session
    .insertInto('users')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n ? 'created' : 'taken'
}

const changed = async (
  session: Kysely<Schema>,
  id: string,
  keys: readonly KeyState[],
): Promise<UserOutcome> => {
  const user = await readUser(session, id)
  return user === undefined ? { type: 'unknown' } : { type: 'changed', user, keys }
}

export const readUser = async (session: Kysely<Schema>, id: string): Promise<User | undefined> => {
  const row = await session.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toUser(row)
}

const isLastOwner = async (session: Kysely<Schema>, user: User): Promise<boolean> => {
  if (user.role !== 'owner' || user.state !== 'active') return false
  const query = session.selectFrom('users').select('id').where('organisation_id', '=', user.organisation)
  const other = await query
    .where('role', '=', 'owner')
    .where('state', '=', 'active')
    .where('id', '<>', user.id)
    .executeTakeFirst()
  return other === undefined
}

const isTaken = async (session: Kysely<Schema>, { id, organisation, email }: User): Promise<boolean> => {
  const query = session.selectFrom('users').select('id').where('organisation_id', '=', organisation)
  const other = await query
    .where('email', '=', email)
    .where('state', '<>', 'deleted')
    .where('id', '<>', id)
    .executeTakeFirst()
  return other !== undefined
}

const teamExists = async (session: Kysely<Schema>, organisation: string, id: string): Promise<boolean> => {
  const query = session.selectFrom('teams').select('id').where('id', '=', id)
  return (await query.where('organisation_id', '=', organisation).executeTakeFirst()) !== undefined
}

const dropLinks = (session: Kysely<Schema>, user: string) =>
  session.deleteFrom('login_links').where('user_id', '=', user).execute()

/** Keys that are of the user's former team, or of none, go along. */
const moveKeys = async (
  session: Kysely<Schema>,
  user: User,
  team: string | null,
  at: number,
  version: number,
): Promise<readonly KeyState[]> => {
  const rows = await session
    .updateTable('virtual_keys')
    .set({ team_id: team, updated_at: at, version })
    .where('user_id', '=', user.id)
    .where('revoked_at', 'is', null)
    .where('team_id', user.team === null ? 'is' : '=', user.team)
    .returningAll()
    .execute()
  return readStates(session, rows)
}

const suspendKeys = async (
  session: Kysely<Schema>,
  user: string,
  isSuspended: boolean,
  version: number,
): Promise<readonly KeyState[]> => {
  const rows = await session
    .updateTable('virtual_keys')
    .set({ suspended: isSuspended ? 1 : 0, version })
    .where('user_id', '=', user)
    .where('revoked_at', 'is', null)
    .where('suspended', '=', isSuspended ? 0n : 1n)
    .returningAll()
    .execute()
  return readStates(session, rows)
}

const toUser = (row: Selectable<UsersTable>): User => ({
  id: row.id,
  organisation: row.organisation_id,
  team: row.team_id,
  name: row.name,
  email: row.email,
  // A row of a newer release may hold a word that this one does not know: it counts as the least.
  role: roles.find((known) => known === row.role) ?? 'viewer',
  state: userStates.find((known) => known === row.state) ?? 'suspended',
  root: row.root !== 0n,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  lastLoginAt: toNumber(row.last_login_at),
  deletedAt: toNumber(row.deleted_at),
})
