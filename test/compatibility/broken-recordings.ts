import type { Client } from '../translation/cases.ts'

/** Streams that are no whole answer, each with what is wrong with it: their clients have to be told of a failure. */
export const brokenRecordings: Readonly<Record<Client, Readonly<Record<string, string>>>> = {
  'openai-chat': {
    'fixture cut': 'breaks off',
    'fixture failed': 'ends with an error',
    'corpus authored-c-stream-cut-without-done': 'breaks off without a finish reason',
    'corpus pyai-test-groq-test-tool-use-failed-error-streaming-with-text-0': 'ends with an error',
    'corpus pyai-test-openrouter-test-openrouter-stream-error-0':
      'ends with an error that has a finish reason',
  },
  'openai-responses': {
    'fixture cut': 'breaks off',
    'fixture failed': 'ends with response.failed',
    'corpus authored-r-stream-failed-mid-text': 'ends with response.failed after some text',
    'corpus codex-stream-failed-context-length': 'is nothing but response.failed: the input is too long',
    'corpus codex-stream-failed-rate-limit': 'is nothing but response.failed: a rate limit',
    'corpus vercel-azure-azure-deepseek-reasoning-1-stream': 'has neither response.created nor an end',
  },
  'anthropic-messages': {
    'fixture cut': 'breaks off',
    'fixture failed': 'ends with an error',
    'corpus apisix-anthropic-mismatch': 'ends without message_stop',
    'corpus apisix-messages-streaming-with-tool-use': 'ends without message_stop',
    'corpus authored-a-stream-api-error-mid-tool': 'ends with an error amid the arguments of a call',
  },
  gemini: {
    'fixture cut': 'breaks off',
    'fixture failed': 'ends with an error',
    'corpus authored-g-stream-cut-no-finish': 'breaks off without a finish reason',
    'corpus authored-g-stream-error-mid': 'ends with an error after some text',
  },
}
