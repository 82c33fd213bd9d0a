import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/databases.ts'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createCredentialStore } from './credential-store.ts'
import { createCredentials } from './credentials.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { loadMasterKey, type MasterKeySource } from './master-key.ts'
import { createPurposeKeyStore, masterKeysOf, type PurposeKeyStore } from './purpose-key-store.ts'
import { purposes } from './purposes.ts'
import { rotateMasterKey } from './rotate-master-key.ts'
import { Secret } from './secret.ts'
import { createTokenDigest } from './token-digest.ts'
import { openVault, unwrapKey, wrapKey } from './vault.ts'
import { createVirtualKeys } from './virtual-keys.ts'

const newKeyText = () => new Secret(randomBytes(32).toString('base64'))

onEachDatabase('a rotation of the master key', (open) => {
  const root = temporaryFolder()

  const start = async (keys: Pick<MasterKeySource, 'given' | 'next'> = {}) => {
    const dataDir = mkdtempSync(join(root.path(), 'data-'))
    const database = await open()
    const store = createPurposeKeyStore(database)
    const load = (given = keys) => loadMasterKey({ dataDir, ...given, wrappedBy: () => masterKeysOf(store) })
    const vaultOf = async (given = keys) => openVault(await load(given), store)
    return { dataDir, database, store, load, vaultOf }
  }

  test('changes no purpose key, so keys, credentials and envelopes stay valid', async () => {
    const { dataDir, database, store, vaultOf } = await start()
    const vault = await vaultOf()
    const digest = createTokenDigest(vault.purposeKey('key-hmac'))
    const keys = createVirtualKeys({ store: createKeyStore(database), digest, apply: () => {} })
    const { secret } = await keys.create({ name: 'a' })
    const credentials = createCredentials(createCredentialStore(database), vault)
    const held = await credentials.put('openai', 'default', new Secret('sk-1234'), 'https://a.test')
    const before = await store.listAll()

    const rotated = await rotateMasterKey({ dataDir, store })
    expect(rotated).toMatchObject({ keys: purposes.length, source: 'file', before: before[0]?.masterKey })

    const reopened = await vaultOf()
    for (const purpose of purposes) {
      expect(reopened.purposeKey(purpose).equals(vault.purposeKey(purpose))).toBe(true)
    }
    const ring = createKeyRing(createKeyStore(database), createTokenDigest(reopened.purposeKey('key-hmac')))
    await ring.load()
    expect(ring.find(secret.reveal())).toBeDefined()
    const opened = await createCredentials(createCredentialStore(database), reopened).reveal(held.id)
    expect(opened?.secret.reveal()).toBe('sk-1234')
    const after = await store.listAll()
    expect(after.map(({ masterKey }) => masterKey)).toEqual(purposes.map(() => rotated.after))
    for (const row of before) expect(after.map(({ wrapped }) => wrapped)).not.toContain(row.wrapped)
  })

  test('leaves every key in a file of its own that only the owner can read, and no draft', async () => {
    const { dataDir, store, vaultOf, load } = await start()
    await vaultOf()
    const ids = [(await load()).id]
    for (let round = 0; round < 3; round += 1) ids.push((await rotateMasterKey({ dataDir, store })).after)
    expect(new Set(ids).size).toBe(4)
    const files = readdirSync(dataDir)
    expect(files.toSorted()).toEqual(['master.key', ...ids.map((id) => `master.key.${id}`)].toSorted())
    for (const file of files) expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600)
    expect((await load()).id).toBe(ids[3] ?? '')
    expect(readFileSync(join(dataDir, 'master.key'), 'utf8')).toBe(
      readFileSync(join(dataDir, `master.key.${ids[3]}`), 'utf8'),
    )
  })

  test('is undone by a backup of the database from before: its key is found again', async () => {
    const { dataDir, store, vaultOf, load } = await start()
    await vaultOf()
    const old = await load()
    const backup = await store.listAll()
    const { after } = await rotateMasterKey({ dataDir, store })
    expect(await store.rewrap(await store.listAll(), backup)).toBe(true)
    expect((await load()).id).toBe(old.id)
    await vaultOf()
    expect(readdirSync(dataDir)).toContain(`master.key.${after}`)
  })

  test('takes keys along of purposes that only a newer release knows', async () => {
    const { dataDir, database, store, vaultOf, load } = await start()
    await vaultOf()
    const key = createSecretKey(randomBytes(32))
    const { wrapped, masterKey } = wrapKey(await load(), 'of-tomorrow', key)
    await database.kysely
      .insertInto('purpose_keys')
      .values({ purpose: 'of-tomorrow', wrapped, master_key_id: masterKey, created_at: 1 })
      .execute()
    expect((await rotateMasterKey({ dataDir, store })).keys).toBe(purposes.length + 1)
    const row = (await store.listAll()).find(({ purpose }) => purpose === 'of-tomorrow')
    expect(row && unwrapKey(await load(), row).equals(key)).toBe(true)
  })

  test('changes nothing where one key does not open', async () => {
    const { dataDir, database, store, vaultOf, load } = await start()
    await vaultOf()
    await database.kysely
      .updateTable('purpose_keys')
      .set({ wrapped: 'AAAA' })
      .where('purpose', '=', 'envelope')
      .execute()
    const before = await store.listAll()
    await expect(rotateMasterKey({ dataDir, store })).rejects.toMatchObject({ code: 'vault_value_invalid' })
    expect(await store.listAll()).toEqual(before)
    expect(readdirSync(dataDir)).toEqual(['master.key'])
    expect((await load()).id).toBe(before[0]?.masterKey ?? '')
  })

  test('with a key from outside takes the next one from outside, and says which counts', async () => {
    const [given, next] = [newKeyText(), newKeyText()]
    const { dataDir, store, vaultOf } = await start({ given })
    await vaultOf()
    await expect(rotateMasterKey({ dataDir, given, store })).rejects.toMatchObject({
      code: 'gateway_request_invalid',
      message: expect.stringContaining('TGW_NEXT_MASTER_KEY'),
    })
    await expect(rotateMasterKey({ dataDir, given, next: given, store })).rejects.toThrow('counts already')
    const rotated = await rotateMasterKey({ dataDir, given, next, store })
    expect(rotated.source).toBe('environment')
    // The old one alone fits no more; beside the next one it does, and a rotation that is asked for again is done.
    await expect(vaultOf({ given })).rejects.toMatchObject({ code: 'vault_master_key_invalid' })
    await vaultOf({ given, next })
    await vaultOf({ given: next })
    expect(await rotateMasterKey({ dataDir, given, next, store })).toEqual(rotated)
    expect(readdirSync(dataDir)).toEqual([])
  })

  test('can bring a key of its own into the file', async () => {
    const { dataDir, store, vaultOf } = await start()
    await vaultOf()
    const next = newKeyText()
    await rotateMasterKey({ dataDir, next, store })
    expect(readFileSync(join(dataDir, 'master.key'), 'utf8').trim()).toBe(next.reveal())
  })

  test('asked for by many at once is made by one after the other, and the vault opens', async () => {
    const { dataDir, store, vaultOf, load } = await start()
    const vault = await vaultOf()
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => rotateMasterKey({ dataDir, store })))
    const done = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.after] : []))
    expect(done.length).toBeGreaterThan(0)
    for (const one of all) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'conflict' })
    }
    expect(done).toContain((await load()).id)
    const reopened = await vaultOf()
    for (const purpose of purposes)
      expect(reopened.purposeKey(purpose).equals(vault.purposeKey(purpose))).toBe(true)
  })

  test('that a start overlaps never leaves two master keys in one table', async () => {
    const { dataDir, store, vaultOf } = await start()
    await vaultOf()
    const slow: Pick<PurposeKeyStore, 'list' | 'add'> = {
      ...store,
      // A release that knows one more purpose read the rows before the rotation and adds its own after it.
      list: async () => (await store.list()).slice(1),
      add: async (keys) => {
        await rotateMasterKey({ dataDir, store })
        await store.add(keys)
      },
    }
    const master = await loadMasterKey({ dataDir, wrappedBy: () => masterKeysOf(store) })
    await expect(openVault(master, slow)).rejects.toMatchObject({ code: 'vault_master_key_invalid' })
    expect((await masterKeysOf(store)).length).toBe(1)
    await vaultOf()
  })

  test('is refused where there is nothing to rotate, or the present key does not fit', async () => {
    const { dataDir, store, vaultOf } = await start()
    await expect(rotateMasterKey({ dataDir, store })).rejects.toMatchObject({ code: 'conflict' })
    expect(readdirSync(dataDir)).toEqual([])
    await vaultOf()
    const stranger = newKeyText()
    await expect(
      rotateMasterKey({ dataDir, given: stranger, next: newKeyText(), store }),
    ).rejects.toMatchObject({ code: 'vault_master_key_invalid' })
    chmodSync(join(dataDir, 'master.key'), 0o644)
    await expect(rotateMasterKey({ dataDir, store })).rejects.toThrow('chmod 600')
  })

  test('says nothing of either key', async () => {
    const [given, next] = [newKeyText(), newKeyText()]
    const { dataDir, store, vaultOf } = await start({ given })
    await vaultOf()
    const said = [
      JSON.stringify(await rotateMasterKey({ dataDir, given, next, store })),
      String(await vaultOf({ given }).catch((error: unknown) => error)),
      String(
        await rotateMasterKey({ dataDir, given: next, next: new Secret(`${given.reveal()}x`), store }).catch(
          (error: unknown) => error,
        ),
      ),
      JSON.stringify(await store.listAll()),
    ].join('\n')
    for (const key of [given, next]) {
      expect(said).not.toContain(key.reveal())
      expect(said).not.toContain(Buffer.from(key.reveal(), 'base64').toString('hex'))
    }
  })
})
