import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { canonicalJson, withoutSpace } from './canonical-json.ts'

test('equal values are equal texts, and other values are others', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const [left, right] = [JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))]
      expect(JSON.parse(canonicalJson(left))).toEqual(left)
      expect(canonicalJson(left) === canonicalJson(right)).toBe(Bun.deepEquals(left, right, true))
    }),
  )
})

test('white space goes from between tokens and nowhere else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('  ', '\t', 4), (value, space) => {
      expect(withoutSpace(JSON.stringify(value, null, space))).toBe(JSON.stringify(value))
    }),
  )
  expect(withoutSpace(' { "a b" : "c \\" d" , "n" : 1.0 } ')).toBe('{"a b":"c \\" d","n":1.0}')
  expect(withoutSpace('no { json')).toBe('no { json')
  expect(withoutSpace('{"a": "cut off')).toBe('{"a": "cut off')
})
