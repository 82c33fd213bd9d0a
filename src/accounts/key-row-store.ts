import type { Kysely, Selectable } from 'kysely'
import type { Schema, VirtualKeysTable } from '../storage/index.ts'
import type { KeySecret, KeyState, MadeBy, StoredKey, VirtualKey } from './virtual-key.ts'
import { madeBy, parseKeyColumns } from './virtual-key.ts'

/** What several stores do with the rows of virtual keys, each inside its own transaction. */

type Session = Kysely<Schema>
type KeyRow = Selectable<VirtualKeysTable>

export type TenantCheck =
  | { readonly type: 'known'; readonly team: string | null; readonly isSuspended: boolean }
  | { readonly type: 'unknown-tenant'; readonly missing: 'organisation' | 'team' | 'user' }

/** Do organisation, team and user exist and belong together? A key without a team gets its user's. */
export const checkTenant = async (session: Session, key: StoredKey): Promise<TenantCheck> => {
  const { organisation } = key
  const found = await session
    .selectFrom('organisations')
    .select('id')
    .where('id', '=', organisation)
    .executeTakeFirst()
  if (found === undefined) return { type: 'unknown-tenant', missing: 'organisation' }
  const user = await session
    .selectFrom('users')
    .select(['team_id', 'state'])
    .where('id', '=', key.user ?? '')
    .where('organisation_id', '=', organisation)
    .where('state', '<>', 'deleted')
    .executeTakeFirst()
  if (key.user !== null && user === undefined) return { type: 'unknown-tenant', missing: 'user' }
  const isSuspended = user?.state === 'suspended'
  if (key.team === null) return { type: 'known', team: user?.team_id ?? null, isSuspended }
  const team = await session
    .selectFrom('teams')
    .select('id')
    .where('id', '=', key.team)
    .where('organisation_id', '=', organisation)
    .executeTakeFirst()
  if (team === undefined) return { type: 'unknown-tenant', missing: 'team' }
  return { type: 'known', team: key.team, isSuspended }
}

export const insertKey = async (
  session: Session,
  key: StoredKey,
  version: number,
  isSuspended = false,
): Promise<void> => {
  const row = {
    id: key.id,
    organisation_id: key.organisation,
    team_id: key.team,
    user_id: key.user,
    name: key.name,
    prefix: key.prefix,
    scopes: JSON.stringify(key.scopes),
    options: JSON.stringify(key.options),
    metadata: JSON.stringify(key.metadata),
    made_by: key.madeBy,
    disabled: 0,
    suspended: isSuspended ? 1 : 0,
    expires_at: key.expiresAt,
    created_at: key.createdAt,
    updated_at: key.createdAt,
    version,
  }
  await session.insertInto('virtual_keys').values(row).execute()
  const { digest, id, organisation, createdAt } = key
  const secret = { digest, key_id: id, organisation_id: organisation, created_at: createdAt }
  await session.insertInto('key_secrets').values(secret).execute()
}

/** Revokes what is not revoked yet. */
export const revokeKeys = async (
  session: Session,
  ids: readonly string[],
  at: number,
  version: number,
): Promise<void> => {
  if (ids.length === 0) return
  await session
    .updateTable('virtual_keys')
    .set({ revoked_at: at, updated_at: at, version })
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .execute()
}

/** Revokes all keys of a team or a user; tells how they are then. */
export const revokeKeysOf = async (
  session: Session,
  column: 'team_id' | 'user_id',
  owner: string,
  at: number,
  version: number,
): Promise<readonly KeyState[]> => {
  const rows = await session
    .updateTable('virtual_keys')
    .set({ revoked_at: at, updated_at: at, version })
    .where(column, '=', owner)
    .where('revoked_at', 'is', null)
    .returningAll()
    .execute()
  return readStates(session, rows)
}

export const readKey = (session: Session, id: string): Promise<KeyRow | undefined> =>
  session.selectFrom('virtual_keys').selectAll().where('id', '=', id).executeTakeFirst()

/** The states of some keys. Revoked keys come without secrets, which nobody needs any more. */
export const readStates = async (session: Session, rows: readonly KeyRow[]): Promise<readonly KeyState[]> => {
  const live = rows.filter((row) => row.revoked_at === null).map((row) => row.id)
  const secrets =
    live.length === 0
      ? []
      : await session.selectFrom('key_secrets').selectAll().where('key_id', 'in', live).execute()
  const byKey = new Map<string, KeySecret[]>()
  for (const { key_id, digest, expires_at } of secrets) {
    const list = byKey.get(key_id) ?? []
    list.push({ digest, expiresAt: toNumber(expires_at) })
    byKey.set(key_id, list)
  }
  return rows.map((row) => ({
    key: toKey(row),
    secrets: byKey.get(row.id) ?? [],
    version: Number(row.version),
  }))
}

/** The state of a key that exists. */
export const readState = async (session: Session, id: string): Promise<KeyState> => {
  const query = session.selectFrom('virtual_keys').selectAll().where('id', '=', id)
  const [state] = await readStates(session, [await query.executeTakeFirstOrThrow()])
  if (state === undefined) throw new Error(`virtual key ${id} vanished while it was changed`)
  return state
}

export const toKey = (row: KeyRow): VirtualKey => ({
  id: row.id,
  organisation: row.organisation_id,
  team: row.team_id,
  user: row.user_id,
  name: row.name,
  prefix: row.prefix,
  ...parseKeyColumns(row),
  madeBy: toMadeBy(row.made_by),
  disabled: row.disabled !== 0n,
  suspended: row.suspended !== 0n,
  expiresAt: toNumber(row.expires_at),
  revokedAt: toNumber(row.revoked_at),
  lastUsedAt: toNumber(row.last_used_at),
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
})

export const toMadeBy = (text: string): MadeBy => madeBy.find((known) => known === text) ?? 'created'

export const toNumber = (value: bigint | null): number | null => (value === null ? null : Number(value))
