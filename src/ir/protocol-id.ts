/** The wire formats that we speak. An id names a codec in `protocols/<id>/`. */
export const protocolIds = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'openai-embeddings',
] as const

export type ProtocolId = (typeof protocolIds)[number]

/** What a client may ask for. Routes, scopes and providers name these. */
export const operations = [
  'generate',
  'count-tokens',
  'embed',
  'list-models',
  'get-model',
  'retrieve-response',
  'delete-response',
  'cancel-response',
  'list-input-items',
  'compact-response',
  'create-conversation',
  'get-conversation',
  'update-conversation',
  'delete-conversation',
  'list-conversation-items',
  'create-conversation-items',
  'get-conversation-item',
  'delete-conversation-item',
] as const

export type Operation = (typeof operations)[number]
