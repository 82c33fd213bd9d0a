import type { Recipe } from './recipe.ts'

/** https://openrouter.ai/docs. Its model names hold slashes, so they are pinned: `openrouter/vendor/model`. */
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
}
