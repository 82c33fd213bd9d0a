import { expect, test } from 'bun:test'
import { nearestName, suggestion } from './nearest-name.ts'

const names = ['host', 'port', 'ports', 'max_body', 'trusted_proxies']

test('finds the name that a typing slip away from it was meant', () => {
  expect(nearestName('prot', names)).toBe('port')
  expect(nearestName('por', names)).toBe('port')
  expect(nearestName('hosst', names)).toBe('host')
  expect(nearestName('trustd_proxis', names)).toBe('trusted_proxies')
})

test('does not mind case, hyphens and underscores', () => {
  expect(nearestName('maxBody', names)).toBe('max_body')
  expect(nearestName('MAX-BODY', names)).toBe('max_body')
})

test('stays silent where nothing is near', () => {
  expect(nearestName('database', names)).toBeUndefined()
  expect(suggestion('x', [])).toBe('')
  expect(suggestion('prot', names)).toBe(', did you mean `port`?')
})
