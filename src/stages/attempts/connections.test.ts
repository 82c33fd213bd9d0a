import { expect, test } from 'bun:test'
import { createConnections } from './connections.ts'

test('a connection may be open for a while after an answer, and nowhere else', () => {
  let time = 0
  const connections = createConnections(() => time)
  expect(connections.mayBeOpen('http://a')).toBe(false)
  connections.used('http://a')
  expect(connections.mayBeOpen('http://a')).toBe(true)
  expect(connections.mayBeOpen('http://b')).toBe(false)
  time = 600_000
  expect(connections.mayBeOpen('http://a')).toBe(false)
})
