import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { namePattern } from './name-pattern.ts'
import { requiredLiteral } from './required-literal.ts'

test('names, prefixes, suffixes and parts are found by their text', () => {
  expect(requiredLiteral('gpt-5')).toEqual({ text: 'gpt-5', at: 'whole' })
  expect(requiredLiteral('gpt-*-mini')).toEqual({ text: 'gpt-', at: 'start' })
  expect(requiredLiteral('*-turbo')).toEqual({ text: '-turbo', at: 'end' })
  expect(requiredLiteral('*ab*claude*')).toEqual({ text: 'claude', at: 'anywhere' })
  expect(requiredLiteral('*')).toBeUndefined()
})

test('of an expression it is the longest run that cannot be left out', () => {
  const literal = (expression: string) => requiredLiteral(expression)?.text
  expect(literal('/^gpt-[45]/')).toBe('gpt-')
  expect(literal('/^gpt-\\d+-mini\\.v1$/')).toBe('-mini.v1')
  expect(literal('/colou?r-x/')).toBe('colo')
  expect(literal('/ab+c/')).toBe('ab')
  expect(literal('/a{0,2}bcd/')).toBe('bcd')
  expect(literal('/x(long)?y/')).toBe('x')
  expect(literal('/[abc]*/')).toBeUndefined()
  expect(literal('/gpt|claude/')).toBeUndefined()
  expect(literal('/gpt-(5|6)/')).toBe('gpt-')
  expect(literal('/(?i)gpt/')).toBeUndefined()
  expect(literal('/\\pLabc\\x{41}/')).not.toContain('41')
})

test('every name that an expression fits holds the text', () => {
  const atom = fc.constantFrom(
    ...[
      'a',
      'b',
      '\\.',
      '-',
      '.',
      '[ab]',
      '[^a]',
      '(ab)',
      '(a(b)c)',
      '\\d',
      '\\w',
      '^',
      '$',
      '\\x61',
      '\\pL',
      '[]a]',
    ],
  )
  const quantifier = fc.constantFrom('', '', '', '?', '*', '+', '{0,2}', '{2}', '*?', '??')
  const expression = fc
    .array(fc.tuple(atom, quantifier), { minLength: 1, maxLength: 6 })
    .map(
      (parts) =>
        `/${parts.map(([one, often]) => (/[$^]/.test(one) && one.length === 1 ? one : one + often)).join('')}/`,
    )
  const name = fc
    .array(fc.constantFrom('a', 'b', 'c', '.', '-', '1', 'x'), { maxLength: 10 })
    .map((one) => one.join(''))
  let fitted = 0
  fc.assert(
    fc.property(expression, fc.array(name, { minLength: 20, maxLength: 20 }), (pattern, names) => {
      const fits = namePattern(pattern)
      const literal = requiredLiteral(pattern)
      for (const one of names.filter((candidate) => fits(candidate))) {
        fitted++
        if (literal !== undefined) expect(one).toContain(literal.text)
      }
    }),
    { numRuns: 1500 },
  )
  expect(fitted).toBeGreaterThan(1000)
})
