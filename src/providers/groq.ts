import type { Recipe } from './recipe.ts'

/** https://console.groq.com/docs/openai. */
export const groq: Recipe = {
  kind: 'groq',
  bases: {
    'openai-chat': 'https://api.groq.com/openai/v1',
    'openai-responses': 'https://api.groq.com/openai/v1',
  },
  serves: [],
  credential: 'bearer',
  streamUsage: 'ask',
}
