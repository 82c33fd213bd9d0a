import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTenants } from './tenants.ts'
import { createTokenDigest } from './token-digest.ts'
import { createVirtualKeys } from './virtual-keys.ts'

onEachDatabase('organisations, teams and users', (open) => {
  const start = async () => {
    const database = await open()
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const store = createKeyStore(database)
    const ring = createKeyRing(store, digest)
    const tenants = createTenants({ store: createTenantStore(database), apply: ring.apply })
    return { ring, tenants, keys: createVirtualKeys({ store, digest, apply: ring.apply }) }
  }

  test('begin with the default organisation', async () => {
    const { tenants } = await start()
    expect((await tenants.listOrganisations()).map((organisation) => organisation.id)).toEqual([
      'org_default',
    ])
  })

  test('are kept apart by organisation', async () => {
    const { tenants } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    const team = await tenants.createTeam({ name: 'platform' })
    const otherTeam = await tenants.createTeam({ name: 'platform', organisation: other.id })
    const user = await tenants.createUser({ name: 'Ada', email: 'ada@example.com', team: team.id })
    expect(await tenants.listTeams('org_default')).toEqual([team])
    expect(await tenants.listTeams(other.id)).toEqual([otherTeam])
    expect(await tenants.listUsers('org_default')).toEqual([user])
    expect(await tenants.listUsers(other.id)).toEqual([])
    const foreign = tenants.createUser({ name: 'Eve', organisation: other.id, team: team.id })
    await expect(foreign).rejects.toMatchObject({ code: 'not_found' })
    await expect(tenants.removeUser(other.id, user.id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(tenants.removeTeam(other.id, team.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('refuse a name or email that exists, and what is no name', async () => {
    const { tenants } = await start()
    await tenants.createOrganisation({ name: 'other' })
    await tenants.createTeam({ name: 'platform' })
    await tenants.createUser({ name: 'Ada', email: 'ada@example.com' })
    await tenants.createUser({ name: 'Ada' })
    await tenants.createUser({ name: 'Ada' })
    await expect(tenants.createOrganisation({ name: 'other' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(tenants.createTeam({ name: 'platform' })).rejects.toMatchObject({ code: 'conflict' })
    const again = tenants.createUser({ name: 'Bob', email: 'ada@example.com' })
    await expect(again).rejects.toMatchObject({ code: 'conflict' })
    await expect(tenants.createTeam({ name: ' ' })).rejects.toMatchObject({ code: 'gateway_request_invalid' })
    const unknown = tenants.createTeam({ name: 'a', organisation: 'org_none' })
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' })
  })

  test('revoke the keys of a user that is removed', async () => {
    const { tenants, keys, ring } = await start()
    const user = await tenants.createUser({ name: 'Ada' })
    const { key, secret } = await keys.create({ name: 'a', user: user.id })
    const { secret: stays } = await keys.create({ name: 'b' })
    await tenants.removeUser('org_default', user.id)
    expect(ring.find(secret.reveal())).toBeUndefined()
    expect(ring.find(stays.reveal())).toBeDefined()
    expect((await keys.get(key.id)).user).toBe(user.id)
    await expect(keys.create({ name: 'c', user: user.id })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('revoke the keys of a team that is removed, and take it from its users', async () => {
    const { tenants, keys, ring } = await start()
    const team = await tenants.createTeam({ name: 'platform' })
    const user = await tenants.createUser({ name: 'Ada', team: team.id })
    const { secret } = await keys.create({ name: 'a', team: team.id })
    await tenants.removeTeam('org_default', team.id)
    expect(ring.find(secret.reveal())).toBeUndefined()
    expect(await tenants.listTeams('org_default')).toEqual([])
    expect(await tenants.listUsers('org_default')).toEqual([{ ...user, team: null }])
  })
})
