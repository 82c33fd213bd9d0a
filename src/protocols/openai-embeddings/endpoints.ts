import type { Endpoint } from '../protocol.ts'

export const endpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/v1/embeddings', operation: 'embed', stream: 'never' },
]
