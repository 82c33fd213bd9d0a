import { createHash } from 'node:crypto'
import { asciiOf, type Candidate, isWordByte } from './candidate.ts'
import { createKeccak } from './keccak.ts'

/** Version bytes of base58check addresses: Bitcoin, Litecoin, Dogecoin, Tron. */
const versions = new Set([0x00, 0x05, 0x30, 0x32, 0x1e, 0x16, 0x41])
const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const bech32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

/** Takes a token (letters and digits) and says whether it is the address of a wallet; `isNamed` is asked only where needed. */
export type ScanCrypto = (
  bytes: Uint8Array,
  start: number,
  end: number,
  isNamed: () => boolean,
) => Candidate | undefined

export const createCryptoScanner = (): ScanCrypto => {
  const keccak256 = createKeccak()

  const isEthereum = (address: string, isNamed: () => boolean): boolean => {
    const digits = address.slice(2)
    if (!/^[0-9a-fA-F]{40}$/.test(digits) || /^(.)\1*$/.test(digits)) return false
    const lower = digits.toLowerCase()
    if (digits === lower || digits === digits.toUpperCase()) return isNamed()
    const hash = keccak256(lower)
    return [...digits].every((digit, index) => {
      const isUpper = Number.parseInt(hash[index] ?? '0', 16) >= 8
      return digit === (isUpper ? digit.toUpperCase() : digit.toLowerCase())
    })
  }

  return (bytes, start, end, isNamed) => {
    const size = end - start
    if (size < 26 || size > 90 || isWordByte(bytes[start - 1]) || isWordByte(bytes[end])) return undefined
    const found = (rule: string): Candidate => ({
      type: 'CRYPTO_ADDRESS',
      rule,
      start,
      end,
      confidence: 0.95,
      score: 180,
    })
    const first = String.fromCharCode(bytes[start] ?? 0)
    if (size <= 35 && '13LMDAT9'.includes(first) && isBase58Check(asciiOf(bytes, start, end)))
      return found('base58check')
    if ('bBtTlL'.includes(first) && size >= 42 && isBech32(asciiOf(bytes, start, end))) return found('bech32')
    if (first === '0' && size === 42 && (bytes[start + 1] ?? 0) === 0x78) {
      return isEthereum(asciiOf(bytes, start, end), isNamed) ? found('ethereum') : undefined
    }
    return undefined
  }
}

/** One version byte, twenty of hash, four of doubled SHA-256. */
const isBase58Check = (text: string): boolean => {
  const bytes = new Uint8Array(25)
  for (let index = 0; index < text.length; index++) {
    let carry = base58.indexOf(text[index] ?? '')
    if (carry < 0) return false
    for (let place = 24; place >= 0; place--) {
      carry += (bytes[place] ?? 0) * 58
      bytes[place] = carry & 255
      carry >>= 8
    }
    if (carry > 0) return false
  }
  if (!versions.has(bytes[0] ?? -1)) return false
  const hash = createHash('sha256')
    .update(createHash('sha256').update(bytes.subarray(0, 21)).digest())
    .digest()
  return hash.subarray(0, 4).equals(bytes.subarray(21))
}

/** BIP 173 and BIP 350, for Bitcoin, its test net and Litecoin. */
const isBech32 = (text: string): boolean => {
  const lower = text.toLowerCase()
  if (lower !== text && text.toUpperCase() !== text) return false
  const cut = lower.lastIndexOf('1')
  const prefix = lower.slice(0, cut)
  if (!['bc', 'tb', 'ltc'].includes(prefix)) return false
  let check = 1
  const take = (value: number): void => {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    for (let bit = 0; bit < 5; bit++) if (((top >> bit) & 1) === 1) check ^= generators[bit] ?? 0
  }
  for (const letter of prefix) take(letter.charCodeAt(0) >> 5)
  take(0)
  for (const letter of prefix) take(letter.charCodeAt(0) & 31)
  for (const letter of lower.slice(cut + 1)) {
    const value = bech32.indexOf(letter)
    if (value < 0) return false
    take(value)
  }
  return check === (bech32.indexOf(lower[cut + 1] ?? '') === 0 ? 1 : 0x2bc830a3)
}

const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
