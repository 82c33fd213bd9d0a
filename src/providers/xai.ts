import type { Recipe } from './recipe.ts'

/** https://docs.x.ai/docs/api-reference. */
export const xai: Recipe = {
  kind: 'xai',
  bases: {
    'openai-chat': 'https://api.x.ai/v1',
    'openai-responses': 'https://api.x.ai/v1',
    'anthropic-messages': 'https://api.x.ai',
  },
  serves: ['grok-*'],
  credential: 'bearer',
  streamUsage: 'ask',
}
