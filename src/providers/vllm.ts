import type { Recipe } from './recipe.ts'

/** https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html; a server of one's own. */
export const vllm: Recipe = {
  kind: 'vllm',
  bases: {
    'openai-chat': 'http://127.0.0.1:8000/v1',
    'openai-responses': 'http://127.0.0.1:8000/v1',
    'anthropic-messages': 'http://127.0.0.1:8000',
    'openai-embeddings': 'http://127.0.0.1:8000/v1',
  },
  serves: [],
  credential: 'none',
  streamUsage: 'ask',
}
