import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../test/support/each-database.ts'
import {
  createKeyStore,
  createTokenDigest,
  createUserStore,
  createUsers,
  createVirtualKeys,
  operator,
} from './accounts/index.ts'
import { announceUsers } from './announce-users.ts'
import type { HookEvent } from './hooks/index.ts'

onEachDatabase('hooks', (open) => {
  test('are told who was made and by what, and which keys went with a user', async () => {
    const database = await open()
    const told: HookEvent[] = []
    const users = announceUsers(
      createUsers({ store: createUserStore(database), apply() {} }),
      (event) => void told.push(event),
    )
    const keys = createVirtualKeys({
      store: createKeyStore(database),
      digest: createTokenDigest(createSecretKey(randomBytes(32))),
      apply() {},
    })
    const ada = await users.create(operator, { email: 'ada@example.com' })
    const { users: made } = await users.import(operator, { csv: 'bob@example.com\nada@example.com\nnobody' })
    const { key } = await keys.create({ name: 'k', user: ada.id })
    await users.remove(operator, ada.id)
    await users.create(operator, { email: 'bob@example.com' }).catch(() => undefined)
    const place = { organisation: 'org_default', team: null }
    expect(told).toEqual([
      { type: 'user_provisioned', data: { user: ada.id, ...place, source: 'api' } },
      { type: 'user_provisioned', data: { user: made[0]?.id ?? '', ...place, source: 'csv' } },
      { type: 'key_revoked', data: { key: key.id, name: 'k', ...place, user: ada.id } },
    ])
    expect(JSON.stringify(told)).not.toContain('@')
  })
})
