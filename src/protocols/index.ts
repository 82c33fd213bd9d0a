import { anthropicMessages } from './anthropic-messages/index.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import type { Protocol } from './protocol.ts'

export const protocols: Readonly<Record<string, Protocol>> = {
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
  gemini,
}
export type * from './protocol.ts'
