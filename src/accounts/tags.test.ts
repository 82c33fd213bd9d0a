import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../errors.ts'
import { isTag, mostTags, parseTags } from './tags.ts'

test('a header names tags in its order, each once', () => {
  expect(parseTags(null)).toEqual([])
  expect(parseTags('')).toEqual([])
  expect(parseTags(' b, a ,,b,team:core/x@y ')).toEqual(['b', 'a', 'team:core/x@y'])
})

test('too many, too long, and what is no tag is refused', () => {
  const many = Array.from({ length: mostTags + 1 }, (_, index) => `t${index}`)
  expect(parseTags(many.slice(1).join(',')).length).toBe(mostTags)
  for (const header of [many.join(','), 'a b', '-a', 'é', 'a\u0000', 'x'.repeat(65), `a${','.repeat(2_000)}`])
    expect(() => parseTags(header)).toThrow(GatewayError)
})

test('whatever the header, what comes out is bounded tags or a refusal', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab,-._:/@ \u00e9"\\'), maxLength: 200 }), (header) => {
      try {
        const tags = parseTags(header)
        expect(tags.length).toBeLessThanOrEqual(mostTags)
        expect(new Set(tags).size).toBe(tags.length)
        expect(tags.every(isTag)).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    }),
    { numRuns: 1000 },
  )
})
