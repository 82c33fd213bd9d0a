import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { GatewayError } from '../errors.ts'
import { parseMasterKey } from './parse-master-key.ts'
import { createPurposeKeyStore, type PurposeKeyStore, type WrappedKey } from './purpose-key-store.ts'
import { purposes } from './purposes.ts'
import { Secret } from './secret.ts'
import { openVault, type SealPlace } from './vault.ts'

const newMaster = () => parseMasterKey(randomBytes(32).toString('base64'), 'test')

/** A store in memory, for what does not depend on a database. */
const memoryStore = (
  rows: WrappedKey[] = [],
): Pick<PurposeKeyStore, 'list' | 'add'> & { rows: WrappedKey[] } => ({
  rows,
  list: async () => [...rows],
  add: async (keys) => {
    rows.push(...keys.filter((key) => !rows.some((row) => row.purpose === key.purpose)))
  },
})

const place: SealPlace = {
  organisation: 'org_default',
  row: 'cred_1',
  version: 3,
  bound: ['openai', 'https://a.test'],
}
const secret = new Secret('sk-proj-0123456789abcdef')

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'it did not fail'
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error)
  }
}

describe('a sealed value', () => {
  test('opens at its place, whatever the text', async () => {
    const vault = await openVault(newMaster(), memoryStore())
    const text = fc.string({ unit: 'grapheme', maxLength: 300 })
    fc.assert(
      fc.property(text, fc.string(), fc.string(), fc.nat(), (text, organisation, row, version) => {
        const place = { organisation, row, version }
        expect(vault.open(vault.seal(new Secret(text), place), place).reveal()).toBe(text)
      }),
      { numRuns: 200 },
    )
  })

  test('does not open when any one of its bytes is changed', async () => {
    const vault = await openVault(newMaster(), memoryStore())
    const sealed = Buffer.from(vault.seal(secret, place), 'base64')
    for (let index = 0; index < sealed.length; index += 1) {
      for (const mask of [1, 0x80, 0xff]) {
        const changed = Buffer.from(sealed)
        changed[index] = (changed[index] ?? 0) ^ mask
        expect(codeOf(() => vault.open(changed.toString('base64'), place))).toBe('vault_value_invalid')
      }
    }
  })

  test('does not open when its text is cut, lengthened or rewritten', async () => {
    const vault = await openVault(newMaster(), memoryStore())
    const sealed = vault.seal(secret, place)
    const texts = Array.from({ length: sealed.length }, (_, length) => sealed.slice(0, length))
    for (const text of [...texts, `${sealed}AAAA`, ` ${sealed}`, `${sealed}\n`, 'not base64 at all']) {
      expect(codeOf(() => vault.open(text, place))).toBe('vault_value_invalid')
    }
  })

  test('does not open at any other place', async () => {
    const vault = await openVault(newMaster(), memoryStore())
    const sealed = vault.seal(secret, place)
    const others: SealPlace[] = [
      { ...place, organisation: 'org_other' },
      { ...place, row: 'cred_2' },
      { ...place, version: 4 },
      { ...place, bound: ['openai', 'https://evil.test'] },
      { ...place, bound: ['openai'] },
      { organisation: place.organisation, row: place.row, version: place.version },
      // The same characters, cut elsewhere.
      { ...place, row: 'cred_', version: 13 },
      { ...place, bound: ['openaihttps://a.test'] },
    ]
    for (const other of others) expect(codeOf(() => vault.open(sealed, other))).toBe('vault_value_invalid')
    expect(vault.open(sealed, place).reveal()).toBe(secret.reveal())
  })

  test('is another one each time, and never holds the text', async () => {
    const vault = await openVault(newMaster(), memoryStore())
    const sealed = Array.from({ length: 50 }, () => vault.seal(secret, place))
    expect(new Set(sealed).size).toBe(50)
    for (const text of sealed) expect(Buffer.from(text, 'base64').includes('0123456789')).toBe(false)
  })

  test('shows neither secret nor key when it fails', async () => {
    expect.assertions(5)
    const master = newMaster()
    const vault = await openVault(master, memoryStore())
    const sealed = vault.seal(secret, place)
    try {
      vault.open(sealed, { ...place, version: 9 })
    } catch (error) {
      const shown = inspect(error, { depth: 9, showHidden: true })
      expect(shown).toContain('cred_1')
      for (const hidden of [secret.reveal(), sealed, master.key.export().toString('base64')]) {
        expect(shown).not.toContain(hidden)
      }
    }
    expect(inspect(vault, { depth: 9, showHidden: true })).not.toContain(
      master.key.export().toString('base64'),
    )
  })
})

