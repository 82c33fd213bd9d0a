import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { type Database, openDatabase, remoteStores, serveStores } from '../storage/index.ts'
import {
  type AdminTokenStore,
  type CredentialStore,
  createAdminTokenStore,
  createAdminTokens,
  createCredentialStore,
  createCredentials,
  createFirstStartStore,
  createKeyRing,
  createKeyStore,
  createKeyUsage,
  createPurposeKeyStore,
  createTokenDigest,
  createUserStore,
  createUsers,
  createVirtualKeys,
  type FirstStartStore,
  firstStart,
  type KeyStore,
  openVault,
  operator,
  type PurposeKeyStore,
  Secret,
  type UserStore,
} from './index.ts'
import { parseMasterKey } from './parse-master-key.ts'

interface Stores {
  readonly keys: KeyStore
  readonly adminTokens: AdminTokenStore
  readonly credentials: CredentialStore
  readonly firstStart: FirstStartStore
  readonly purposeKeys: PurposeKeyStore
  readonly users: UserStore
}

const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing) await close()
})

/** The stores behind a message channel, as the main thread has them. */
const startRemote = async (): Promise<Stores> => {
  const database: Database = await openDatabase('sqlite::memory:')
  const { port1, port2 } = new MessageChannel()
  serveStores(port1, {
    keys: createKeyStore(database),
    adminTokens: createAdminTokenStore(database),
    credentials: createCredentialStore(database),
    firstStart: createFirstStartStore(database),
    purposeKeys: createPurposeKeyStore(database),
    users: createUserStore(database),
  })
  port1.start()
  port2.start()
  closing.push(
    () => port1.close(),
    () => port2.close(),
    database.close,
  )
  return remoteStores<Stores>(port2).stores
}

describe('accounts whose stores live in another thread', () => {
  test('work from the first start to the revocation', async () => {
    const stores = await startRemote()
    const vault = await openVault(
      parseMasterKey(randomBytes(32).toString('base64'), 'test'),
      stores.purposeKeys,
    )
    const digest = createTokenDigest(vault.purposeKey('key-hmac'))
    const pair = await firstStart({ store: stores.firstStart, digest })
    expect(await pair?.markShown()).toBe(true)

    const ring = createKeyRing(stores.keys, digest)
    const admins = createAdminTokens(stores.adminTokens, digest)
    expect([await ring.load(), await admins.load()]).toEqual([1, 1])
    expect(admins.find(pair?.adminToken?.reveal() ?? '')).toBeDefined()
    const first = ring.find(pair?.virtualKey?.reveal() ?? '')
    expect(first?.tenant.organisation).toBe('org_default')

    const users = createUsers({ store: stores.users, apply: ring.apply })
    const user = await users.create(operator, { email: 'ada@example.com' })
    const keys = createVirtualKeys({ store: stores.keys, digest, apply: ring.apply })
    const { key, secret } = await keys.create({ name: 'a', user: user.id, metadata: { deep: [{ a: null }] } })
    const { secret: fresh } = await keys.rotate(key.id, 0)
    const usage = createKeyUsage(stores.keys)
    usage.note(key.id, 77)
    await usage.flush()
    expect(await keys.get(key.id)).toMatchObject({ lastUsedAt: 77, metadata: { deep: [{ a: null }] } })
    expect([ring.find(secret.reveal())?.id, ring.find(fresh.reveal())?.id]).toEqual([undefined, key.id])
    await users.remove(operator, user.id)
    expect(ring.find(fresh.reveal())).toBeUndefined()
    // Not `expect(…).rejects`: Bun waits for it without delivering messages between ports.
    const refused = await keys.update(key.id, { disabled: true }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'conflict' })

    const credentials = createCredentials(stores.credentials, vault)
    const info = await credentials.put(
      'openai',
      'default',
      new Secret('sk-0123456789012345678'),
      'https://a.test',
    )
    expect((await credentials.reveal(info.id))?.secret.reveal()).toBe('sk-0123456789012345678')
    expect(await credentials.list()).toEqual([info])
  })
})
