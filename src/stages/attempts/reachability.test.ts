import { expect, test } from 'bun:test'
import { type CircuitBoard, createCircuits } from './circuits.ts'
import { createReachability } from './reachability.ts'

/** Boards of two processes: what one puts the other hears. */
const boards = (): readonly [CircuitBoard, CircuitBoard] => {
  const facts = new Map<string, string>()
  const handlers: ((key: string, value: string | undefined) => void)[][] = [[], []]
  const board = (own: number): CircuitBoard => ({
    put(key, value) {
      facts.set(key, value)
      for (const handler of handlers[1 - own] ?? []) handler(key, value)
    },
    remove(key) {
      facts.delete(key)
      for (const handler of handlers[1 - own] ?? []) handler(key, undefined)
    },
    all: () => facts,
    onChange: (handler) => void handlers[own]?.push(handler),
  })
  return [board(0), board(1)]
}

const settings = { failures: 2, errorRate: 1, minimum: 99, window: 1000, openFor: 1000, longestOpen: 8000 }

test('processes tell each other who is down, and nobody takes that for a circuit', () => {
  const [here, there] = boards()
  const now = () => 5
  const ours = createReachability({ now, board: here })
  const theirs = createReachability({ now, board: there })
  const circuits = createCircuits({ settings, now, board: there })
  ours.lost('p', 'p/1', 100)
  expect(theirs.isDown('p', 'p/1')).toBe(true)
  expect(theirs.isDown('p', 'p/2')).toBe(false)
  expect(circuits.list()).toEqual([])
  // Who starts later hears of it as well.
  expect(createReachability({ now, board: there }).isDown('p', 'p/1')).toBe(true)
  theirs.found('p', 'p/1')
  expect(ours.isDown('p', 'p/1')).toBe(false)
})

test('a circuit that is open for want of a connection is closed by whoever gets one', () => {
  const [here, there] = boards()
  const now = () => 5
  const ours = createCircuits({ settings, now, board: here })
  const theirs = createCircuits({ settings, now, board: there })
  for (const model of ['m', 'n']) {
    for (let call = 0; call < 2; call++)
      ours
        .of(`p/${model} p/1`)
        .admit()
        ?.failed(model === 'm')
  }
  expect(theirs.list().map(({ upstream }) => upstream)).toEqual(['p/m p/1', 'p/n p/1'])
  theirs.reached('p', 'p/1')
  expect(theirs.list().map(({ upstream }) => upstream)).toEqual(['p/n p/1'])
  expect(ours.list().map(({ upstream }) => upstream)).toEqual(['p/n p/1'])
})
