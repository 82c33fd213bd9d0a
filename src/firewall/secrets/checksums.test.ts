import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  decodeBase58Check,
  encodeBase58Check,
  encodeBech32,
  hasBech32Checksum,
  hasTokenChecksum,
  tokenChecksum,
} from './checksums.ts'

test('the checksum of a published, revoked GitHub token holds, and not with another letter', () => {
  // secretlint's example, in pieces.
  const token = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_')
  expect(hasTokenChecksum(token)).toBe(true)
  expect(hasTokenChecksum(token.replace('wW', 'Ww'))).toBe(false)
})

test('checksums are padded to six characters', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9]{30}$/), (body) => {
      expect(tokenChecksum(body)).toMatch(/^[0-9A-Za-z]{6}$/)
      expect(hasTokenChecksum(`ghp_${body}${tokenChecksum(body)}`)).toBe(true)
    }),
  )
})

test('base58check of the Bitcoin wiki decodes, and any bytes come back', () => {
  const key = ['5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ'].join('')
  expect(Buffer.from(decodeBase58Check(key) ?? []).toString('hex')).toBe(
    '800c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d',
  )
  expect(decodeBase58Check(key.replace('5H', '5J'))).toBeUndefined()
  expect(decodeBase58Check('0OIl')).toBeUndefined()
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
      expect(new Uint8Array(decodeBase58Check(encodeBase58Check(bytes)) ?? [])).toEqual(bytes)
    }),
  )
})

test('bech32 holds for the examples of BIP 173 and fails when a letter changes', () => {
  for (const valid of ['A12UEL5L', 'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw'])
    expect(hasBech32Checksum(valid)).toBe(true)
  for (const invalid of ['A12UEL5M', 'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxx', 'nosplit'])
    expect(hasBech32Checksum(invalid)).toBe(false)
  expect(hasBech32Checksum(encodeBech32('nsec', [1, 2, 3, 31]))).toBe(true)
})
