import type { InsertResult, Kysely } from 'kysely'
import type { Database, Schema } from '../storage/index.ts'
import { revokeKeysOf } from './key-row-store.ts'
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

/** `taken`: the name exists already. `unknown`: the organisation does not. */
export type TenantCreation = 'created' | 'taken' | 'unknown'

export interface TenantStore {
  createOrganisation(organisation: Organisation): Promise<TenantCreation>
  createTeam(team: Team): Promise<TenantCreation>
  listOrganisations(): Promise<readonly Organisation[]>
  /** Of all organisations where none is named. */
  listTeams(organisation?: string): Promise<readonly Team[]>
  /**
   * Removes the team; its users lose it and its keys are revoked. Undefined when there is none, or it is not of the
   * one organisation that is named.
   */
  removeTeam(organisation: string | null, id: string, at: number): Promise<readonly KeyState[] | undefined>
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
    listOrganisations: async () => {
      const rows = await kysely.selectFrom('organisations').selectAll().orderBy('name').execute()
      return rows.map(({ id, name, created_at }) => ({ id, name, createdAt: Number(created_at) }))
    },
    listTeams: async (organisation) => {
      let query = kysely.selectFrom('teams').selectAll()
      if (organisation !== undefined) query = query.where('organisation_id', '=', organisation)
      const rows = await query.orderBy('name').orderBy('id').execute()
      return rows.map((row) => ({
        id: row.id,
        organisation: row.organisation_id,
        name: row.name,
        createdAt: Number(row.created_at),
      }))
    },
    removeTeam: (organisation, id, at) =>
      changeAccounts(database, async (transaction, version) => {
        let query = transaction.deleteFrom('teams').where('id', '=', id)
        if (organisation !== null) query = query.where('organisation_id', '=', organisation)
        const removed = await query.executeTakeFirstOrThrow()
        if (removed.numDeletedRows === 0n) return undefined
        await transaction.updateTable('users').set({ team_id: null }).where('team_id', '=', id).execute()
        return revokeKeysOf(transaction, 'team_id', id, at, version)
      }),
  }
}

const creation = (result: InsertResult): TenantCreation =>
  result.numInsertedOrUpdatedRows === 1n ? 'created' : 'taken'

const organisationExists = async (session: Kysely<Schema>, id: string): Promise<boolean> =>
  (await session.selectFrom('organisations').select('id').where('id', '=', id).executeTakeFirst()) !==
  undefined
