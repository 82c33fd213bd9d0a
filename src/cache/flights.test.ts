import { expect, test } from 'bun:test'
import { createFlights } from './flights.ts'

test('the first leads, others follow until it has landed', async () => {
  const flights = createFlights<string>(1_000, () => 0)
  const first = flights.board('a')
  const second = flights.board('a')
  expect([first.role, second.role, flights.board('b').role]).toEqual(['leader', 'follower', 'leader'])
  if (first.role !== 'leader' || second.role !== 'follower') throw new Error('roles')
  first.flight.land({ type: 'answer', answer: 'x' })
  expect(await second.landing).toEqual({ type: 'answer', answer: 'x' })
  expect(flights.board('a').role).toBe('leader')
})

test('until the answer is kept, whoever comes gets the landing', async () => {
  const flights = createFlights<string>(1_000, () => 0)
  const first = flights.board('a')
  if (first.role !== 'leader') throw new Error('role')
  const kept = Promise.withResolvers<void>()
  first.flight.land({ type: 'answer', answer: 'x' }, kept.promise)
  const late = flights.board('a')
  expect(late.role).toBe('follower')
  if (late.role === 'follower') expect(await late.landing).toEqual({ type: 'answer', answer: 'x' })
  kept.reject(new Error('store away'))
  await kept.promise.catch(() => undefined)
  await Bun.sleep(0)
  expect(flights.size).toBe(0)
})

test('a flight that never lands keeps nobody, and does not end the one that took its place', () => {
  let time = 0
  const flights = createFlights<string>(1_000, () => time)
  const lost = flights.board('a')
  time = 1_000
  const next = flights.board('a')
  expect(next.role).toBe('leader')
  if (lost.role === 'leader') lost.flight.land({ type: 'nothing' })
  expect(flights.board('a').role).toBe('follower')
})
