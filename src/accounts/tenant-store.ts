import type { InsertResult, Kysely } from 'kysely'
import type { Database, Schema } from '../storage/index.ts'
import { readStates, revokeKeys } from './key-row-store.ts'
import { changeAccounts } from './version-store.ts'
import type { KeyState } from './virtual-key.ts'

/** Times are in milliseconds since 1970. */
export interface Organisation {
  readonly id: string
  readonly name: string
  readonly createdAt: number
}

export interface Team extends Organisation {
  readonly organisation: string
}

export interface User extends Team {
  readonly team: string | null
  readonly email: string | null
}

/** `taken`: the name (of a user: the email) exists already. `unknown`: the organisation or team does not. */
export type TenantCreation = 'created' | 'taken' | 'unknown'

export interface TenantStore {
  createOrganisation(organisation: Organisation): Promise<TenantCreation>
  createTeam(team: Team): Promise<TenantCreation>
  createUser(user: User): Promise<TenantCreation>
  listOrganisations(): Promise<readonly Organisation[]>
  listTeams(organisation: string): Promise<readonly Team[]>
  listUsers(organisation: string): Promise<readonly User[]>
  /** Removes the team; its users lose it and its keys are revoked. Undefined when there is none. */
  removeTeam(organisation: string, id: string, at: number): Promise<readonly KeyState[] | undefined>
  /** Removes the user; the user's keys are revoked. Undefined when there is none. */
  removeUser(organisation: string, id: string, at: number): Promise<readonly KeyState[] | undefined>
}

export const createTenantStore = (database: Pick<Database, 'kysely'>): TenantStore => {
  const { kysely } = database
  return {
    createOrganisation: async ({ id, name, createdAt }) => {
      const query = kysely.insertInto('organisations').values({ id, name, created_at: createdAt })
      return creation(await query.onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow())
    },
    createTeam: ({ id, organisation, name, createdAt }) =>
      changeAccounts(database, async (transaction) => {
        if (!(await organisationExists(transaction, organisation))) return 'unknown'
        const row = { id, organisation_id: organisation, name, created_at: createdAt }
        const query = transaction.insertInto('teams').values(row)
        return creation(await query.onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow())
      }),
    createUser: ({ id, organisation, team, name, email, createdAt }) =>
      changeAccounts(database, async (transaction) => {
        if (!(await organisationExists(transaction, organisation))) return 'unknown'
        if (team !== null && !(await teamExists(transaction, organisation, team))) return 'unknown'
        const row = { id, organisation_id: organisation, team_id: team, name, email, created_at: createdAt }
        const query = transaction.insertInto('users').values(row)
        return creation(await query.onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow())
      }),
    listOrganisations: async () => {
      const rows = await kysely.selectFrom('organisations').selectAll().orderBy('name').execute()
      return rows.map(({ id, name, created_at }) => ({ id, name, createdAt: Number(created_at) }))
    },
    listTeams: async (organisation) => {
      const query = kysely.selectFrom('teams').selectAll().where('organisation_id', '=', organisation)
      const rows = await query.orderBy('name').execute()
      return rows.map(({ id, name, created_at }) => ({
        id,
        organisation,
        name,
        createdAt: Number(created_at),
      }))
    },
    listUsers: async (organisation) => {
      const query = kysely.selectFrom('users').selectAll().where('organisation_id', '=', organisation)
      const rows = await query.orderBy('name').orderBy('id').execute()
      return rows.map(({ id, team_id: team, name, email, created_at }) => ({
        ...{ id, organisation, team, name, email },
        createdAt: Number(created_at),
      }))
    },
    removeTeam: (organisation, id, at) =>
      changeAccounts(database, async (transaction, version) => {
        const query = transaction.deleteFrom('teams').where('id', '=', id)
        const removed = await query.where('organisation_id', '=', organisation).executeTakeFirstOrThrow()
        if (removed.numDeletedRows === 0n) return undefined
        await transaction.updateTable('users').set({ team_id: null }).where('team_id', '=', id).execute()
        return revokeKeysOf(transaction, 'team_id', id, at, version)
      }),
    removeUser: (organisation, id, at) =>
      changeAccounts(database, async (transaction, version) => {
        const query = transaction.deleteFrom('users').where('id', '=', id)
        const removed = await query.where('organisation_id', '=', organisation).executeTakeFirstOrThrow()
        if (removed.numDeletedRows === 0n) return undefined
        return revokeKeysOf(transaction, 'user_id', id, at, version)
      }),
  }
}

const creation = (result: InsertResult): TenantCreation =>
  result.numInsertedOrUpdatedRows === 1n ? 'created' : 'taken'

const organisationExists = async (session: Kysely<Schema>, id: string): Promise<boolean> =>
  (await session.selectFrom('organisations').select('id').where('id', '=', id).executeTakeFirst()) !==
  undefined

const teamExists = async (session: Kysely<Schema>, organisation: string, id: string): Promise<boolean> => {
  const query = session.selectFrom('teams').select('id').where('id', '=', id)
  return (await query.where('organisation_id', '=', organisation).executeTakeFirst()) !== undefined
}

const revokeKeysOf = async (
  session: Kysely<Schema>,
  column: 'team_id' | 'user_id',
  owner: string,
  at: number,
  version: number,
): Promise<readonly KeyState[]> => {
  const query = session.selectFrom('virtual_keys').select('id').where(column, '=', owner)
  const ids = (await query.where('revoked_at', 'is', null).execute()).map((row) => row.id)
  if (ids.length === 0) return []
  await revokeKeys(session, ids, at, version)
  return readStates(
    session,
    await session.selectFrom('virtual_keys').selectAll().where('id', 'in', ids).execute(),
  )
}
