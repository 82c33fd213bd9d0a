import { expect, test } from 'bun:test'
import { breakOnDeath } from './break-on-death.ts'

test('clients that take an error within a stream for the end of the turn get a broken connection', () => {
  expect(breakOnDeath('claude-cli/2.0.29 (external, sdk-cli)', 'anthropic-messages')).toBe('after-text')
  expect(breakOnDeath('claude-cli/2.1.329 (external, sdk-cli)', 'anthropic-messages')).toBe('never')
  expect(breakOnDeath('codex_exec/0.55.0 (Debian 12.0.0; x86_64) dumb', 'openai-chat')).toBe('always')
  expect(breakOnDeath('codex_exec/0.55.0 (Debian 12.0.0; x86_64) dumb', 'openai-responses')).toBe('never')
  expect(breakOnDeath('opencode/1.18.33', 'openai-chat')).toBe('never')
  expect(breakOnDeath(null, 'openai-chat')).toBe('never')
})
