import { expect, test } from 'bun:test'
import { createPolicy, layersOfKey } from './policy.ts'

test('what a key says, it says of both directions, above everything else', () => {
  const route = { input: 'monitor', detectors: { secrets: { output: 'redact' } } } as const
  const policy = createPolicy(
    [{ input: 'off', output: 'off' }, route, ...layersOfKey('enforce')],
    ['secrets'],
  )
  expect([policy.mode('secrets', 'input'), policy.mode('secrets', 'output')]).toEqual(['enforce', 'enforce'])
})

test('a key that inherits says nothing', () => {
  expect(layersOfKey('inherit')).toEqual([])
})
