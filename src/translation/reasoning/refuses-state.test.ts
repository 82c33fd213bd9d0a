import { expect, test } from 'bun:test'
import { protocols } from '../../protocols/index.ts'
import { refusesState } from './refuses-state.ts'

const said = (
  protocol: 'openai-responses' | 'openai-chat' | 'anthropic-messages' | 'gemini',
  error: object,
) =>
  refusesState(
    protocols[protocol].errors.decode(
      400,
      new Headers(),
      new TextEncoder().encode(JSON.stringify({ error })),
    ),
  )

test('refused state is told from other faults of a request, whoever says so', () => {
  const type = 'invalid_request_error'
  const verified = 'The encrypted content gAAA...90= could not be verified.'
  expect(said('openai-responses', { type, code: 'invalid_encrypted_content', message: verified })).toBe(true)
  expect(said('openai-responses', { type, code: null, message: verified })).toBe(true)
  const signature = 'messages.1.content.0: Invalid `signature` in `thinking` block'
  const data = 'messages.3.content.0: Invalid `data` in `redacted_thinking` block'
  for (const message of [signature, data]) {
    expect(said('anthropic-messages', { type, message })).toBe(true)
    expect(said('openai-chat', { type, code: null, message })).toBe(true)
  }
  const status = 'INVALID_ARGUMENT'
  for (const message of [
    'Corrupted thought signature.',
    'Invalid thought signature.',
    'Unable to submit request because Thought signature is not valid.. Learn more: https://cloud.google.com',
  ]) {
    expect(said('gemini', { code: 400, message, status })).toBe(true)
  }

  expect(said('openai-responses', { type, code: null, message: "Unknown parameter: 'input[0].x'." })).toBe(
    false,
  )
  expect(said('anthropic-messages', { type, message: 'messages: roles must alternate' })).toBe(false)
  // What is missing does not come back by leaving out more.
  const missing = 'Function call is missing a thought_signature in functionCall parts.'
  expect(said('gemini', { code: 400, message: missing, status })).toBe(false)
  expect(said('anthropic-messages', { type: 'overloaded_error', message: signature })).toBe(false)
})
