import type { Recipe } from './recipe.ts'

/** https://platform.moonshot.ai/docs, with its Anthropic face at /anthropic. */
export const moonshot: Recipe = {
  kind: 'moonshot',
  bases: {
    'openai-chat': 'https://api.moonshot.ai/v1',
    'anthropic-messages': 'https://api.moonshot.ai/anthropic',
  },
  serves: ['kimi-*', 'moonshot-*'],
  credential: 'vendor',
  streamUsage: 'ask',
}
