import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { GatewayError } from '../errors.ts'

/** The key that wraps the purpose keys. `id` names it in rows and messages and reveals nothing of it. */
export interface MasterKey {
  readonly id: string
  readonly key: KeyObject
}

/** Reads 32 bytes in base64, base64url or hex. `place` stands for the text in messages. */
export const parseMasterKey = (text: string, place: string): MasterKey => {
  const bytes = decode(text.trim())
  if (bytes?.length !== 32) {
    throw new GatewayError(
      'vault_master_key_invalid',
      `${place} is not a master key: give 32 random bytes in base64, as \`openssl rand -base64 32\` prints them`,
    )
  }
  return toMasterKey(bytes)
}

/** From 32 bytes. */
export const toMasterKey = (bytes: Uint8Array): MasterKey => {
  const key = createSecretKey(bytes)
  return { id: Buffer.from(hkdfSync('sha256', key, '', 'tollgate master key id', 8)).toString('hex'), key }
}

const decode = (text: string): Buffer | undefined => {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined
}
