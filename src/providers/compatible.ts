import type { Recipe } from './recipe.ts'

/** Any server that speaks OpenAI's protocols. The base URL comes from the configuration. */
export const openaiCompatible: Recipe = {
  kind: 'openai-compatible',
  bases: { 'openai-chat': '', 'openai-embeddings': '' },
  serves: [],
  credential: 'bearer',
  streamUsage: 'ask',
}

export const anthropicCompatible: Recipe = {
  kind: 'anthropic-compatible',
  bases: { 'anthropic-messages': '' },
  serves: [],
  credential: 'vendor',
  streamUsage: 'always',
}

export const geminiCompatible: Recipe = {
  kind: 'gemini-compatible',
  bases: { gemini: '' },
  serves: [],
  credential: 'vendor',
  streamUsage: 'always',
}
