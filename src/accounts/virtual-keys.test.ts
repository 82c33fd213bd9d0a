import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import type { Database } from '../storage/index.ts'
import { allows } from './key-identity.ts'
import { defaultOptions } from './key-options.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { createKeyUsage } from './key-usage.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTenants } from './tenants.ts'
import { createTokenDigest } from './token-digest.ts'
import { operator } from './user.ts'
import { createUserStore } from './user-store.ts'
import { createUsers } from './users.ts'
import { createVirtualKeys } from './virtual-keys.ts'

const second = 1000

/** One process of the gateway: its own ring, over a database that it may share. */
const startProcess = async (
  database: Database,
  clock: { now: number },
  key = createSecretKey(randomBytes(32)),
) => {
  const store = createKeyStore(database)
  const digest = createTokenDigest(key)
  const now = () => clock.now
  const ring = createKeyRing(store, digest, now)
  await ring.load()
  const keys = createVirtualKeys({ store, digest, apply: ring.apply, now })
  const tenants = createTenants({ store: createTenantStore(database), apply: ring.apply, now })
  const users = createUsers({ store: createUserStore(database), apply: ring.apply, now })
  return { store, ring, keys, tenants, users, key }
}

onEachDatabase('virtual keys', (open) => {
  const start = async (clock = { now: 1_000_000 }) => {
    const database = await open()
    return { database, clock, ...(await startProcess(database, clock)) }
  }

  test('are found by their secret at once, with all that was given', async () => {
    const { keys, ring } = await start()
    const { key, secret } = await keys.create({
      name: ' laptop ',
      scopes: { models: ['claude-*'], endpoints: null, providers: ['anthropic'] },
      options: { unbounded: 'admit', strict: true, workMode: 'passthrough' },
      metadata: { cost_centre: 42, tags: ['a', null] },
      expiresAt: 5_000_000,
    })
    expect(secret.reveal()).toMatch(/^tgw-sk-[0-9A-Za-z]{40}$/)
    expect(key.prefix).toBe(`${secret.reveal().slice(0, 11)}…`)
    const identity = ring.find(secret.reveal())
    expect(identity).toMatchObject({
      id: key.id,
      name: 'laptop',
      prefix: key.prefix,
      tenant: { organisation: 'org_default', team: null, user: null, key: key.id },
      options: { unbounded: 'admit', strict: true, workMode: 'passthrough' },
      metadata: { cost_centre: 42, tags: ['a', null] },
      expiresAt: 5_000_000,
    })
    if (identity === undefined) throw new Error('not found')
    expect(allows(identity, { model: 'claude-opus-4', provider: 'anthropic' })).toBe(true)
    expect(allows(identity, { model: 'gpt-5' })).toBe(false)
    expect(await keys.get(key.id)).toEqual(key)
  })

  test('say nothing about translation unless told, also those that were stored before they could', async () => {
    const { keys, database } = await start()
    const { key } = await keys.create({ name: 'a' })
    expect(key.options).toEqual(defaultOptions)
    await database.kysely
      .updateTable('virtual_keys')
      .set({ options: '{"unbounded":"refuse","strict":true}' })
      .execute()
    expect((await keys.get(key.id)).options).toEqual({ ...defaultOptions, strict: true })
    const options = { unbounded: 'refuse', strict: null, workMode: 'translation' } as const
    expect((await keys.update(key.id, { options })).options).toEqual({ ...defaultOptions, ...options })
  })

  test('leave nothing of the secret in the database', async () => {
    const { keys, database } = await start()
    const { secret } = await keys.create({ name: 'a' })
    const rows = [
      ...(await database.kysely.selectFrom('virtual_keys').selectAll().execute()),
      ...(await database.kysely.selectFrom('key_secrets').selectAll().execute()),
    ]
    expect(rows.length).toBe(2)
    const text = JSON.stringify(rows, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(text).not.toContain(secret.reveal().slice(11))
    expect(text).toContain(secret.reveal().slice(0, 11))
  })

  test('are not found by anything else', async () => {
    const { keys, ring } = await start()
    const { key, secret } = await keys.create({ name: 'a' })
    const text = secret.reveal()
    for (const other of [
      '',
      text.slice(0, -1),
      `${text}a`,
      ` ${text}`,
      text.toUpperCase(),
      key.id,
      key.prefix,
    ]) {
      expect(ring.find(other)).toBeUndefined()
    }
    expect(ring.find('x'.repeat(1_000_000))).toBeUndefined()
  })

  test('are not found under another HMAC key', async () => {
    const { keys, database, clock } = await start()
    const { secret } = await keys.create({ name: 'a' })
    const stranger = await startProcess(database, clock)
    expect(stranger.ring.find(secret.reveal())).toBeUndefined()
  })

  test('end at their expiry, to the millisecond, and return when it is moved', async () => {
    const { keys, ring, clock } = await start()
    const { key, secret } = await keys.create({ name: 'a', expiresAt: clock.now + second })
    clock.now += second - 1
    expect(ring.find(secret.reveal())?.id).toBe(key.id)
    clock.now += 1
    expect(ring.find(secret.reveal())).toBeUndefined()
    await keys.update(key.id, { expiresAt: null })
    expect(ring.find(secret.reveal())?.id).toBe(key.id)
  })

  test('stop when disabled, and work again when enabled', async () => {
    const { keys, ring } = await start()
    const { key, secret } = await keys.create({ name: 'a' })
    expect((await keys.update(key.id, { disabled: true })).disabled).toBe(true)
    expect(ring.find(secret.reveal())).toBeUndefined()
    await keys.update(key.id, { disabled: false })
    expect(ring.find(secret.reveal())?.id).toBe(key.id)
  })

  test('change what is given and keep the rest', async () => {
    const { keys, ring, clock } = await start()
    const { key, secret } = await keys.create({
      name: 'a',
      metadata: { a: 1 },
      scopes: { models: ['gpt-*'], tags: ['project-*'] },
      options: { tags: ['ci'], routing: { prefer: ['a', 'b'] } },
    })
    clock.now += second
    const changed = await keys.update(key.id, {
      name: 'b',
      scopes: { models: null, endpoints: ['embed'] },
      options: { allowedAddresses: ['10.0.0.0/8'], routing: { strategy: 'cheapest' } },
    })
    expect(changed).toEqual({
      ...key,
      name: 'b',
      scopes: { models: null, endpoints: ['embed'], providers: null, tags: ['project-*'] },
      options: {
        ...defaultOptions,
        tags: ['ci'],
        allowedAddresses: ['10.0.0.0/8'],
        routing: { strategy: 'cheapest', prefer: ['a', 'b'] },
      },
      updatedAt: clock.now,
    })
    expect(ring.find(secret.reveal())?.name).toBe('b')
  })

  test('are revoked for ever', async () => {
    const { keys, ring, clock, database } = await start()
    const { key, secret } = await keys.create({ name: 'a' })
    const revoked = await keys.revoke(key.id)
    expect(revoked.revokedAt).toBe(clock.now)
    expect(ring.find(secret.reveal())).toBeUndefined()
    clock.now += second
    expect((await keys.revoke(key.id)).revokedAt).toBe(clock.now - second)
    await expect(keys.update(key.id, { disabled: false })).rejects.toMatchObject({ code: 'conflict' })
    await expect(keys.rotate(key.id, 60)).rejects.toMatchObject({ code: 'conflict' })
    const later = await startProcess(database, clock)
    expect(later.ring.find(secret.reveal())).toBeUndefined()
  })

  test('rotate: the old secret ends with the overlap, the new one stays', async () => {
    const { keys, ring, clock } = await start()
    const { key, secret: old } = await keys.create({ name: 'a' })
    const { key: rotated, secret: fresh } = await keys.rotate(key.id, 60)
    expect(rotated.prefix).toBe(`${fresh.reveal().slice(0, 11)}…`)
    expect(ring.find(old.reveal())?.id).toBe(key.id)
    expect(ring.find(fresh.reveal())?.id).toBe(key.id)
    clock.now += 60 * second - 1
    expect(ring.find(old.reveal())?.id).toBe(key.id)
    clock.now += 1
    expect(ring.find(old.reveal())).toBeUndefined()
    expect(ring.find(fresh.reveal())?.id).toBe(key.id)
  })

  test('rotate without overlap: the old secret ends at once', async () => {
    const { keys, ring } = await start()
    const { key, secret: old } = await keys.create({ name: 'a' })
    const { secret: fresh } = await keys.rotate(key.id, 0)
    expect(ring.find(old.reveal())).toBeUndefined()
    expect(ring.find(fresh.reveal())?.id).toBe(key.id)
  })

  test('rotate twice: a longer second overlap does not lengthen the first', async () => {
    const { keys, ring, clock } = await start()
    const { key, secret: first } = await keys.create({ name: 'a' })
    const { secret: middle } = await keys.rotate(key.id, 10)
    await keys.rotate(key.id, 3600)
    clock.now += 11 * second
    expect(ring.find(first.reveal())).toBeUndefined()
    expect(ring.find(middle.reveal())?.id).toBe(key.id)
  })

  test('belong to a team and a user of their organisation only', async () => {
    const { keys, tenants, users, ring } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    const team = await tenants.createTeam({ name: 'platform' })
    const user = await users.create(operator, { email: 'ada@example.com', team: team.id })
    const { key, secret } = await keys.create({ name: 'a', user: user.id })
    expect(ring.find(secret.reveal())?.tenant).toEqual({
      organisation: 'org_default',
      team: team.id,
      user: user.id,
      key: key.id,
    })
    const wrong = [
      { input: { organisation: 'org_none' }, param: 'organisation' },
      { input: { organisation: other.id, team: team.id }, param: 'team' },
      { input: { organisation: other.id, user: user.id }, param: 'user' },
      { input: { user: team.id }, param: 'user' },
    ]
    for (const { input, param } of wrong) {
      await expect(keys.create({ name: 'a', ...input })).rejects.toMatchObject({ code: 'not_found', param })
    }
    expect((await keys.list({ organisation: other.id })).length).toBe(0)
  })

  test('are listed newest first, by tenant and state, page by page', async () => {
    const { keys, users, clock } = await start()
    const user = await users.create(operator, { email: 'ada@example.com' })
    const ids: string[] = []
    for (let index = 0; index < 7; index += 1) {
      clock.now += 1
      const { key } = await keys.create({ name: `key ${index}`, user: index % 2 === 0 ? user.id : null })
      ids.unshift(key.id)
    }
    const listed = async (filter: Parameters<typeof keys.list>[0]) =>
      (await keys.list(filter)).map((key) => key.id)
    expect(await listed({})).toEqual(ids)
    expect(await listed({ user: user.id })).toEqual(ids.filter((_, index) => index % 2 === 0))
    const first = await listed({ limit: 3 })
    expect(first).toEqual(ids.slice(0, 3))
    expect(await listed({ limit: 3, after: ids[2] ?? '' })).toEqual(ids.slice(3, 6))
    await keys.revoke(ids[0] ?? '')
    expect(await listed({ live: true })).toEqual(ids.slice(1))
    expect(await listed({ organisation: 'org_none' })).toEqual([])
  })

  test('refuse wrong input and unknown ids, and repeat no secret', async () => {
    const { keys, clock } = await start()
    const { secret } = await keys.create({ name: 'a' })
    const inputs: unknown[] = [
      { name: '' },
      { name: 'a\0b' },
      { name: 'a', model: 'x' },
      { name: 'a', expiresAt: clock.now },
      { name: 'a', metadata: { text: 'x'.repeat(20_000) } },
      { name: 'a', scopes: { models: [7] } },
      { name: 'a', options: { allowedAddresses: ['10.0.0.1/8'] } },
      { name: 'a', options: { allowedAddresses: ['localhost'] } },
      { name: 'a', options: { tags: ['a b'] } },
      { name: 'a', options: { tags: Array.from({ length: 17 }, (_, index) => `t${index}`) } },
      { name: 'a', options: { routing: { strategy: 'luck' } } },
      { name: 'a', expireInSeconds: 0 },
      { name: 'a', expireInSeconds: 60, expiresAt: clock.now + 60_000 },
      { name: 'a', user: 'u\0' },
    ]
    for (const input of inputs) {
      // What arrives over HTTP has no type.
      const wrong = keys.create(input as Parameters<typeof keys.create>[0])
      await expect(wrong).rejects.toMatchObject({ code: 'gateway_request_invalid' })
    }
    for (const id of ['key_0', '', 'a\0b', secret.reveal()]) {
      const calls = [
        () => keys.get(id),
        () => keys.revoke(id),
        () => keys.update(id, { name: 'b' }),
        () => keys.rotate(id, 1),
      ]
      for (const call of calls) {
        const error = await call().catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({ code: 'not_found' })
        expect(String(error)).not.toContain(secret.reveal())
      }
    }
    for (const overlap of [-1, Number.NaN, 31 * 24 * 3600]) {
      await expect(keys.rotate('key_0', overlap)).rejects.toMatchObject({ code: 'gateway_request_invalid' })
    }
  })

  test('reach another process with its next reload', async () => {
    const { keys, database, clock, key: hmac } = await start()
    const other = await startProcess(database, clock, hmac)
    const { key, secret } = await keys.create({ name: 'a' })
    expect(other.ring.find(secret.reveal())).toBeUndefined()
    expect(await other.ring.reload()).toBe(1)
    expect(other.ring.find(secret.reveal())?.id).toBe(key.id)
    expect(await other.ring.reload()).toBe(0)
    const { secret: fresh } = await keys.rotate(key.id, 0)
    await keys.revoke((await keys.create({ name: 'b' })).key.id)
    expect(await other.ring.reload()).toBe(2)
    expect(other.ring.find(secret.reveal())).toBeUndefined()
    expect(other.ring.find(fresh.reveal())?.id).toBe(key.id)
  })

  test('changed by many at once all reach a process that reads meanwhile', async () => {
    const { database, clock, key: hmac, keys } = await start()
    const other = await startProcess(database, clock, hmac)
    let writing = true
    const reading = (async () => {
      while (writing) await other.ring.reload()
    })()
    const issued = await Promise.all(
      Array.from({ length: 40 }, (_, index) => keys.create({ name: `${index}` })),
    )
    const revoked = issued.filter((_, index) => index % 3 === 0)
    await Promise.all(revoked.map(({ key }) => keys.revoke(key.id)))
    writing = false
    await reading
    await other.ring.reload()
    for (const item of issued) {
      expect(other.ring.find(item.secret.reveal())?.id).toBe(revoked.includes(item) ? undefined : item.key.id)
    }
  })

  test('an older state that arrives late changes nothing', async () => {
    const { keys, ring, store } = await start()
    const { key, secret } = await keys.create({ name: 'a' })
    const before = await store.changes({ version: 0, id: '' }, 10)
    await keys.revoke(key.id)
    for (const state of before) expect(ring.apply(state)).toBe(false)
    expect(ring.find(secret.reveal())).toBeUndefined()
  })

  test('more keys than a page of changes are all loaded', async () => {
    const { database, store, clock, key: hmac } = await start()
    const digest = createTokenDigest(hmac)
    const made = Array.from({ length: 1_203 }, (_, index) => `tgw-sk-${index}`)
    // One change for all of them: the pages must not skip what shares a version.
    await database.kysely.transaction().execute(async (transaction) => {
      const rows = made.map((token, index) => ({
        ...{
          id: `key_${String(index).padStart(5, '0')}`,
          organisation_id: 'org_default',
          name: 'a',
          prefix: '',
        },
        ...{ scopes: '{}', options: '{}', metadata: '{}', made_by: 'created', disabled: 0, version: 1 },
        ...{ created_at: 1, updated_at: 1, token },
      }))
      for (const { token, ...row } of rows) {
        await transaction.insertInto('virtual_keys').values(row).execute()
        const secret = {
          digest: digest(token),
          key_id: row.id,
          organisation_id: 'org_default',
          created_at: 1,
        }
        await transaction.insertInto('key_secrets').values(secret).execute()
      }
    })
    const { ring } = await startProcess(database, clock, hmac)
    expect(made.filter((token) => ring.find(token) === undefined)).toEqual([])
    expect((await store.list({})).length).toBe(100)
  }, 20_000)

  test('remember when they were last used, and never earlier than that', async () => {
    const { keys, store } = await start()
    const { key } = await keys.create({ name: 'a' })
    const usage = createKeyUsage(store)
    usage.note(key.id, 2_000)
    usage.note(key.id, 1_500)
    usage.note('key_unknown', 1)
    await usage.flush()
    expect((await keys.get(key.id)).lastUsedAt).toBe(2_000)
    await store.touch([{ id: key.id, at: 1_000 }])
    expect((await keys.get(key.id)).lastUsedAt).toBe(2_000)
  })
})

test('uses that could not be written are written by the next flush', async () => {
  const written: unknown[] = []
  let isAway = true
  const usage = createKeyUsage({
    touch: async (uses) => {
      if (isAway) throw new Error('the database is away')
      written.push(...uses)
    },
  })
  usage.note('key_1', 5)
  await expect(usage.flush()).rejects.toThrow('away')
  usage.note('key_1', 4)
  usage.note('key_2', 7)
  isAway = false
  await usage.flush()
  await usage.flush()
  expect(written).toEqual([
    { id: 'key_1', at: 5 },
    { id: 'key_2', at: 7 },
  ])
})
