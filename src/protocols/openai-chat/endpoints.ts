import type { Endpoint } from '../protocol.ts'

export const endpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/v1/chat/completions', operation: 'generate', stream: 'body' },
  { method: 'GET', path: '/v1/models', operation: 'list-models', stream: 'never' },
  { method: 'GET', path: '/v1/models/{model}', operation: 'get-model', stream: 'never' },
]
