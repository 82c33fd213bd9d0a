import type { Endpoint } from '../protocol.ts'

/**
 * The Gemini API's paths. `@google/genai` 3 talks to `/v1`, older clients to `/v1beta`; the shapes are the same.
 * Source: ai.google.dev/api, generate-content, embeddings, tokens, models.
 */
const versions = ['/v1beta', '/v1'] as const

const endpointsOf = (version: string): readonly Endpoint[] => [
  post(`${version}/models/{model}:generateContent`, 'generate', 'never'),
  post(`${version}/models/{model}:streamGenerateContent`, 'generate', 'always'),
  post(`${version}/models/{model}:countTokens`, 'count-tokens', 'never'),
  post(`${version}/models/{model}:embedContent`, 'embed', 'never'),
  post(`${version}/models/{model}:batchEmbedContents`, 'embed', 'never'),
  { method: 'GET', path: `${version}/models`, operation: 'list-models', stream: 'never' },
  { method: 'GET', path: `${version}/models/{model}`, operation: 'get-model', stream: 'never' },
]

const post = (path: string, operation: Endpoint['operation'], stream: Endpoint['stream']): Endpoint => ({
  method: 'POST',
  path,
  operation,
  stream,
})

export const endpoints: readonly Endpoint[] = versions.flatMap(endpointsOf)
