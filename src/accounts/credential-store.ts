import type { Selectable } from 'kysely'
import type { CredentialsTable, Database } from '../storage/index.ts'

export type CredentialState = 'ok' | 'rejected'

/** A provider's credential as it rests: everything but the secret, which is sealed. */
export interface SealedCredential {
  readonly id: string
  readonly organisation: string
  /** Id of the provider instance. */
  readonly provider: string
  readonly label: string
  readonly sealed: string
  /** What may be displayed of it, e.g. `sk-…1234`. */
  readonly shown: string
  /** The only origin that it may be sent to, e.g. `https://api.openai.com`. */
  readonly origin: string
  readonly state: CredentialState
  /** Counts the secrets of this row; part of what the seal is bound to. */
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

export interface CredentialStore {
  list(organisation: string, provider?: string): Promise<readonly SealedCredential[]>
  get(id: string): Promise<SealedCredential | undefined>
  /**
   * Adds version 1, or replaces the version before. False when another one got there first: nothing is written,
   * read again and seal for the next version.
   */
  put(credential: SealedCredential): Promise<boolean>
  /** Only when the credential still has this version. */
  setState(id: string, version: number, state: CredentialState, at: number): Promise<void>
  /** Tells whether it existed. */
  remove(id: string): Promise<boolean>
}

export const createCredentialStore = ({ kysely }: Pick<Database, 'kysely'>): CredentialStore => ({
  list: async (organisation, provider) => {
    let query = kysely.selectFrom('credentials').selectAll().where('organisation_id', '=', organisation)
    if (provider !== undefined) query = query.where('provider', '=', provider)
    const rows = await query.orderBy('provider').orderBy('label').execute()
    return rows.map(toCredential)
  },
  get: async (id) => {
    const row = await kysely.selectFrom('credentials').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? undefined : toCredential(row)
  },
  put: async (credential) => {
    const row = toRow(credential)
    if (credential.version === 1) {
      const { numInsertedOrUpdatedRows } = await kysely
        .insertInto('credentials')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    }
    const { sealed, shown, origin, state, updated_at, version } = row
    const { numUpdatedRows } = await kysely
      .updateTable('credentials')
      .set({ sealed, shown, origin, state, updated_at, version })
      .where('id', '=', credential.id)
      .where('organisation_id', '=', credential.organisation)
      .where('version', '=', BigInt(credential.version - 1))
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n
  },
  setState: async (id, version, state, at) => {
    await kysely
      .updateTable('credentials')
      .set({ state, updated_at: at })
      .where('id', '=', id)
      .where('version', '=', BigInt(version))
      .execute()
  },
  remove: async (id) => {
    const result = await kysely.deleteFrom('credentials').where('id', '=', id).executeTakeFirstOrThrow()
    return result.numDeletedRows === 1n
  },
})

const toRow = (credential: SealedCredential) => ({
  id: credential.id,
  organisation_id: credential.organisation,
  provider: credential.provider,
  label: credential.label,
  sealed: credential.sealed,
  shown: credential.shown,
  origin: credential.origin,
  state: credential.state,
  created_at: credential.createdAt,
  updated_at: credential.updatedAt,
  version: credential.version,
})

const toCredential = (row: Selectable<CredentialsTable>): SealedCredential => ({
  id: row.id,
  organisation: row.organisation_id,
  provider: row.provider,
  label: row.label,
  sealed: row.sealed,
  shown: row.shown,
  origin: row.origin,
  state: row.state === 'rejected' ? 'rejected' : 'ok',
  version: Number(row.version),
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
})
