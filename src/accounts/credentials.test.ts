import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createCredentialStore } from './credential-store.ts'
import { createCredentials } from './credentials.ts'
import { parseMasterKey } from './parse-master-key.ts'
import { createPurposeKeyStore } from './purpose-key-store.ts'
import { Secret } from './secret.ts'
import { openVault } from './vault.ts'
import { formatVaultReference, parseVaultReference } from './vault-reference.ts'

const text = 'sk-proj-0123456789abcdef1234'
const origin = 'https://api.openai.com'

onEachDatabase('credentials', (open) => {
  const start = async () => {
    const database = await open()
    const master = parseMasterKey(randomBytes(32).toString('base64'), 'test')
    const vault = await openVault(master, createPurposeKeyStore(database))
    const clock = { now: 1_000 }
    const credentials = createCredentials(createCredentialStore(database), vault, () => clock.now)
    return { database, clock, credentials }
  }

  test('are sealed, listed masked, and revealed in this process only', async () => {
    const { credentials, database } = await start()
    const info = await credentials.put('openai', 'default', new Secret(text), `${origin}/v1/`)
    expect(info).toMatchObject({
      provider: 'openai',
      label: 'default',
      origin,
      shown: 'sk-…1234',
      state: 'ok',
      version: 1,
    })
    expect(await credentials.list('openai')).toEqual([info])
    expect(await credentials.list('anthropic')).toEqual([])
    const opened = await credentials.reveal(info.id)
    expect(opened?.secret.reveal()).toBe(text)
    expect(opened?.info).toEqual(info)
    expect((await credentials.revealByName('openai', 'default'))?.secret.reveal()).toBe(text)
    expect(await credentials.revealByName('openai', 'other')).toBeUndefined()
    expect(inspect(opened, { depth: 9, showHidden: true })).not.toContain('0123456789')
    const rows = await database.kysely.selectFrom('credentials').selectAll().execute()
    const stored = inspect(rows, { depth: 9, maxStringLength: null })
    for (const encoded of [
      text,
      Buffer.from(text).toString('base64').slice(0, 20),
      Buffer.from(text).toString('hex'),
    ]) {
      expect(stored).not.toContain(encoded)
    }
  })

  test('are replaced under the same name: a new version that counts as ok', async () => {
    const { credentials, clock } = await start()
    const first = await credentials.put('openai', 'default', new Secret(text), origin)
    await credentials.setState(first, 'rejected')
    expect((await credentials.list())[0]?.state).toBe('rejected')
    clock.now += 5
    const second = await credentials.put(
      'openai',
      'default',
      new Secret(`${text}5678`),
      'http://127.0.0.1:8000/v1',
    )
    expect(second).toEqual({
      ...first,
      version: 2,
      shown: 'sk-…5678',
      origin: 'http://127.0.0.1:8000',
      updatedAt: clock.now,
    })
    expect((await credentials.reveal(first.id))?.secret.reveal()).toBe(`${text}5678`)
    // What the provider said about the old version must not stick to the new one.
    await credentials.setState(first, 'rejected')
    expect((await credentials.list())[0]?.state).toBe('ok')
  })

  test('keep one whole secret when many replace it at once', async () => {
    const { credentials } = await start()
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(30))
    await Promise.all(texts.map((each) => credentials.put('openai', 'default', new Secret(each), origin)))
    const [info, ...others] = await credentials.list('openai')
    expect(others).toEqual([])
    expect(info?.version).toBe(3)
    expect(texts).toContain((await credentials.reveal(info?.id ?? ''))?.secret.reveal() ?? '')
  })

  test('belong to one organisation', async () => {
    const { credentials, database } = await start()
    await database.kysely
      .insertInto('organisations')
      .values({ id: 'org_b', name: 'b', created_at: 0 })
      .execute()
    await credentials.put('openai', 'default', new Secret(text), origin)
    const other = await credentials.put('openai', 'default', new Secret(`${text}b`), origin, 'org_b')
    expect((await credentials.list('openai')).length).toBe(1)
    expect(await credentials.list('openai', 'org_b')).toEqual([other])
    expect((await credentials.revealByName('openai', 'default', 'org_b'))?.secret.reveal()).toBe(`${text}b`)
  })

  test('do not open when their row is changed in the database', async () => {
    const { credentials, database } = await start()
    const { kysely } = database
    await kysely.insertInto('organisations').values({ id: 'org_b', name: 'b', created_at: 0 }).execute()
    const info = await credentials.put('openai', 'default', new Secret(text), origin)
    const other = await credentials.put('openai', 'second', new Secret(`${text}other`), origin)
    const row = await kysely
      .selectFrom('credentials')
      .selectAll()
      .where('id', '=', info.id)
      .executeTakeFirstOrThrow()
    const moved = await kysely
      .selectFrom('credentials')
      .select('sealed')
      .where('id', '=', other.id)
      .executeTakeFirstOrThrow()
    const changes = [
      { origin: 'https://evil.example' },
      { provider: 'anthropic' },
      { organisation_id: 'org_b' },
      { version: 2 },
      { sealed: moved.sealed },
    ]
    for (const change of changes) {
      await kysely.updateTable('credentials').set(change).where('id', '=', info.id).execute()
      await expect(credentials.reveal(info.id)).rejects.toMatchObject({ code: 'vault_value_invalid' })
      await kysely.updateTable('credentials').set(row).where('id', '=', info.id).execute()
    }
    expect((await credentials.reveal(info.id))?.secret.reveal()).toBe(text)
  })

  test('are gone when removed', async () => {
    const { credentials } = await start()
    const info = await credentials.put('openai', 'default', new Secret(text), origin)
    expect(await credentials.remove(info.id)).toBe(true)
    expect(await credentials.remove(info.id)).toBe(false)
    expect(await credentials.reveal(info.id)).toBeUndefined()
    const again = await credentials.put('openai', 'default', new Secret(text), origin)
    expect(again.id).not.toBe(info.id)
  })

  test('refuse names and origins that cannot be, and do not repeat the secret', async () => {
    const { credentials } = await start()
    const wrong = [
      () => credentials.put('open ai', 'default', new Secret(text), origin),
      () => credentials.put('openai', 'a/b', new Secret(text), origin),
      () => credentials.put('openai', 'default', new Secret(''), origin),
      () => credentials.put('openai', 'default', new Secret(text), 'file:///etc/passwd'),
      () => credentials.put('openai', 'default', new Secret(text), 'api.openai.com'),
    ]
    for (const put of wrong) {
      const error = await put().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'gateway_request_invalid' })
      expect(String(error)).not.toContain(text)
    }
  })
})

describe('a vault reference', () => {
  test('names provider and label', () => {
    expect(formatVaultReference({ provider: 'my-vllm', label: 'default' })).toBe('vault:my-vllm/default')
    expect(parseVaultReference('vault:my-vllm/default')).toEqual({ provider: 'my-vllm', label: 'default' })
  })

  test('is nothing else', () => {
    for (const other of [
      '',
      'vault:',
      'vault:a',
      'vault:a/',
      'vault:/b',
      'vault:a/b/c',
      'vault:a/b c',
      'sk-a/b',
    ]) {
      expect(parseVaultReference(other)).toBeUndefined()
    }
  })
})
