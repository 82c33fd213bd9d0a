import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createAdminTokenStore } from './admin-token-store.ts'
import { createAdminTokens } from './admin-tokens.ts'
import { firstStart, type Presets } from './first-start.ts'
import { createFirstStartStore } from './first-start-store.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { Secret } from './secret.ts'
import { createTokenDigest } from './token-digest.ts'
import { createVirtualKeys } from './virtual-keys.ts'

onEachDatabase('a first start', (open) => {
  const install = async () => {
    const database = await open()
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const start = (preset: Presets = {}) =>
      firstStart({ store: createFirstStartStore(database), digest, preset })
    /** What a process that starts now would let in. */
    const load = async () => {
      const store = createKeyStore(database)
      const ring = createKeyRing(store, digest)
      const admins = createAdminTokens(createAdminTokenStore(database), digest)
      await Promise.all([ring.load(), admins.load()])
      const keys = createVirtualKeys({ store, digest, apply: ring.apply })
      const lets = (secret: Secret | undefined) => ring.find(secret?.reveal() ?? '') !== undefined
      const administrates = (secret: Secret | undefined) => admins.find(secret?.reveal() ?? '') !== undefined
      return { ring, admins, keys, lets, administrates }
    }
    return { database, start, load }
  }

  test('shows a working pair once, and never again', async () => {
    const { start, load } = await install()
    const pair = await start()
    expect(pair?.adminToken?.reveal()).toMatch(/^tgw-admin-[0-9A-Za-z]{40}$/)
    expect(pair?.virtualKey?.reveal()).toMatch(/^tgw-sk-[0-9A-Za-z]{40}$/)
    expect(await pair?.markShown()).toBe(true)
    expect(await start()).toBeUndefined()
    const { lets, administrates, ring } = await load()
    expect(lets(pair?.virtualKey)).toBe(true)
    expect(administrates(pair?.adminToken)).toBe(true)
    expect(ring.find(pair?.virtualKey?.reveal() ?? '')?.tenant.organisation).toBe('org_default')
  })

  test('that died before it showed the pair is made good by the next, and the unseen pair is dead', async () => {
    const { start, load } = await install()
    const unseen = [await start(), await start(), await start()]
    const shown = await start()
    const { lets, administrates } = await load()
    for (const pair of unseen) {
      expect(lets(pair?.virtualKey)).toBe(false)
      expect(administrates(pair?.adminToken)).toBe(false)
    }
    expect(lets(shown?.virtualKey)).toBe(true)
    expect(administrates(shown?.adminToken)).toBe(true)
    expect(await shown?.markShown()).toBe(true)
    expect(await start()).toBeUndefined()
  })

  test('of two processes together leaves exactly one working pair, and each knows whether it is its own', async () => {
    const { start, load } = await install()
    const pairs = await Promise.all([start(), start(), start()])
    const shown = await Promise.all(pairs.map((pair) => pair?.markShown() ?? false))
    const { lets, administrates } = await load()
    expect(shown.filter(Boolean).length).toBe(1)
    for (const [index, pair] of pairs.entries()) {
      expect(lets(pair?.virtualKey)).toBe(shown[index] ?? false)
      expect(administrates(pair?.adminToken)).toBe(shown[index] ?? false)
    }
  })

  test('of two processes together with a preset token leaves exactly one working key', async () => {
    const { start, load } = await install()
    const preset = { adminToken: new Secret('an-operators-token') }
    const pairs = [await start(preset), await start(preset)]
    const shown = [await pairs[0]?.markShown(), await pairs[1]?.markShown()]
    expect(shown).toEqual([false, true])
    const { lets } = await load()
    expect(pairs.map((pair) => lets(pair?.virtualKey))).toEqual([false, true])
  })

  test('that was completed stays so when its key and token are revoked', async () => {
    const { start, load } = await install()
    const pair = await start()
    await pair?.markShown()
    const { keys, admins } = await load()
    for (const key of await keys.list({})) await keys.revoke(key.id)
    for (const token of await admins.list()) await admins.revoke(token.id)
    expect(await start()).toBeUndefined()
    expect((await load()).lets(pair?.virtualKey)).toBe(false)
  })

  test('shows nothing when both are preset, and both work', async () => {
    const { start, load } = await install()
    const preset = {
      adminToken: new Secret('an-operators-token'),
      bootstrapKey: new Secret('tgw-sk-bootstrap-12345'),
    }
    expect(await start(preset)).toBeUndefined()
    expect(await start(preset)).toBeUndefined()
    const { lets, administrates, keys, admins } = await load()
    expect(lets(preset.bootstrapKey)).toBe(true)
    expect(administrates(preset.adminToken)).toBe(true)
    expect((await keys.list({})).length).toBe(1)
    expect((await admins.list()).length).toBe(1)
    expect(await start()).toBeUndefined()
  })

  test('shows the part that is not preset', async () => {
    const { start, load } = await install()
    const preset = { adminToken: new Secret('an-operators-token') }
    const pair = await start(preset)
    expect(pair?.adminToken).toBeUndefined()
    await pair?.markShown()
    const { lets, administrates } = await load()
    expect(lets(pair?.virtualKey)).toBe(true)
    expect(administrates(preset.adminToken)).toBe(true)
    expect(await start(preset)).toBeUndefined()
  })

  test('after a preset was changed lets in the new one and no longer the old one', async () => {
    const { start, load } = await install()
    const before = {
      adminToken: new Secret('an-operators-token'),
      bootstrapKey: new Secret('tgw-sk-bootstrap-12345'),
    }
    const after = {
      adminToken: new Secret('another-token-1'),
      bootstrapKey: new Secret('tgw-sk-bootstrap-67890'),
    }
    await start(before)
    await start(after)
    const { lets, administrates } = await load()
    expect([lets(before.bootstrapKey), lets(after.bootstrapKey)]).toEqual([false, true])
    expect([administrates(before.adminToken), administrates(after.adminToken)]).toEqual([false, true])
    await start(before)
    const back = await load()
    expect([back.lets(before.bootstrapKey), back.lets(after.bootstrapKey)]).toEqual([true, false])
    expect([back.administrates(before.adminToken), back.administrates(after.adminToken)]).toEqual([
      true,
      false,
    ])
  })

  test('does not bring back a preset key that was revoked, or rotated away', async () => {
    const { start, load } = await install()
    const preset = {
      bootstrapKey: new Secret('tgw-sk-bootstrap-12345'),
      adminToken: new Secret('an-operators-token'),
    }
    await start(preset)
    const { keys, admins, ring } = await load()
    const id = ring.find(preset.bootstrapKey.reveal())?.id ?? ''
    await keys.rotate(id, 0)
    await keys.rotate(id, 0)
    await start(preset)
    expect((await load()).lets(preset.bootstrapKey)).toBe(false)
    expect((await keys.get(id)).revokedAt).toBeNull()
    for (const token of await admins.list()) await admins.revoke(token.id)
    await start(preset)
    expect((await load()).administrates(preset.adminToken)).toBe(false)
  })

  test('refuses an unusable preset without repeating it, and writes nothing', async () => {
    const { start, load } = await install()
    const wrong: Presets[] = [
      { bootstrapKey: new Secret('sk-not-one-of-ours-1234') },
      { bootstrapKey: new Secret('tgw-sk-short') },
      { bootstrapKey: new Secret('tgw-sk-with a space in it') },
      { bootstrapKey: new Secret(`tgw-sk-${'x'.repeat(300)}`) },
      { adminToken: new Secret('short') },
      { adminToken: new Secret('tgw-sk-bootstrap-12345') },
      { adminToken: new Secret('zwölf-zeichen-und-mehr') },
    ]
    for (const preset of wrong) {
      const error = await start(preset).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'config_invalid' })
      const text = (preset.adminToken ?? preset.bootstrapKey)?.reveal() ?? ''
      expect(String(error)).not.toContain(text)
    }
    const { keys, admins } = await load()
    expect(await keys.list({})).toEqual([])
    expect(await admins.list()).toEqual([])
  })
})
