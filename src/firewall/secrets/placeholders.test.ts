import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isPlaceholder, isReference, isWeakPassword } from './placeholders.ts'

describe('placeholders', () => {
  test.each([
    'xxxxxxxxxxxxxxxxxxxx',
    '00000000000000000000',
    'abcdefghijklmnopqrstuvwxyz',
    'AbCdEfGhIjKlMnOp1234567890',
    'your-key-here-please',
    'IOSFODNN7EXAMPLE',
    'REDACTEDREDACTED',
    'abababababababababab',
    'aQ3xxxxxxxxxxx9Z',
  ])('%s stands for a key', (text) => {
    expect(isPlaceholder(text)).toBe(true)
  })

  test('random keys are none', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{36}$/), (text) => {
        // What the generator likes to shrink to, such as one letter repeated, is rightly taken for a placeholder.
        fc.pre(
          new Set(text).size > 12 && !/(.)\1{4}/.test(text) && !/here|your|todo|dummy|insert/i.test(text),
        )
        const isOrdered = /abcde|bcdef|01234|12345|23456|34567|45678|56789/i.test(text)
        if (!isOrdered) expect(isPlaceholder(text) && !/[a-z]{5}/i.test(text)).toBe(false)
      }),
    )
  })
})

describe('references', () => {
  const variable = ['$', '{DB_PASSWORD}'].join('')
  test.each([
    variable,
    '$PASSWORD',
    '<password>',
    '{{ .Values.password }}',
    '%PASSWORD%',
    '[PASSWORD]',
    'process.env.TOKEN',
    'os.environ["X"]',
    `prefix-${variable}`,
    'abc...',
    '***',
    '{password}',
  ])('%s is one', (text) => {
    expect(isReference(text)).toBe(true)
  })

  test.each(['q7#Lw9!zR2pX', 'P$ssw0rdABC', 'a.b-c_9', '{ZqL5kVrX1n8tA2}'])('%s is none', (text) => {
    expect(isReference(text)).toBe(false)
  })
})

describe('weak passwords', () => {
  test.each([
    'password',
    'Password1',
    'changeme',
    'test1234',
    'postgres',
    's3cr3t',
    'YOUR_PASSWORD',
    'admin!',
    'minioadmin',
    '12345678',
  ])('%s is one', (text) => {
    expect(isWeakPassword(text)).toBe(true)
  })

  test.each(['q7#Lw9!zR2pX', 'h0pk1ns~21s', 'myC0mpl3xPwd', 'P@ssw0rd$1'])('%s is none', (text) => {
    expect(isWeakPassword(text)).toBe(false)
  })
})
