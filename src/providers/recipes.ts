import { anthropic } from './anthropic.ts'
import { anthropicCompatible, geminiCompatible, openaiCompatible } from './compatible.ts'
import { deepseek } from './deepseek.ts'
import { fireworks } from './fireworks.ts'
import { google } from './google.ts'
import { groq } from './groq.ts'
import { lmstudio } from './lmstudio.ts'
import { mistral } from './mistral.ts'
import { moonshot } from './moonshot.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import type { Recipe } from './recipe.ts'
import { together } from './together.ts'
import { vllm } from './vllm.ts'
import { xai } from './xai.ts'

/** Every kind that is reached by HTTP, but for Azure, whose addresses are built otherwise. */
export const recipes: readonly Recipe[] = [
  openai,
  anthropic,
  google,
  deepseek,
  moonshot,
  groq,
  openrouter,
  mistral,
  xai,
  together,
  fireworks,
  ollama,
  vllm,
  lmstudio,
  openaiCompatible,
  anthropicCompatible,
  geminiCompatible,
]
