import type { Recipe } from './recipe.ts'

/** https://docs.together.ai/docs/openai-api-compatibility. */
export const together: Recipe = {
  kind: 'together',
  bases: { 'openai-chat': 'https://api.together.xyz/v1', 'openai-embeddings': 'https://api.together.xyz/v1' },
  serves: [],
  credential: 'bearer',
  streamUsage: 'ask',
}
