import type { ProtocolId } from '../ir/index.ts'

/** What a listener serves; the names of the multi-port configuration. */
export const endpointKeys = [
  'openai_core',
  'openai_responses',
  'anthropic',
  'gemini_native',
  'admin',
  'health',
] as const
export type EndpointKey = (typeof endpointKeys)[number]

const keyOfProtocol: Readonly<Record<ProtocolId, EndpointKey>> = {
  'openai-chat': 'openai_core',
  'openai-embeddings': 'openai_core',
  'openai-responses': 'openai_responses',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini_native',
}

export const endpointKeyOf = (protocol: ProtocolId): EndpointKey => keyOfProtocol[protocol]
