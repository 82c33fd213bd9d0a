import type { Protocol } from '../protocol.ts'
import { embed } from './embed.ts'
import { endpoints } from './endpoints.ts'
import { errors } from './errors.ts'
import { facts, watchedKeys } from './facts.ts'
import { meterBody, meterStream } from './meter.ts'

/** OpenAI Embeddings and its dialects. */
export const openaiEmbeddings: Protocol = {
  id: 'openai-embeddings',
  endpoints,
  errors,
  watchedKeys,
  facts,
  meterBody,
  meterStream,
  embed,
}
