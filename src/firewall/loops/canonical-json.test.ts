import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { canonicalJson } from './canonical-json.ts'
import { steadyText } from './steady-text.ts'

const same = (...spellings: readonly string[]) => new Set(spellings.map(canonicalJson)).size === 1

test('what says the same has one spelling', () => {
  expect(same('{"b":1.0,"a":"\\u0041"}', '{ "a" : "A", "b" : 1 }', '{"a":"A","b":1e0}')).toBe(true)
  expect(same('100', '1e2', '100.0', '1.00E+2')).toBe(true)
  expect(same('0', '-0', '0.0', '0e9')).toBe(true)
  expect(same('[1, 2]', '[1,2]')).toBe(true)
  expect(same('{"a":{},"b":[]}', '{ "b": [ ] , "a": { } }')).toBe(true)
})

test('what says something else has another', () => {
  expect(same('9007199254740993', '9007199254740992')).toBe(false)
  expect(same('[1,2]', '[2,1]')).toBe(false)
  expect(same('1', '"1"')).toBe(false)
  expect(same('0.1', '0.01')).toBe(false)
  expect(same('null', 'false')).toBe(false)
})

test('text that is no JSON, and depth, are no danger', () => {
  expect(canonicalJson('{"a":')).toBe('{"a":')
  const deep = '['.repeat(50_000) + ']'.repeat(50_000)
  expect(canonicalJson(deep)).toBe(deep)
})

test('keys in any order and any spaces give one spelling, which says the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const spelled = canonicalJson(JSON.stringify(value))
      expect(canonicalJson(spelled)).toBe(spelled)
      expect(JSON.parse(spelled)).toEqual(
        JSON.parse(JSON.stringify(value, (_, member) => (member === 0 ? 0 : member))),
      )
      expect(canonicalJson(JSON.stringify(reversed(value), null, 2))).toBe(spelled)
    }),
    { numRuns: 1_000 },
  )
})

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

test('what differs in each run of a command is left out of its output', () => {
  const output = (id: string, time: string) =>
    `Chunk ID: ${id}\nWall time: ${time} seconds\nProcess exited with code 0\nOutput:\nsame\n`
  expect(steadyText(output('aa', '0.1'))).toBe(steadyText(output('bb', '12')))
  expect(steadyText(output('aa', '0.1'))).not.toBe(
    steadyText(output('aa', '0.1').replace('code 0', 'code 1')),
  )
  expect(steadyText('{"metadata":{"duration_seconds":0.1}}')).toBe(
    steadyText('{"metadata":{"duration_seconds":12}}'),
  )
})
