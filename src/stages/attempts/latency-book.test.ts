import { expect, test } from 'bun:test'
import { createLatencyBook } from './latency-book.ts'
import { createSessionTargets } from './session-targets.ts'

test('newer latencies count more, the more the older the last one is', () => {
  let time = 0
  const book = createLatencyBook(() => time)
  expect(book.expected('u')).toBeUndefined()
  book.observe('u', 1000)
  expect(book.expected('u')).toBe(1000)
  book.observe('u', 0)
  expect(book.expected('u')).toBe(800)
  time = 60_000
  book.observe('u', 0)
  expect(book.expected('u')).toBe(400)
})

test('an upstream that nobody asked for five minutes is a new one', () => {
  let time = 0
  const book = createLatencyBook(() => time)
  book.observe('u', 1000)
  time = 300_001
  expect(book.expected('u')).toBeUndefined()
})

test('the time that 95 of 100 calls keep is known from twenty calls on, and forgets the oldest', () => {
  const book = createLatencyBook(() => 0)
  for (let call = 1; call < 20; call++) book.observe('u', call)
  expect(book.p95('u')).toBeUndefined()
  book.observe('u', 1000)
  expect(book.p95('u')).toBe(19)
  book.observe('u', 2000)
  expect(book.p95('u')).toBe(1000)
  for (let call = 0; call < 64; call++) book.observe('u', 7)
  expect(book.p95('u')).toBe(7)
  expect(book.p95('other')).toBeUndefined()
})

test('a session is remembered for an hour after its last answer', () => {
  let time = 0
  const sessions = createSessionTargets(() => time)
  const target = { provider: 'p', model: 'm', credential: 'c' }
  sessions.remember('s', target)
  time = 3_600_000
  expect(sessions.find('s')).toMatchObject(target)
  sessions.remember('s', target)
  time = 7_200_001
  expect(sessions.find('s')).toBeUndefined()
})
