import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTenants } from './tenants.ts'
import { createTokenDigest } from './token-digest.ts'
import { operator } from './user.ts'
import { createUserStore } from './user-store.ts'
import { createUsers } from './users.ts'
import { createVirtualKeys } from './virtual-keys.ts'

onEachDatabase('organisations and teams', (open) => {
  const start = async () => {
    const database = await open()
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const store = createKeyStore(database)
    const ring = createKeyRing(store, digest)
    const { apply } = ring
    return {
      ring,
      tenants: createTenants({ store: createTenantStore(database), apply }),
      users: createUsers({ store: createUserStore(database), apply }),
      keys: createVirtualKeys({ store, digest, apply }),
    }
  }

  test('begin with the default organisation', async () => {
    const { tenants } = await start()
    expect((await tenants.listOrganisations()).map((organisation) => organisation.id)).toEqual([
      'org_default',
    ])
  })

  test('are kept apart', async () => {
    const { tenants } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    const team = await tenants.createTeam({ name: 'platform' })
    const otherTeam = await tenants.createTeam({ name: 'platform', organisation: other.id })
    expect(await tenants.listTeams('org_default')).toEqual([team])
    expect(await tenants.listTeams(other.id)).toEqual([otherTeam])
    expect(await tenants.listTeams()).toEqual([team, otherTeam])
    await expect(tenants.removeTeam(other.id, team.id)).rejects.toMatchObject({ code: 'not_found' })
    await tenants.removeTeam(null, otherTeam.id)
    expect(await tenants.listTeams()).toEqual([team])
  })

  test('refuse a name that exists, and what is no name', async () => {
    const { tenants } = await start()
    await tenants.createOrganisation({ name: 'other' })
    await tenants.createTeam({ name: 'platform' })
    await expect(tenants.createOrganisation({ name: 'other' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(tenants.createTeam({ name: 'platform' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(tenants.createTeam({ name: ' ' })).rejects.toMatchObject({ code: 'gateway_request_invalid' })
    const unknown = tenants.createTeam({ name: 'a', organisation: 'org_none' })
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' })
    await expect(tenants.removeTeam(null, "'; drop")).rejects.toMatchObject({ code: 'not_found' })
  })

  test('revoke the keys of a team that is removed, and take it from its users', async () => {
    const { tenants, users, keys, ring } = await start()
    const team = await tenants.createTeam({ name: 'platform' })
    const user = await users.create(operator, { email: 'ada@example.com', team: team.id })
    const { key, secret } = await keys.create({ name: 'a', team: team.id })
    const revoked = await tenants.removeTeam('org_default', team.id)
    expect(revoked.map((state) => state.key.id)).toEqual([key.id])
    expect(ring.find(secret.reveal())).toBeUndefined()
    expect(await tenants.listTeams('org_default')).toEqual([])
    expect(await users.get(operator, user.id)).toEqual({ ...user, team: null })
  })
})
