import type { ProtocolId } from '../../ir/index.ts'

/**
 * Do readable thoughts of this protocol come with a signature over them? Such thoughts are altered neither on their
 * way out nor on their way back. Ask for the client's protocol and, in answers, for the provider's as well.
 */
export const signsReasoning = (protocol: ProtocolId): boolean =>
  protocol === 'anthropic-messages' || protocol === 'gemini'
