import type { ProtocolId } from '../ir/index.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiEmbeddings } from './openai-embeddings/index.ts'
import { openaiResponses } from './openai-responses/index.ts'
import type { Protocol } from './protocol.ts'

/** Every protocol that the gateway speaks. */
export const protocols: Readonly<Record<ProtocolId, Protocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  'openai-embeddings': openaiEmbeddings,
}

export type * from './protocol.ts'
export { retryAfter } from './retry-after.ts'
