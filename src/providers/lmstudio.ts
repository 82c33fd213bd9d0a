import type { Recipe } from './recipe.ts'

/** https://lmstudio.ai/docs/developer/openai-compat; a local server, no key. */
export const lmstudio: Recipe = {
  kind: 'lmstudio',
  bases: {
    'openai-chat': 'http://127.0.0.1:1234/v1',
    'openai-responses': 'http://127.0.0.1:1234/v1',
    'anthropic-messages': 'http://127.0.0.1:1234',
    'openai-embeddings': 'http://127.0.0.1:1234/v1',
  },
  serves: [],
  credential: 'none',
  streamUsage: 'ask',
}
