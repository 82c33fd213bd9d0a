import { expect, test } from 'bun:test'
import { messageForClient } from './message-for-client.ts'

const opencode = 'opencode/1.18.33 ai-sdk/provider-utils/4.0.0 runtime/bun/1.3.0'
/** By these opencode tells what passes. */
const passing = /429|500|502|503|504|524/

const message =
  'the key budget of key_01a500c029524f42925003 of 1500.00 USD per day has no room; it resets at 2026-11-23'

test('a refusal does not look like a passing failure to opencode, and reads as before', () => {
  const said = messageForClient(message, { retryable: false, userAgent: opencode })
  expect(said).not.toMatch(passing)
  expect(said.replaceAll('\u2060', '')).toBe(message)
})

test('what passes, and what others get, stays as it is', () => {
  expect(messageForClient(message, { retryable: true, userAgent: opencode })).toBe(message)
  expect(messageForClient(message, { retryable: false, userAgent: 'claude-cli/2.1' })).toBe(message)
})
