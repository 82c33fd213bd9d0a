import type { Recipe } from './recipe.ts'

/** https://docs.mistral.ai/api. Usage is in the last chunk of every stream; unknown parameters are refused. */
export const mistral: Recipe = {
  kind: 'mistral',
  bases: { 'openai-chat': 'https://api.mistral.ai/v1', 'openai-embeddings': 'https://api.mistral.ai/v1' },
  serves: [
    'mistral-*',
    'ministral-*',
    'magistral-*',
    'codestral-*',
    'devstral-*',
    'pixtral-*',
    'open-mistral-*',
  ],
  credential: 'bearer',
  streamUsage: 'always',
}
