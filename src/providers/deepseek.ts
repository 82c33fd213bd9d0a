import type { Recipe } from './recipe.ts'

/** https://api-docs.deepseek.com, with its Anthropic face at /anthropic. */
export const deepseek: Recipe = {
  kind: 'deepseek',
  bases: {
    'openai-chat': 'https://api.deepseek.com/v1',
    'anthropic-messages': 'https://api.deepseek.com/anthropic',
  },
  serves: ['deepseek-*'],
  credential: 'vendor',
  streamUsage: 'ask',
}
