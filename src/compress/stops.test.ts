import { expect, test } from 'bun:test'
import { padding } from './scan.ts'
import { stopAt, stopsOf } from './stops.ts'

const stops = stopsOf('"\u2026')

test('reading goes to the next stop, and stays where one stands', () => {
  expect(stopAt(stops, `a "b"${padding}`, 0)).toBe(2)
  expect(stopAt(stops, `a "b"${padding}`, 2)).toBe(2)
  expect(stopAt(stops, `a "b"${padding}`, 3)).toBe(4)
})

test('units beyond Latin stop or pass as all others do', () => {
  expect(stopAt(stops, `\u4e2d\ud83d\ude00\u2026${padding}`, 0)).toBe(3)
})

test('without a stop it ends in the padding', () => {
  expect(stopAt(stops, `abc${padding}`, 1)).toBe(3)
  expect(stopAt(stops, padding, padding.length)).toBe(padding.length)
})
