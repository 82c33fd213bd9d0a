import { expect, test } from 'bun:test'
import { promptCacheSettings, watchMemory } from './settings.ts'

test('nothing is remembered of requests where the alarm is off', () => {
  expect(watchMemory(promptCacheSettings.parse({ memory: '2MB' }))).toBeGreaterThanOrEqual(2_000_000)
  expect(watchMemory(promptCacheSettings.parse({ alarm: 'off', memory: '2MB' }))).toBe(0)
})
