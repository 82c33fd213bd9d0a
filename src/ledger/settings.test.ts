import { expect, test } from 'bun:test'
import { ledgerSettings } from './settings.ts'

test('without a word every entry is on disk before its answer ends, and stays for ever', () => {
  expect(ledgerSettings.parse(undefined)).toEqual({ durability: 'sync', max_pending: 10_000 })
})

test('durability and queue have bounds', () => {
  for (const wrong of [{ durability: 'maybe' }, { max_pending: 0 }, { retention_days: 1 }]) {
    expect(ledgerSettings.safeParse(wrong).success).toBe(false)
  }
})
