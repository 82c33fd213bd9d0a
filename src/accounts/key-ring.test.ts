import { describe, expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { openDatabase } from '../storage/index.ts'
import { createKeyRing, type KeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { createTokenDigest } from './token-digest.ts'
import { createVirtualKeys } from './virtual-keys.ts'

/** What a key is, in the plainest words: the judge of what the rings answer. */
interface ModelKey {
  readonly id: string
  revoked: boolean
  disabled: boolean
  expiresAt: number | null
  readonly secrets: { readonly text: string; validUntil: number }[]
}

interface World {
  readonly clock: { now: number }
  readonly keys: ReturnType<typeof createVirtualKeys>
  /** The ring of the process that makes the changes, and one that reads them now and then. */
  readonly rings: readonly [near: KeyRing, far: KeyRing]
}

const digest = createTokenDigest(createSecretKey(randomBytes(32)))

const startWorld = async () => {
  const database = await openDatabase('sqlite::memory:')
  const clock = { now: 1_000_000 }
  const store = createKeyStore(database)
  const near = createKeyRing(store, digest, () => clock.now)
  const far = createKeyRing(store, digest, () => clock.now)
  const keys = createVirtualKeys({ store, digest, apply: near.apply, now: () => clock.now })
  return { database, world: { clock, keys, rings: [near, far] } satisfies World }
}

const owner = (model: readonly ModelKey[], text: string, now: number): string | undefined =>
  model.find(
    (key) =>
      !key.revoked &&
      !key.disabled &&
      (key.expiresAt === null || now < key.expiresAt) &&
      key.secrets.some((secret) => secret.text === text && now < secret.validUntil),
  )?.id

type Step =
  | { readonly type: 'create'; readonly life: number | null }
  | { readonly type: 'rotate'; readonly key: number; readonly overlap: number }
  | { readonly type: 'revoke'; readonly key: number }
  | { readonly type: 'disable'; readonly key: number; readonly disabled: boolean }
  | { readonly type: 'expire'; readonly key: number; readonly life: number | null }
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'reload' }

const key = fc.nat({ max: 5 })
const life = fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: null })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('create' as const), life }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('rotate' as const), key, overlap: fc.nat({ max: 10 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('revoke' as const), key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('disable' as const), key, disabled: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expire' as const), key, life }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('wait' as const), milliseconds: fc.nat({ max: 12_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reload' as const) }) },
)

const run = async (step: Step, { clock, keys, rings }: World, model: ModelKey[]): Promise<void> => {
  if (step.type === 'wait') {
    clock.now += step.milliseconds
    return
  }
  if (step.type === 'reload') {
    await rings[1].reload()
    return
  }
  if (step.type === 'create') {
    const expiresAt = step.life === null ? null : clock.now + step.life
    const { key, secret } = await keys.create({ name: 'a', expiresAt })
    const secrets = [{ text: secret.reveal(), validUntil: Number.POSITIVE_INFINITY }]
    model.push({ id: key.id, revoked: false, disabled: false, expiresAt, secrets })
    return
  }
  const target = model[step.key]
  if (target === undefined) return
  if (step.type === 'revoke') {
    await keys.revoke(target.id)
    target.revoked = true
    return
  }
  if (target.revoked) {
    const refused =
      step.type === 'rotate' ? keys.rotate(target.id, 1) : keys.update(target.id, { disabled: false })
    await expect(refused).rejects.toMatchObject({ code: 'conflict' })
    return
  }
  if (step.type === 'rotate') {
    const { secret } = await keys.rotate(target.id, step.overlap)
    const end = clock.now + step.overlap * 1000
    for (const old of target.secrets) old.validUntil = Math.min(old.validUntil, end)
    target.secrets.push({ text: secret.reveal(), validUntil: Number.POSITIVE_INFINITY })
  } else if (step.type === 'disable') {
    await keys.update(target.id, { disabled: step.disabled })
    target.disabled = step.disabled
  } else {
    const expiresAt = step.life === null ? null : clock.now + step.life
    await keys.update(target.id, { expiresAt })
    target.expiresAt = expiresAt
  }
}

const check = (ring: KeyRing, model: readonly ModelKey[], now: number): void => {
  for (const { secrets } of model) {
    for (const { text } of secrets) expect(ring.find(text)?.id).toBe(owner(model, text, now))
  }
}

describe('the key ring', () => {
  test('finds exactly what a plain model finds, whatever happens to the keys', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const { database, world } = await startWorld()
        const model: ModelKey[] = []
        const revoked = new Set<string>()
        for (const step of steps) {
          await run(step, world, model)
          check(world.rings[0], model, world.clock.now)
          if (step.type === 'reload') check(world.rings[1], model, world.clock.now)
          for (const { revoked: isRevoked, secrets } of model) {
            if (isRevoked) for (const { text } of secrets) revoked.add(text)
          }
          for (const text of revoked) expect(world.rings[0].find(text)).toBeUndefined()
        }
        const late = createKeyRing(createKeyStore(database), digest, () => world.clock.now)
        await late.load()
        await world.rings[1].reload()
        check(late, model, world.clock.now)
        check(world.rings[1], model, world.clock.now)
        await database.close()
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  test('finds the created keys and no other text', async () => {
    const { database, world } = await startWorld()
    const issued = new Map<string, string>()
    for (let index = 0; index < 50; index += 1) {
      const { key, secret } = await world.keys.create({ name: `${index}` })
      issued.set(secret.reveal(), key.id)
    }
    const [ring] = world.rings
    for (const [text, id] of issued) expect(ring.find(text)?.id).toBe(id)
    const real = fc.constantFrom(...issued.keys())
    const near = fc
      .tuple(real, fc.nat(), fc.constantFrom('', '0', 'Z', ' ', 'é'))
      .map(
        ([text, at, letter]) => text.slice(0, at % text.length) + letter + text.slice((at % text.length) + 1),
      )
    fc.assert(
      fc.property(fc.oneof(near, fc.string(), real), (text) => {
        expect(ring.find(text)?.id).toBe(issued.get(text))
      }),
      { numRuns: 2_000 },
    )
    await database.close()
  })

  test('is loaded while changes go on, and a failed reading is made up for by the next', async () => {
    const { database, world } = await startWorld()
    const store = createKeyStore(database)
    let isAway = true
    const ring = createKeyRing(
      {
        changes: async (after, limit) => {
          if (isAway) throw new Error('the database is away')
          return store.changes(after, limit)
        },
      },
      digest,
      () => world.clock.now,
    )
    const { key, secret } = await world.keys.create({ name: 'a' })
    await expect(ring.load()).rejects.toThrow('away')
    await expect(ring.reload()).rejects.toThrow('away')
    expect(ring.find(secret.reveal())).toBeUndefined()
    isAway = false
    expect(await ring.reload()).toBe(1)
    expect(ring.find(secret.reveal())?.id).toBe(key.id)
    expect(await ring.load()).toBe(0)
    await database.close()
  })
})
