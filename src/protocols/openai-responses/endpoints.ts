import type { Endpoint } from '../protocol.ts'

/**
 * Paths of the Responses and Conversations APIs (OpenAI OpenAPI 2.3.0). More specific paths stand first.
 * A stored response is streamed again by `?stream=true` in the query; `facts` reads it there.
 */
export const endpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/v1/responses', operation: 'generate', stream: 'body' },
  { method: 'POST', path: '/v1/responses/compact', operation: 'compact-response', stream: 'never' },
  { method: 'POST', path: '/v1/responses/input_tokens', operation: 'count-tokens', stream: 'never' },
  { method: 'GET', path: '/v1/responses/{id}', operation: 'retrieve-response', stream: 'body' },
  { method: 'DELETE', path: '/v1/responses/{id}', operation: 'delete-response', stream: 'never' },
  { method: 'POST', path: '/v1/responses/{id}/cancel', operation: 'cancel-response', stream: 'never' },
  { method: 'GET', path: '/v1/responses/{id}/input_items', operation: 'list-input-items', stream: 'never' },
  { method: 'POST', path: '/v1/conversations', operation: 'create-conversation', stream: 'never' },
  { method: 'GET', path: '/v1/conversations/{id}', operation: 'get-conversation', stream: 'never' },
  { method: 'POST', path: '/v1/conversations/{id}', operation: 'update-conversation', stream: 'never' },
  { method: 'DELETE', path: '/v1/conversations/{id}', operation: 'delete-conversation', stream: 'never' },
  {
    method: 'GET',
    path: '/v1/conversations/{id}/items',
    operation: 'list-conversation-items',
    stream: 'never',
  },
  {
    method: 'POST',
    path: '/v1/conversations/{id}/items',
    operation: 'create-conversation-items',
    stream: 'never',
  },
  {
    method: 'GET',
    path: '/v1/conversations/{id}/items/{item}',
    operation: 'get-conversation-item',
    stream: 'never',
  },
  {
    method: 'DELETE',
    path: '/v1/conversations/{id}/items/{item}',
    operation: 'delete-conversation-item',
    stream: 'never',
  },
]
