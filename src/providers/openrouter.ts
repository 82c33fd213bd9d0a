import type { Recipe } from './recipe.ts'

/**
 * https://openrouter.ai/docs, read 2026-11. Its list of models wants no key, `GET /api/v1/key` does. Its model names hold slashes, so they are pinned: `openrouter/vendor/model`.
 */
export const openrouter: Recipe = {
  kind: 'openrouter',
  bases: {
    'openai-chat': 'https://openrouter.ai/api/v1',
    'openai-responses': 'https://openrouter.ai/api/v1',
    'anthropic-messages': 'https://openrouter.ai/api',
    'openai-embeddings': 'https://openrouter.ai/api/v1',
  },
  serves: [],
  credential: 'bearer',
  streamUsage: 'ask',
  keyPath: '/v1/key',
}
