import { expect, test } from 'bun:test'
import type { CredentialInfo } from './accounts/index.ts'
import { createCredentialWatch } from './credential-watch.ts'

const info = (id: string, version: number, more: Partial<CredentialInfo> = {}): CredentialInfo => ({
  ...{ id, version, organisation: 'org_default', provider: 'up', label: id, shown: '…' },
  ...{ origin: 'https://a.test', state: 'ok', createdAt: 1, updatedAt: 1 },
  ...more,
})

const start = () => {
  const world = { stored: [info('a', 1)], used: [info('a', 1)], applied: 0, fails: false }
  const watch = createCredentialWatch(
    { list: async () => world.stored },
    () => world.used,
    async () => {
      world.applied += 1
      if (world.fails) throw new Error('no')
      const read = world.stored
      await Promise.resolve()
      world.used = read
    },
  )
  return { world, watch }
}

test('what changes is used once, and what providers say of it changes nothing', async () => {
  const { world, watch } = start()
  await watch.check()
  world.stored = [info('a', 1, { state: 'rejected', updatedAt: 9 })]
  await watch.check()
  expect(world.applied).toBe(0)
  for (const stored of [[info('a', 2)], [info('a', 2), info('b', 1)], [info('b', 1)], []]) {
    world.stored = stored
    await Promise.all([watch.check(), watch.check(), watch.check()])
    expect(world.used).toEqual(stored)
  }
  expect(world.applied).toBe(4)
})

test('what could not be used is tried again at the next look', async () => {
  const { world, watch } = start()
  world.stored = [info('a', 2)]
  world.fails = true
  await expect(watch.check()).rejects.toThrow('no')
  world.fails = false
  await watch.check()
  expect(world.used).toEqual(world.stored)
})