describe('purpose keys', () => {
  test('differ from each other, from the master key and between organisations', async () => {
    const master = newMaster()
    const vault = await openVault(master, memoryStore())
    const keys = [
      master.key,
      ...purposes.map((purpose) => vault.purposeKey(purpose)),
      ...purposes.map((purpose) => vault.organisationKey(purpose, 'org_a')),
      ...purposes.map((purpose) => vault.organisationKey(purpose, 'org_b')),
    ]
    expect(new Set(keys.map((key) => key.export().toString('hex'))).size).toBe(keys.length)
  })

  test('do not open when a wrapped row is changed, or one is put in the place of another', async () => {
    const master = newMaster()
    const store = memoryStore()
    await openVault(master, store)
    const [first, second, ...rest] = store.rows
    if (first === undefined || second === undefined) throw new Error('no purpose keys')
    const swapped = memoryStore([{ ...first, wrapped: second.wrapped }, second, ...rest])
    await expect(openVault(master, swapped)).rejects.toMatchObject({ code: 'vault_value_invalid' })
    const bytes = Buffer.from(first.wrapped, 'base64')
    bytes[20] = (bytes[20] ?? 0) ^ 1
    const changed = memoryStore([{ ...first, wrapped: bytes.toString('base64') }, second, ...rest])
    await expect(openVault(master, changed)).rejects.toMatchObject({ code: 'vault_value_invalid' })
  })
})

onEachDatabase('purpose keys', (open) => {
  test('are the same after a restart, and open what was sealed before it', async () => {
    const store = createPurposeKeyStore(await open())
    const master = newMaster()
    const before = await openVault(master, store)
    const after = await openVault(master, store)
    for (const purpose of purposes) {
      expect(after.purposeKey(purpose).equals(before.purposeKey(purpose))).toBe(true)
    }
    expect(after.open(before.seal(secret, place), place).reveal()).toBe(secret.reveal())
  })

  test('are the same for processes that start together', async () => {
    const store = createPurposeKeyStore(await open())
    const master = newMaster()
    const vaults = await Promise.all(Array.from({ length: 4 }, () => openVault(master, store)))
    const keys = vaults.map((vault) => vault.purposeKey('key-hmac').export().toString('hex'))
    expect(new Set(keys).size).toBe(1)
  })

  test('refuse another master key and say which one is wanted', async () => {
    const store = createPurposeKeyStore(await open())
    const master = newMaster()
    await openVault(master, store)
    const other = newMaster()
    const failure = openVault(other, store)
    await expect(failure).rejects.toMatchObject({ code: 'vault_master_key_invalid' })
    const message = await failure.catch((error: unknown) => String(error))
    expect(message).toContain(master.id)
    expect(message).toContain(other.id)
    expect((await openVault(master, store)).purposeKey('vault')).toBeDefined()
  })

  test('rest wrapped: no row holds a key in clear', async () => {
    const database = await open()
    const vault = await openVault(newMaster(), createPurposeKeyStore(database))
    const rows = JSON.stringify(
      await database.kysely.selectFrom('purpose_keys').select(['purpose', 'wrapped']).execute(),
    )
    for (const purpose of purposes) {
      for (const encoding of ['base64', 'hex'] as const) {
        expect(rows).not.toContain(vault.purposeKey(purpose).export().toString(encoding))
      }
    }
  })
})
