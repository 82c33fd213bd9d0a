import type { Recipe } from './recipe.ts'

/** Gemini API, with its OpenAI-compatible face: https://ai.google.dev/gemini-api/docs/openai, read 2026-11. */
export const google: Recipe = {
  kind: 'google',
  bases: {
    gemini: 'https://generativelanguage.googleapis.com',
    'openai-chat': 'https://generativelanguage.googleapis.com/v1beta/openai',
    'openai-embeddings': 'https://generativelanguage.googleapis.com/v1beta/openai',
  },
  serves: ['gemini-*', 'gemma-*', 'imagen-*', 'learnlm-*'],
  credential: 'vendor',
  streamUsage: 'ask',
}
