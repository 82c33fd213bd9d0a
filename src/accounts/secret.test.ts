import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { mask, Secret } from './secret.ts'

const text = 'sk-proj-0123456789abcdefghij'

describe('a secret', () => {
  const secret = new Secret(text)

  test('gives its text only when asked to reveal it', () => {
    expect(secret.reveal()).toBe(text)
  })

  test.each([
    ['a template', () => `${secret}`],
    ['String()', () => String(secret)],
    ['concatenation', () => [secret, secret].join('')],
    ['JSON', () => JSON.stringify({ secret })],
    ['node inspect', () => inspect({ nested: [secret] }, { showHidden: true, depth: 9 })],
    ['Bun inspect', () => Bun.inspect({ nested: [secret] })],
    ['an error message', () => new Error(`failed with ${secret}`).message],
    ['its own keys', () => JSON.stringify(Object.getOwnPropertyNames(secret))],
    ['a structured clone', () => inspect(structuredClone(secret), { showHidden: true })],
  ])('does not show itself through %s', (_, show) => {
    expect(show()).not.toContain('0123')
  })
})

describe('mask', () => {
  test('keeps the vendor prefix and the last four characters', () => {
    expect(mask('sk-proj-0123456789abcdef1234')).toBe('sk-…1234')
    expect(mask('AIzaSyA0123456789abcdefghijWXYZ')).toBe('…WXYZ')
  })

  test('shows nothing of a short secret', () => {
    expect(mask('sk-short')).toBe('…')
    expect(mask('')).toBe('…')
  })
})
