import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { globTest } from './glob.ts'

test('only the star is special, and letter case counts', () => {
  expect(globTest('gpt-*')('gpt-')).toBe(true)
  expect(globTest('gpt-*')('GPT-5')).toBe(false)
  expect(globTest('a.c?')('abcd')).toBe(false)
  expect(globTest('a*a')('a')).toBe(false)
  expect(globTest('*')('')).toBe(true)
})

test('it says what the regular expression of the pattern says', () => {
  const piece = fc.constantFrom('a', 'b', '*', '.')
  const text = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), text, (parts, name) => {
      const pattern = parts.map((part) => (part === '*' ? '.*' : part === '.' ? '\\.' : part)).join('')
      expect(globTest(parts.join(''))(name)).toBe(new RegExp(`^${pattern}$`, 's').test(name))
    }),
    { numRuns: 2_000 },
  )
})
