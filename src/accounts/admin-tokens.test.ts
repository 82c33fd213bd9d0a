import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createAdminTokenStore } from './admin-token-store.ts'
import { createAdminTokens } from './admin-tokens.ts'
import { createTokenDigest } from './token-digest.ts'

onEachDatabase('admin tokens', (open) => {
  const start = async () => {
    const database = await open()
    const clock = { now: 1_000_000 }
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const process = () => createAdminTokens(createAdminTokenStore(database), digest, () => clock.now)
    return { database, clock, tokens: process(), other: process() }
  }

  test('are found at once, and by another process after its reload', async () => {
    const { tokens, other } = await start()
    const { token, secret } = await tokens.create({ name: 'ops' })
    expect(secret.reveal()).toMatch(/^tgw-admin-[0-9A-Za-z]{40}$/)
    expect(tokens.find(secret.reveal())).toEqual({ id: token.id, name: 'ops' })
    expect(tokens.find(`${secret.reveal()}x`)).toBeUndefined()
    expect(other.find(secret.reveal())).toBeUndefined()
    expect(await other.reload()).toBe(1)
    expect(other.find(secret.reveal())).toEqual({ id: token.id, name: 'ops' })
    expect(await tokens.list()).toEqual([token])
  })

  test('are revoked at once and for ever', async () => {
    const { tokens, other } = await start()
    const { token, secret } = await tokens.create({ name: 'ops' })
    const { secret: stays } = await tokens.create({ name: 'more' })
    await other.load()
    expect((await tokens.revoke(token.id)).revokedAt).toBe(1_000_000)
    expect(tokens.find(secret.reveal())).toBeUndefined()
    expect(tokens.find(stays.reveal())).toBeDefined()
    await other.reload()
    expect(other.find(secret.reveal())).toBeUndefined()
    for (const id of ['admin_0', 'a\0', secret.reveal()]) {
      await expect(tokens.revoke(id)).rejects.toMatchObject({ code: 'not_found' })
    }
  })

  test('end at their expiry', async () => {
    const { tokens, clock } = await start()
    const { secret } = await tokens.create({ name: 'ops', expiresAt: clock.now + 10 })
    clock.now += 9
    expect(tokens.find(secret.reveal())).toBeDefined()
    clock.now += 1
    expect(tokens.find(secret.reveal())).toBeUndefined()
  })

  test('leave nothing of their text in the database', async () => {
    const { tokens, database } = await start()
    const { secret } = await tokens.create({ name: 'ops' })
    const rows = await database.kysely
      .selectFrom('admin_tokens')
      .select(['prefix', 'digest', 'name', 'id'])
      .execute()
    expect(JSON.stringify(rows)).not.toContain(secret.reveal().slice(14))
  })
})
