import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Where a sealed text belongs: it opens nowhere else. */
export interface SessionPlace {
  readonly organisation: string
  readonly kind: 'response' | 'conversation' | 'item' | 'placeholders'
  readonly id: string
}

/** First byte of everything sealed: what the clear bytes are, so that another algorithm can follow one day. */
const plain = 1
const compressed = 2
const nonceLength = 12
const tagLength = 16

/** Shorter texts gain nothing. */
const worthCompressing = 512

/** Answers and histories repeat themselves: the fastest level takes three quarters away. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Base64 of format byte, nonce, AES-256-GCM of the text, tag. */
export const sealSession = (text: string, place: SessionPlace, key: KeyObject): string => {
  const bytes = Buffer.from(text, 'utf8')
  const format = bytes.length < worthCompressing ? plain : compressed
  const clear = format === plain ? bytes : zstdCompressSync(bytes, compression)
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated(place, format))
  const encrypted = Buffer.concat([cipher.update(clear), cipher.final()])
  return Buffer.concat([Buffer.of(format), nonce, encrypted, cipher.getAuthTag()]).toString('base64')
}

/** Undefined for what was changed, or sealed for another place or by another key. */
export const openSession = (sealed: string, place: SessionPlace, key: KeyObject): string | undefined => {
  const bytes = Buffer.from(sealed, 'base64')
  const start = 1 + nonceLength
  const end = bytes.length - tagLength
  const format = bytes[0]
  if (end < start || (format !== plain && format !== compressed)) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, start), {
    authTagLength: tagLength,
  })
  decipher.setAAD(associated(place, format))
  decipher.setAuthTag(bytes.subarray(end))
  try {
    const clear = Buffer.concat([decipher.update(bytes.subarray(start, end)), decipher.final()])
    return (format === plain ? clear : zstdDecompressSync(clear)).toString('utf8')
  } catch {
    return undefined
  }
}

/** JSON keeps the parts apart: no two places have the same bytes. */
const associated = ({ organisation, kind, id }: SessionPlace, format: number): Buffer =>
  Buffer.from(JSON.stringify(['tollgate session', format, organisation, kind, id]))
