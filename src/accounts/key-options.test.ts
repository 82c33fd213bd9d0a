import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { createTokenDigest } from './token-digest.ts'
import { createVirtualKeys } from './virtual-keys.ts'

const second = 1000

onEachDatabase('what a key may say of itself', (open) => {
  const start = async () => {
    const clock = { now: 1_000_000 }
    const now = () => clock.now
    const store = createKeyStore(await open())
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const ring = createKeyRing(store, digest, now)
    await ring.load()
    return { keys: createVirtualKeys({ store, digest, apply: ring.apply, now }), ring, clock, store, digest }
  }

  test('are used from the addresses that are allowed, from one moment to the next', async () => {
    const { keys, ring } = await start()
    const options = { allowedAddresses: ['10.0.0.0/8', '2001:db8::/32'] }
    const { key, secret } = await keys.create({ name: 'a', options })
    const admits = (address: string) => ring.find(secret.reveal())?.admits(address)
    expect(['10.1.1.1', '::ffff:10.1.1.1', '2001:db8::1', '11.1.1.1', ''].map(admits)).toEqual([
      ...[true, true, true, false, false],
    ])
    await keys.update(key.id, { options: { allowedAddresses: [] } })
    expect(admits('10.1.1.1')).toBe(false)
    await keys.update(key.id, { options: { allowedAddresses: null } })
    expect(admits('11.1.1.1')).toBe(true)
  })

  test('say what the firewall does with its exchanges, in its own words only', async () => {
    const { keys } = await start()
    const { key } = await keys.create({ name: 'a' })
    expect(key.options.firewall).toBe('inherit')
    for (const firewall of ['off', 'monitor', 'redact', 'enforce'] as const) {
      expect((await keys.update(key.id, { options: { firewall } })).options.firewall).toBe(firewall)
    }
    const refusal = { code: 'gateway_request_invalid', param: 'options.firewall' }
    await expect(keys.update(key.id, { options: { firewall: 'block' as 'off' } })).rejects.toMatchObject(
      refusal,
    )
  })

  test('end so many seconds after they were made, changed or rotated', async () => {
    const { keys, ring, clock } = await start()
    const { key, secret } = await keys.create({ name: 'a', expireInSeconds: 60 })
    expect(key.expiresAt).toBe(clock.now + 60 * second)
    clock.now += 60 * second
    expect(ring.find(secret.reveal())).toBeUndefined()
    expect((await keys.update(key.id, { expireInSeconds: 10 })).expiresAt).toBe(clock.now + 10 * second)
    expect(ring.find(secret.reveal())?.id).toBe(key.id)
    const { key: rotated, secret: fresh } = await keys.rotate(key.id, 3600, 20)
    expect(rotated.expiresAt).toBe(clock.now + 20 * second)
    clock.now += 19 * second
    expect(ring.find(secret.reveal())?.id).toBe(key.id)
    clock.now += second
    // The key as a whole has ended, so the overlap has as well.
    expect([secret, fresh].map((text) => ring.find(text.reveal()))).toEqual([undefined, undefined])
    for (const wrong of [0, -1, 0.5, Number.NaN, 1e12])
      await expect(keys.rotate(key.id, 0, wrong)).rejects.toMatchObject({ code: 'gateway_request_invalid' })
    expect((await keys.update(key.id, { expiresAt: null })).expiresAt).toBeNull()
    expect(ring.find(fresh.reveal())?.id).toBe(key.id)
  })

  test('rotated at any times with any overlaps, each secret ends when the shortest overlap after it says', async () => {
    const { keys, ring, clock, store, digest } = await start()
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 50 }),
      overlap: fc.option(fc.integer({ min: 0, max: 60 })),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        const { key, secret } = await keys.create({ name: 'a' })
        const ends = new Map([[secret.reveal(), Number.POSITIVE_INFINITY]])
        for (const { wait, overlap } of steps) {
          clock.now += wait * second
          if (overlap !== null) {
            const { secret: fresh } = await keys.rotate(key.id, overlap)
            const end = clock.now + overlap * second
            for (const [text, before] of ends) ends.set(text, Math.min(before, end))
            ends.set(fresh.reveal(), Number.POSITIVE_INFINITY)
          }
          const restarted = createKeyRing(store, digest, () => clock.now)
          await restarted.load()
          for (const [text, end] of ends) {
            expect(ring.find(text) !== undefined).toBe(clock.now < end)
            expect(restarted.find(text) !== undefined).toBe(clock.now < end)
          }
        }
      }),
      { numRuns: 12 },
    )
  })
})
