import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { MasterKey } from './parse-master-key.ts'
import type { AnyWrappedKey, PurposeKeyStore } from './purpose-key-store.ts'
import { type Purpose, purposes } from './purposes.ts'
import { Secret } from './secret.ts'

/** Where a sealed value belongs. It opens only at exactly this place. */
export interface SealPlace {
  readonly organisation: string
  readonly row: string
  readonly version: number
  /** What else the value is bound to, e.g. the origin that a credential may be sent to. */
  readonly bound?: readonly string[]
}

export interface Vault {
  /** Seals to base64 text: format byte, nonce, AES-256-GCM of the secret, tag. */
  seal(secret: Secret, place: SealPlace): string
  /** Throws `vault_value_invalid` when the value was changed, or sealed for another place or by another key. */
  open(sealed: string, place: SealPlace): Secret
  /** The key of a purpose for the whole installation. */
  purposeKey(purpose: Purpose): KeyObject
  /** The key of a purpose for one organisation (HKDF-SHA-256 of the purpose key). */
  organisationKey(purpose: Purpose, organisation: string): KeyObject
}

/**
 * Unwraps the purpose keys, making those that do not exist yet. Throws `vault_master_key_invalid` when they were
 * wrapped by another master key.
 */
export const openVault = async (
  master: MasterKey,
  store: Pick<PurposeKeyStore, 'list' | 'add'>,
  now: () => number = Date.now,
): Promise<Vault> => {
  const existing = new Map((await store.list()).map((row) => [row.purpose, row]))
  for (const row of existing.values()) unwrapKey(master, row)
  const missing = purposes.filter((purpose) => !existing.has(purpose))
  if (missing.length > 0) {
    // Another process may have been first: what the store holds afterwards counts, not what was offered.
    await store.add(
      missing.map((purpose) => ({ ...wrapKey(master, purpose, newKey()), purpose, createdAt: now() })),
    )
    for (const row of await store.list()) existing.set(row.purpose, row)
  }
  const keys = new Map([...existing.values()].map((row) => [row.purpose, unwrapKey(master, row)]))
  return createVault((purpose) => {
    const key = keys.get(purpose)
    if (key === undefined) throw new GatewayError('gateway_internal', `there is no purpose key ${purpose}`)
    return key
  })
}

const createVault = (purposeKey: (purpose: Purpose) => KeyObject): Vault => {
  const derived = new Map<string, KeyObject>()
  const organisationKey = (purpose: Purpose, organisation: string): KeyObject => {
    const name = `${purpose} ${organisation}`
    const known = derived.get(name)
    if (known !== undefined) return known
    const key = deriveKey(purposeKey(purpose), `tollgate organisation key ${organisation}`)
    derived.set(name, key)
    return key
  }
  return {
    purposeKey,
    organisationKey,
    seal: (secret, place) =>
      encrypt(organisationKey('vault', place.organisation), Buffer.from(secret.reveal()), placeData(place)),
    open: (sealed, place) => {
      const opened = decrypt(organisationKey('vault', place.organisation), sealed, placeData(place))
      if (opened !== undefined) return new Secret(opened.toString('utf8'))
      throw new GatewayError(
        'vault_value_invalid',
        `the sealed value of ${place.row} does not open: the row was changed or moved; set the value again`,
      )
    },
  }
}

const newKey = (): KeyObject => createSecretKey(randomBytes(32))

export const wrapKey = (master: MasterKey, purpose: string, key: KeyObject): AnyWrappedKey => ({
  purpose,
  wrapped: encrypt(master.key, key.export(), purposeData(purpose)),
  masterKey: master.id,
})

/** Throws `vault_master_key_invalid` for another master key's, `vault_value_invalid` for a row that was changed. */
export const unwrapKey = (master: MasterKey, row: AnyWrappedKey): KeyObject => {
  if (row.masterKey !== master.id) {
    throw new GatewayError(
      'vault_master_key_invalid',
      `the database was sealed with master key ${row.masterKey}, but master key ${master.id} was given: restore the master.key (or TGW_MASTER_KEY) that belongs to this database`,
    )
  }
  const opened = decrypt(master.key, row.wrapped, purposeData(row.purpose))
  if (opened?.length === 32) return createSecretKey(opened)
  throw new GatewayError(
    'vault_value_invalid',
    `the purpose key ${row.purpose} does not open though its master key fits: the row was changed; restore the table purpose_keys from a backup`,
  )
}

const deriveKey = (key: KeyObject, info: string): KeyObject =>
  createSecretKey(new Uint8Array(hkdfSync('sha256', key, '', info, 32)))

/** JSON keeps the parts apart: no two places have the same bytes. */
const placeData = (place: SealPlace): Buffer =>
  Buffer.from(
    JSON.stringify(['tollgate sealed', place.organisation, place.row, place.version, place.bound ?? []]),
  )

const purposeData = (purpose: string): Buffer =>
  Buffer.from(JSON.stringify(['tollgate purpose key', purpose]))

/** First byte of everything sealed, so that another algorithm can follow one day. */
const format = 1
const nonceLength = 12
const tagLength = 16

const encrypt = (key: KeyObject, clear: Buffer, associated: Buffer): string => {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated)
  const encrypted = Buffer.concat([cipher.update(clear), cipher.final()])
  return Buffer.concat([Buffer.of(format), nonce, encrypted, cipher.getAuthTag()]).toString('base64')
}

const decrypt = (key: KeyObject, sealed: string, associated: Buffer): Buffer | undefined => {
  const bytes = Buffer.from(sealed, 'base64')
  const end = bytes.length - tagLength
  const start = 1 + nonceLength
  // Base64 ignores stray characters and unused bits: only the text that was written may open.
  if (end < start || bytes[0] !== format || bytes.toString('base64') !== sealed) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, start), {
    authTagLength: tagLength,
  })
  decipher.setAAD(associated)
  decipher.setAuthTag(bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start, end)), decipher.final()])
  } catch {
    return undefined
  }
}
