import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTenants } from './tenants.ts'
import { createTokenDigest } from './token-digest.ts'
import { type Authority, operator } from './user.ts'
import { createUserStore } from './user-store.ts'
import { createRootAdmin, createUsers } from './users.ts'
import { createVirtualKeys } from './virtual-keys.ts'

onEachDatabase('users', (open) => {
  const start = async () => {
    const database = await open()
    const clock = { now: 1_700_000_000_000 }
    const now = () => clock.now
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const keyStore = createKeyStore(database)
    const ring = createKeyRing(keyStore, digest, now)
    /** What another process knows after it looked for changes. */
    const elsewhere = createKeyRing(keyStore, digest, now)
    const { apply } = ring
    const store = createUserStore(database)
    return {
      ...{ database, clock, ring, elsewhere, store },
      tenants: createTenants({ store: createTenantStore(database), apply, now }),
      users: createUsers({ store, apply, now }),
      keys: createVirtualKeys({ store: keyStore, digest, apply, now }),
    }
  }
  const ownerOf = (organisation: string): Authority => ({ role: 'owner', organisation })
  const adminOf = (organisation: string): Authority => ({ role: 'admin', organisation })

  test('have a role, a state, and a name that is taken from the address where none is given', async () => {
    const { users, clock } = await start()
    const user = await users.create(operator, { email: ' Ada.Lovelace@Example.COM ' })
    expect(user).toEqual({
      ...{ id: user.id, organisation: 'org_default', team: null, name: 'ada.lovelace' },
      ...{ email: 'ada.lovelace@example.com', role: 'member', state: 'active', root: false },
      ...{ createdAt: clock.now, updatedAt: clock.now, lastLoginAt: null, deletedAt: null },
    })
    expect(await users.get(operator, user.id)).toEqual(user)
    const invited = await users.create(operator, {
      ...{ email: 'bob@local', name: 'Bob', role: 'viewer', state: 'invited' },
    })
    expect(invited).toMatchObject({ name: 'Bob', role: 'viewer', state: 'invited' })
    expect((await users.list(operator, {})).map(({ id }) => id)).toEqual([invited.id, user.id])
    expect((await users.list(operator, { role: 'viewer' })).map(({ id }) => id)).toEqual([invited.id])
    expect((await users.list(operator, { email: 'ADA.lovelace@example.com' })).map(({ id }) => id)).toEqual([
      user.id,
    ])
    expect((await users.list(operator, { after: invited.id, limit: 1 })).map(({ id }) => id)).toEqual([
      user.id,
    ])
  })

  test('are unique by address within an organisation, whatever its case', async () => {
    const { users, tenants } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    const user = await users.create(operator, { email: 'ada@example.com' })
    const bob = await users.create(operator, { email: 'bob@example.com' })
    await users.create(operator, { email: 'ada@example.com', organisation: other.id })
    const again = users.create(operator, { email: 'ADA@example.com' })
    await expect(again).rejects.toMatchObject({ code: 'conflict', param: 'email' })
    const taken = users.update(operator, bob.id, { email: 'Ada@Example.com' })
    await expect(taken).rejects.toMatchObject({ code: 'conflict' })
    expect(await users.update(operator, user.id, { email: 'ADA@EXAMPLE.com' })).toMatchObject({
      email: 'ada@example.com',
    })
    await users.remove(operator, user.id)
    const successor = await users.create(operator, { email: 'ada@example.com' })
    expect(successor.id).not.toBe(user.id)
    expect((await users.list(operator, { organisation: 'org_default' })).map(({ id }) => id)).toEqual([
      successor.id,
      bob.id,
    ])
    expect((await users.list(operator, { state: 'deleted' })).map(({ id }) => id)).toEqual([user.id])
  })

  test('are refused with an address or a role that is none', async () => {
    const { users } = await start()
    for (const email of ['', 'ada', 'a b@example.com', 'a@b\r\nbcc: c@d', `${'a'.repeat(250)}@b.de`]) {
      const made = users.create(operator, { email })
      await expect(made).rejects.toMatchObject({ code: 'gateway_request_invalid', param: 'email' })
    }
    // @ts-expect-error a role that there is not
    const made = users.create(operator, { email: 'a@b.de', role: 'root' })
    await expect(made).rejects.toMatchObject({ code: 'gateway_request_invalid', param: 'role' })
    // @ts-expect-error only the first start makes somebody who may see all organisations
    const root = users.create(operator, { email: 'a@b.de', root: true })
    await expect(root).rejects.toMatchObject({ code: 'gateway_request_invalid' })
  })

  test('are seen and changed by their own organisation only', async () => {
    const { users, tenants } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    const team = await tenants.createTeam({ name: 'theirs', organisation: other.id })
    const user = await users.create(operator, { email: 'ada@example.com' })
    const stranger = ownerOf(other.id)
    const unknown = { code: 'not_found' }
    await expect(users.get(stranger, user.id)).rejects.toMatchObject(unknown)
    await expect(users.update(stranger, user.id, { name: 'x' })).rejects.toMatchObject(unknown)
    await expect(users.suspend(stranger, user.id)).rejects.toMatchObject(unknown)
    await expect(users.activate(stranger, user.id)).rejects.toMatchObject(unknown)
    await expect(users.remove(stranger, user.id)).rejects.toMatchObject(unknown)
    const planted = users.create(stranger, { email: 'eve@example.com', organisation: 'org_default' })
    await expect(planted).rejects.toMatchObject(unknown)
    expect(await users.list(stranger, {})).toEqual([])
    expect(await users.list(stranger, { organisation: 'org_default' })).toEqual([])
    const foreign = users.update(ownerOf('org_default'), user.id, { team: team.id })
    await expect(foreign).rejects.toMatchObject({ code: 'not_found', param: 'team' })
    const own = users.create(operator, { email: 'eve@example.com', team: team.id })
    await expect(own).rejects.toMatchObject(unknown)
    expect(await users.get(operator, user.id)).toEqual(user)
  })

  test('get no role above the one of whoever gives it, and nobody touches a role above', async () => {
    const { users } = await start()
    const admin = adminOf('org_default')
    const denied = { code: 'gateway_permission_denied' }
    const owner = await users.create(operator, { email: 'owner@example.com', role: 'owner' })
    await users.create(operator, { email: 'second@example.com', role: 'owner' })
    const member = await users.create(admin, { email: 'ada@example.com' })
    await expect(users.create(admin, { email: 'eve@example.com', role: 'owner' })).rejects.toMatchObject(
      denied,
    )
    await expect(users.update(admin, member.id, { role: 'owner' })).rejects.toMatchObject(denied)
    expect(await users.update(admin, member.id, { role: 'admin' })).toMatchObject({ role: 'admin' })
    await expect(users.update(admin, owner.id, { role: 'viewer' })).rejects.toMatchObject(denied)
    // Whoever sets an owner's address could ask for a link to it.
    await expect(users.update(admin, owner.id, { email: 'eve@example.com' })).rejects.toMatchObject(denied)
    await expect(users.suspend(admin, owner.id)).rejects.toMatchObject(denied)
    await expect(users.remove(admin, owner.id)).rejects.toMatchObject(denied)
    for (const role of ['member', 'viewer', 'billing'] as const) {
      const weak = users.update({ role, organisation: 'org_default' }, member.id, { name: 'x' })
      await expect(weak).rejects.toMatchObject(denied)
    }
  })

  test('leave their organisation with an active owner at all times', async () => {
    const { users } = await start()
    const conflict = { code: 'conflict' }
    const first = await users.create(operator, { email: 'a@example.com', role: 'owner' })
    const invited = await users.create(operator, {
      ...{ email: 'b@example.com', role: 'owner', state: 'invited' },
    })
    for (const lost of [
      () => users.update(operator, first.id, { role: 'admin' }),
      () => users.suspend(operator, first.id),
      () => users.remove(operator, first.id),
    ])
      await expect(lost()).rejects.toMatchObject(conflict)
    await users.activate(operator, invited.id)
    // Both at once: one of them must lose.
    const both = await Promise.allSettled([
      users.suspend(operator, first.id),
      users.remove(operator, invited.id),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await users.list(operator, { role: 'owner', state: 'active' })).length).toBe(1)
  })

  test('take their keys along: suspended, resumed, deleted, here at once and elsewhere after a look', async () => {
    const { users, keys, ring, elsewhere } = await start()
    const user = await users.create(operator, { email: 'ada@example.com' })
    const { key, secret } = await keys.create({ name: 'a', user: user.id })
    const { key: disabled, secret: off } = await keys.create({ name: 'off', user: user.id })
    await keys.update(disabled.id, { disabled: true })
    const { secret: service } = await keys.create({ name: 'service' })
    await elsewhere.load()
    const works = async (text: string): Promise<boolean> => {
      await elsewhere.reload()
      const found = ring.find(text) !== undefined
      expect(elsewhere.find(text) !== undefined).toBe(found)
      return found
    }
    expect(await works(secret.reveal())).toBe(true)
    expect((await users.suspend(operator, user.id)).state).toBe('suspended')
    expect(await works(secret.reveal())).toBe(false)
    expect(await works(service.reveal())).toBe(true)
    // No change to the key itself makes it work again.
    await keys.update(key.id, { disabled: false, name: 'b' })
    const { secret: rotated } = await keys.rotate(key.id, 60)
    const { key: late, secret: made } = await keys.create({ name: 'late', user: user.id })
    expect(late.suspended).toBe(true)
    for (const one of [secret, rotated, made]) expect(await works(one.reveal())).toBe(false)
    await users.activate(operator, user.id)
    for (const one of [secret, rotated, made]) expect(await works(one.reveal())).toBe(true)
    expect(await works(off.reveal())).toBe(false)
    const { user: gone, revoked } = await users.remove(operator, user.id)
    expect(gone).toMatchObject({ state: 'deleted', email: 'ada@example.com' })
    expect(revoked.map((state) => state.key.id).sort()).toEqual([key.id, disabled.id, late.id].sort())
    for (const one of [secret, rotated, made]) expect(await works(one.reveal())).toBe(false)
    expect(await works(service.reveal())).toBe(true)
    await expect(users.activate(operator, user.id)).rejects.toMatchObject({ code: 'conflict' })
    await expect(users.remove(operator, user.id)).rejects.toMatchObject({ code: 'conflict' })
    await expect(keys.create({ name: 'c', user: user.id })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('take the keys of their team along when they change it', async () => {
    const { users, keys, tenants, ring } = await start()
    const [from, to, third] = await Promise.all(
      ['from', 'to', 'third'].map((name) => tenants.createTeam({ name })),
    )
    const user = await users.create(operator, { email: 'ada@example.com', team: from?.id ?? null })
    const { secret } = await keys.create({ name: 'a', user: user.id })
    const { secret: lent } = await keys.create({ name: 'b', user: user.id, team: third?.id ?? null })
    await users.update(operator, user.id, { team: to?.id ?? null })
    expect(ring.find(secret.reveal())?.tenant.team).toBe(to?.id ?? '')
    expect(ring.find(lent.reveal())?.tenant.team).toBe(third?.id ?? '')
    await users.update(operator, user.id, { team: null })
    expect(ring.find(secret.reveal())?.tenant.team).toBeNull()
  })

  test('begin with one root admin, whom only somebody above all organisations may change', async () => {
    const { users, store } = await start()
    const made = await Promise.all([createRootAdmin(store), createRootAdmin(store)])
    const [root] = made.filter((user) => user !== undefined)
    expect(made.filter((user) => user !== undefined).length).toBe(1)
    expect(root).toMatchObject({
      ...{ email: 'admin@local', role: 'owner', state: 'active', root: true },
      organisation: 'org_default',
    })
    const id = root?.id ?? ''
    await users.create(operator, { email: 'second@example.com', role: 'owner' })
    const denied = { code: 'gateway_permission_denied' }
    const bound = ownerOf('org_default')
    await expect(users.update(bound, id, { email: 'eve@example.com' })).rejects.toMatchObject(denied)
    await expect(users.remove(bound, id)).rejects.toMatchObject(denied)
    expect(await users.update(operator, id, { email: 'ops@example.com' })).toMatchObject({ root: true })
    await users.remove(operator, id)
    // One that was deleted does not come back with the next start.
    expect(await createRootAdmin(store)).toBeUndefined()
  })
})
