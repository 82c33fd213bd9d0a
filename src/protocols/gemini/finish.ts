import type { Finish, FinishReason, JsonObject, Part } from '../../ir/index.ts'

/** Wire word → canonical reason, translation.md §11.1. What is not here is `other`. */
const reasons: Readonly<Record<string, FinishReason>> = {
  STOP: 'end',
  MAX_TOKENS: 'length',
  SAFETY: 'filtered-output',
  RECITATION: 'filtered-output',
  LANGUAGE: 'filtered-output',
  BLOCKLIST: 'filtered-output',
  PROHIBITED_CONTENT: 'filtered-output',
  SPII: 'filtered-output',
  IMAGE_SAFETY: 'filtered-output',
  IMAGE_PROHIBITED_CONTENT: 'filtered-output',
  IMAGE_RECITATION: 'filtered-output',
  MODEL_ARMOR: 'filtered-output',
  MALFORMED_FUNCTION_CALL: 'malformed-call',
  UNEXPECTED_TOOL_CALL: 'malformed-call',
  TOO_MANY_TOOL_CALLS: 'malformed-call',
  MALFORMED_RESPONSE: 'malformed-call',
  NO_IMAGE: 'no-image',
  IMAGE_OTHER: 'no-image',
  CONTINUATION: 'pause',
}

/** The integer form of the enum (`$alt=json;enum-encoding=int`), as Vertex numbers it. */
const numbered = [
  'FINISH_REASON_UNSPECIFIED',
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'OTHER',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MALFORMED_FUNCTION_CALL',
]

/** The wire's word for a finish reason, whichever form it has; undefined when the value says nothing. */
export const finishWord = (value: unknown): string | undefined => {
  if (typeof value === 'number') return value === 0 ? undefined : (numbered[value] ?? `${value}`)
  return typeof value === 'string' && value !== '' && value !== 'FINISH_REASON_UNSPECIFIED'
    ? value
    : undefined
}

export const decodeFinish = (wire: unknown, message: unknown, openCall: boolean): Finish => {
  const word = finishWord(wire)
  const reason = (word !== undefined && Object.hasOwn(reasons, word) ? reasons[word] : undefined) ?? 'other'
  return {
    reason: reason === 'end' && openCall ? 'tool-calls' : reason,
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof wire === 'string' || typeof wire === 'number'
      ? { extensions: { gemini: { finishReason: wire } } }
      : {}),
  }
}

/** The input was refused before the model ran: no candidates, and a reason under `promptFeedback`. */
export const decodeBlock = (feedback: JsonObject): Finish => {
  const message = feedback['blockReasonMessage']
  return { reason: 'filtered-input', ...(typeof message === 'string' ? { message } : {}) }
}

/** What to tell a client of another protocol's answer that ended in a failure: there is no finish reason for it. */
export const failureOf = (finish: Finish | undefined): string | undefined =>
  finish?.reason === 'failed' ? (finish.message ?? 'the answer ended: failed') : undefined

/** Canonical reason → wire word, where the answer did not come from Gemini. Translation.md §11.2. */
export const finishReasonOf = (finish: Finish): string | number => {
  const own = finish.extensions?.gemini?.['finishReason']
  if (typeof own === 'string' || typeof own === 'number') return own
  switch (finish.reason) {
    case 'length':
    case 'context':
      return 'MAX_TOKENS'
    case 'refusal':
    case 'filtered-output':
      return 'SAFETY'
    case 'malformed-call':
      return 'MALFORMED_FUNCTION_CALL'
    case 'no-image':
      return 'NO_IMAGE'
    case 'filtered-input':
    case 'steered':
    case 'failed':
    case 'other':
      return 'OTHER'
    case 'end':
    case 'stop-sequence':
    case 'tool-calls':
    case 'pause':
    case 'compacted':
      return 'STOP'
  }
}

/** Does the answer end with a call that the client must run? Calls answered in the same turn ran at the provider. */
export const hasOpenCall = (parts: readonly Part[]): boolean =>
  parts.some((part) => part.type === 'tool-call')
