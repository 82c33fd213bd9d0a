import type { Recipe } from './recipe.ts'

/** https://docs.fireworks.ai/tools-sdks/openai-compatibility. */
export const fireworks: Recipe = {
  kind: 'fireworks',
  bases: {
    'openai-chat': 'https://api.fireworks.ai/inference/v1',
    'openai-responses': 'https://api.fireworks.ai/inference/v1',
    'anthropic-messages': 'https://api.fireworks.ai/inference',
    'openai-embeddings': 'https://api.fireworks.ai/inference/v1',
  },
  serves: ['accounts/fireworks/*'],
  credential: 'bearer',
  streamUsage: 'ask',
}
