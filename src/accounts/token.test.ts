import { describe, expect, test } from 'bun:test'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { adminTokenPrefix, isId, newId, newToken, shownPrefix, virtualKeyPrefix } from './token.ts'
import { createTokenDigest } from './token-digest.ts'

describe('a new token', () => {
  test('is its prefix and 40 base62 characters', () => {
    expect(newToken(virtualKeyPrefix)).toMatch(/^tgw-sk-[0-9A-Za-z]{40}$/)
    expect(newToken(adminTokenPrefix)).toMatch(/^tgw-admin-[0-9A-Za-z]{40}$/)
  })

  test('draws each of the 62 characters about equally often', () => {
    const counts = new Map<string, number>()
    for (let made = 0; made < 2_000; made += 1) {
      for (const character of newToken('')) counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    expect(counts.size).toBe(62)
    // 1,290 expected with a deviation of 36: six deviations on both sides.
    expect(Math.min(...counts.values())).toBeGreaterThan(1_075)
    expect(Math.max(...counts.values())).toBeLessThan(1_505)
  })

  test('is shown by its kind and four characters', () => {
    expect(shownPrefix('tgw-sk-abcdefgh')).toBe('tgw-sk-abcd…')
    expect(shownPrefix('tgw-admin-abcdefgh')).toBe('tgw-admin-abcd…')
    expect(shownPrefix('a-token-of-the-operator')).toBe('…')
  })
})

describe('the digest of a token', () => {
  test('is HMAC-SHA-256 under the given key, again and again', () => {
    const key = createSecretKey(randomBytes(32))
    const digest = createTokenDigest(key)
    for (const text of ['tgw-sk-a', '', 'ü'.repeat(300), 'tgw-sk-a']) {
      expect(digest(text)).toBe(createHmac('sha256', key).update(text).digest('base64'))
    }
  })
})

describe('a row id', () => {
  test('sorts by the time it was made', () => {
    const ids = [1_000, 2_000, 2_000, 3_000_000_000_000].map((at) => newId('key', at))
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(4)
    expect(ids.every(isId)).toBe(true)
  })

  test('holds nothing that a database could not take', () => {
    expect(['', 'a\0b', 'a b', "a'b", 'ü', '\ud800', 'x'.repeat(101)].filter(isId)).toEqual([])
  })
})
