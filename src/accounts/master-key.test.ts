import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../errors.ts'
import { loadMasterKey, type MasterKeySource } from './master-key.ts'
import { parseMasterKey } from './parse-master-key.ts'
import { Secret } from './secret.ts'

const root = mkdtempSync(join(tmpdir(), 'tollgate-master-key-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folder = ''
beforeEach(() => {
  folder = join(mkdtempSync(join(root, 'case-')), 'data')
})

const load = (more: Partial<MasterKeySource> = {}) =>
  loadMasterKey({ dataDir: folder, wrappedBy: async () => [], ...more })

const failure = async (work: Promise<unknown>): Promise<GatewayError> => {
  const error = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof GatewayError) return error
  throw error
}

describe('the master key file', () => {
  test('is made with 32 random bytes that only its owner can read', async () => {
    const key = await load()
    const path = join(folder, 'master.key')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(Buffer.from(readFileSync(path, 'utf8'), 'base64').length).toBe(32)
    expect(key.key.export().equals(Buffer.from(readFileSync(path, 'utf8'), 'base64'))).toBe(true)
  })

  test('is read again at the next start', async () => {
    const first = await load()
    const second = await load({ wrappedBy: async () => [first.id] })
    expect(second.id).toBe(first.id)
    expect(second.key.equals(first.key)).toBe(true)
  })

  test('is the same for processes that start together, and no draft is left', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => load()))
    expect(new Set(keys.map((key) => key.id)).size).toBe(1)
    expect(readdirSync(folder)).toEqual(['master.key'])
  })

  test.each([0o640, 0o604, 0o660, 0o601])('is refused with mode %o', async (mode) => {
    await load()
    chmodSync(join(folder, 'master.key'), mode)
    const error = await failure(load())
    expect(error.code).toBe('vault_master_key_invalid')
    expect(error.message).toContain('chmod 600')
  })

  test('is refused when malformed, without showing its content', async () => {
    await load()
    const path = join(folder, 'master.key')
    for (const text of ['', 'hunter2hunter2', randomBytes(31).toString('base64'), 'ü'.repeat(43)]) {
      writeFileSync(path, text)
      const error = await failure(load())
      expect(error.code).toBe('vault_master_key_invalid')
      expect(error.message).toContain(path)
      if (text !== '') expect(error.message).not.toContain(text)
    }
  })

  test('is not replaced by a new one when the database needs the lost one', async () => {
    const error = await failure(load({ wrappedBy: async () => ['0123456789abcdef'] }))
    expect(error.code).toBe('vault_master_key_invalid')
    expect(error.message).toContain('restore')
    expect(() => statSync(join(folder, 'master.key'))).toThrow()
  })

  test('says so when it cannot be made', async () => {
    writeFileSync(join(root, 'a-file'), '')
    const error = await failure(load({ dataDir: join(root, 'a-file', 'below') }))
    expect(error.code).toBe('vault_master_key_invalid')
  })
})

describe('a given master key', () => {
  test('wins over the file and makes none', async () => {
    const bytes = randomBytes(32)
    const key = await load({ given: new Secret(bytes.toString('base64')) })
    expect(key.key.export().equals(bytes)).toBe(true)
    expect(() => statSync(join(folder, 'master.key'))).toThrow()
  })

  test('may be base64, base64url or hex, with spaces around it', () => {
    const bytes = Buffer.alloc(32, 0xfb)
    const texts = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')]
    for (const text of [...texts, ` ${texts[0]}\n`]) {
      expect(parseMasterKey(text, 'test').key.export().equals(bytes)).toBe(true)
    }
  })

  test('is refused when malformed, without being shown', async () => {
    const error = await failure(load({ given: new Secret('correct horse battery staple') }))
    expect(error.code).toBe('vault_master_key_invalid')
    expect(error.message).toContain('TGW_MASTER_KEY')
    expect(error.message).not.toContain('horse')
  })
})
