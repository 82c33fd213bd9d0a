import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The last six characters that GitHub and npm give a token with this body: its CRC32 in base 62. */
export const tokenChecksum = (body: string): string => {
  let value = crc32(body)
  let text = ''
  for (let place = 0; place < 6; place++) {
    text = `${base62[value % 62]}${text}`
    value = Math.floor(value / 62)
  }
  return text
}

/** Does a token such as `ghp_…` or `npm_…` end in its own checksum? */
export const hasTokenChecksum = (token: string): boolean => {
  const body = token.slice(token.indexOf('_') + 1)
  return body.slice(-6) === tokenChecksum(body.slice(0, -6))
}

const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The bytes of base58check text without their checksum (Bitcoin's), or undefined when it does not hold. */
export const decodeBase58Check = (text: string): Uint8Array | undefined => {
  let value = 0n
  for (const character of text) {
    const digit = base58.indexOf(character)
    if (digit < 0) return undefined
    value = value * 58n + BigInt(digit)
  }
  const hex = value.toString(16)
  const zeros = text.length - text.replace(/^1+/, '').length
  const bytes = Buffer.concat([
    new Uint8Array(zeros),
    Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'),
  ])
  const payload = bytes.subarray(0, -4)
  return bytes.length > 4 && twiceHashed(payload).subarray(0, 4).equals(bytes.subarray(-4))
    ? payload
    : undefined
}

/** The base58check text of bytes; the inverse of `decodeBase58Check`. */
export const encodeBase58Check = (payload: Uint8Array): string => {
  const bytes = Buffer.concat([payload, twiceHashed(payload).subarray(0, 4)])
  let value = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (; value > 0n; value /= 58n) text = `${base58[Number(value % 58n)]}${text}`
  for (const byte of bytes) {
    if (byte !== 0) break
    text = `1${text}`
  }
  return text
}

const twiceHashed = (bytes: Uint8Array): Buffer =>
  createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest()

const bech32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

/** Does bech32 text (`prefix1…`, BIP 173) end in its own checksum? */
export const hasBech32Checksum = (text: string): boolean => {
  const folded = text.toLowerCase()
  const split = folded.lastIndexOf('1')
  const values = [...folded.slice(split + 1)].map((character) => bech32.indexOf(character))
  return split > 0 && !values.includes(-1) && polymod([...expanded(folded.slice(0, split)), ...values]) === 1
}

/** Bech32 text of a prefix and 5-bit values, in lower case. */
export const encodeBech32 = (prefix: string, values: readonly number[]): string => {
  const sum = polymod([...expanded(prefix), ...values, 0, 0, 0, 0, 0, 0]) ^ 1
  const checksum = [5, 4, 3, 2, 1, 0].map((place) => (sum >>> (5 * place)) & 31)
  return `${prefix}1${[...values, ...checksum].map((value) => bech32[value]).join('')}`
}

const expanded = (prefix: string): readonly number[] => {
  const codes = [...prefix].map((character) => character.charCodeAt(0))
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

const polymod = (values: readonly number[]): number => {
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    generators.forEach((generator, bit) => {
      if ((top >> bit) & 1) sum ^= generator
    })
  }
  return sum >>> 0
}
