import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

/** Where a sealed text belongs: it opens nowhere else. */
export interface ReasoningPlace {
  readonly organisation: string
  readonly key: string
}

/** First byte of everything sealed, so that another algorithm can follow one day. */
const format = 1
const nonceLength = 12
const tagLength = 16

/** Base64 of format byte, nonce, AES-256-GCM of the text, tag. */
export const encryptReasoning = (text: string, place: ReasoningPlace, key: KeyObject): string => {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated(place))
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(format), nonce, encrypted, cipher.getAuthTag()]).toString('base64')
}

/** Undefined for what was changed, or sealed for another place or by another key. */
export const decryptReasoning = (
  sealed: string,
  place: ReasoningPlace,
  key: KeyObject,
): string | undefined => {
  const bytes = Buffer.from(sealed, 'base64')
  const start = 1 + nonceLength
  const end = bytes.length - tagLength
  if (end < start || bytes[0] !== format) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, start), {
    authTagLength: tagLength,
  })
  decipher.setAAD(associated(place))
  decipher.setAuthTag(bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start, end)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

/** JSON keeps the parts apart: no two places have the same bytes. */
const associated = ({ organisation, key }: ReasoningPlace): Buffer =>
  Buffer.from(JSON.stringify(['tollgate reasoning', organisation, key]))
