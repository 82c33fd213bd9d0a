import type { Recipe } from './recipe.ts'

/** https://platform.openai.com/docs/api-reference, read 2026-11. */
export const openai: Recipe = {
  kind: 'openai',
  bases: {
    'openai-responses': 'https://api.openai.com/v1',
    'openai-chat': 'https://api.openai.com/v1',
    'openai-embeddings': 'https://api.openai.com/v1',
  },
  serves: [
    'gpt-*',
    'chatgpt-*',
    'o1*',
    'o3*',
    'o4*',
    'codex-*',
    'computer-use-*',
    'text-embedding-*',
    'ft:*',
  ],
  credential: 'vendor',
  streamUsage: 'ask',
}
