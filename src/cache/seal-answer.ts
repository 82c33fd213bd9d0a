import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { AnswerPlace } from './answer-store.ts'

/** First byte: how the rest is to be read, so that another way can follow one day. */
const format = 1
const nonceLength = 12
const tagLength = 16
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/**
 * Base64 of format, nonce, AES-256-GCM of the compressed text, tag. Whoever reads the store cannot read answers, and
 * whoever writes it cannot make the gateway say anything, nor give one organisation what belongs to another.
 */
export const sealAnswer = (text: string, place: AnswerPlace, key: KeyObject): string => {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associated(place))
  const clear = zstdCompressSync(Buffer.from(text, 'utf8'), compression)
  return Buffer.concat([
    Buffer.of(format),
    nonce,
    cipher.update(clear),
    cipher.final(),
    cipher.getAuthTag(),
  ]).toString('base64')
}

/** Undefined for what was changed, or sealed for another place or by another key. */
export const openAnswer = (sealed: string, place: AnswerPlace, key: KeyObject): string | undefined => {
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
    const clear = Buffer.concat([decipher.update(bytes.subarray(start, end)), decipher.final()])
    return zstdDecompressSync(clear).toString('utf8')
  } catch {
    return undefined
  }
}

const associated = ({ organisation, hash }: AnswerPlace): Buffer =>
  Buffer.from(JSON.stringify(['tollgate answer', format, organisation, hash]))
