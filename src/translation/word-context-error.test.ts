import { expect, test } from 'bun:test'
import type { CanonicalError, ProtocolId } from '../ir/index.ts'
import { wordContextError } from './word-context-error.ts'

const worded = (
  message: string,
  client: ProtocolId,
  kind: CanonicalError['kind'] = 'context_too_long',
): string => wordContextError({ kind, message }, client).message

const said = {
  anthropic: 'prompt is too long: 210000 tokens > 200000 maximum',
  openai:
    "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens. Please reduce the length of the messages.",
  gemini: 'The input token count (210000) exceeds the maximum number of tokens allowed (200000).',
}

test('a prompt that is too long is said in the words of each vendor, from those of each other', () => {
  for (const message of Object.values(said)) {
    expect(worded(message, 'anthropic-messages')).toBe(said.anthropic)
    expect(worded(message, 'openai-chat')).toBe(said.openai)
    expect(worded(message, 'openai-responses')).toBe(said.openai)
    expect(worded(message, 'gemini')).toBe(said.gemini)
  }
})

test('without numbers none are made up', () => {
  const message = 'Your input exceeds the context window of this model.'
  expect(worded(message, 'anthropic-messages')).toBe(`prompt is too long: ${message}`)
  expect(worded(message, 'openai-chat')).toBe(message)
  expect(worded(message, 'gemini')).toMatch(/token count .*exceeds the maximum/)
  expect(worded(message, 'gemini')).not.toMatch(/\d/)
})

test('other errors keep their words', () => {
  expect(worded('exceeds the maximum', 'gemini', 'bad_request')).toBe('exceeds the maximum')
})
