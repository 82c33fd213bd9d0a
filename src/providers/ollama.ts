import type { Recipe } from './recipe.ts'

/** https://docs.ollama.com/api/openai-compatibility; a local server, no key. */
export const ollama: Recipe = {
  kind: 'ollama',
  bases: {
    'openai-chat': 'http://127.0.0.1:11434/v1',
    'openai-responses': 'http://127.0.0.1:11434/v1',
    'anthropic-messages': 'http://127.0.0.1:11434',
    'openai-embeddings': 'http://127.0.0.1:11434/v1',
  },
  serves: [],
  credential: 'none',
  streamUsage: 'ask',
}
