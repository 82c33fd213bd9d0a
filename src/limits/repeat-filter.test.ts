import { expect, test } from 'bun:test'
import { createRepeatFilter } from './repeat-filter.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const large = (mark: string, at: number): Uint8Array => {
  const body = new Uint8Array(100_000).fill(65)
  body.set(bytes(mark), at)
  return body
}

test('only what came a moment ago from the same sender has a name, always the same', () => {
  let time = 1_000_000
  const filter = createRepeatFilter(() => time)
  expect(filter.name(bytes('{"a":1}'), 'one', 10_000)).toBeUndefined()
  const name = filter.name(bytes('{"a":1}'), 'one', 10_000)
  expect(name).toBeString()
  expect(filter.name(bytes('{"a":1}'), 'two', 10_000)).toBeUndefined()
  expect(filter.name(bytes('{"a":2}'), 'one', 10_000)).toBeUndefined()
  time += 10_000
  expect(filter.name(bytes('{"a":1}'), 'one', 10_000)).toBe(name)
  time += 10_001
  expect(filter.name(bytes('{"a":1}'), 'one', 10_000)).toBeUndefined()
})

test('bodies that look alike at a glance have names of their own', () => {
  const filter = createRepeatFilter(() => 1)
  expect(filter.name(large('x', 50_000), 'one', 10_000)).toBeUndefined()
  const one = filter.name(large('y', 50_000), 'one', 10_000)
  const other = filter.name(large('x', 50_000), 'one', 10_000)
  expect(one).toBeString()
  expect(other).toBeString()
  expect(one).not.toBe(other)
  for (const at of [0, 99_999]) expect(filter.name(large('z', at), 'one', 10_000)).toBeUndefined()
})
