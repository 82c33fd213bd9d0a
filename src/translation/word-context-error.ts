import type { CanonicalError, ProtocolId } from '../ir/index.ts'

/**
 * Agents start to compact their history when they read their own vendor's words for "too long": the error with those
 * words, and with the two numbers where the provider told them (translation.md §13.1).
 */
export const wordContextError = (error: CanonicalError, client: ProtocolId): CanonicalError => {
  if (error.kind !== 'context_too_long') return error
  const message = wordings[client]?.(error.message, numbersIn(error.message))
  return message === undefined ? error : { ...error, message }
}

interface Numbers {
  readonly tokens: string
  readonly maximum: string
}

type Wording = (message: string, numbers: Numbers | undefined) => string

const openai: Wording = (message, numbers) => {
  if (/maximum context length|context window/i.test(message)) return message
  return numbers === undefined
    ? `This request exceeds the model's maximum context length: ${message}`
    : `This model's maximum context length is ${numbers.maximum} tokens. However, your messages resulted in ${numbers.tokens} tokens. Please reduce the length of the messages.`
}

const anthropic: Wording = (message, numbers) => {
  if (/^prompt is too long/i.test(message)) return message
  return numbers === undefined
    ? `prompt is too long: ${message}`
    : `prompt is too long: ${numbers.tokens} tokens > ${numbers.maximum} maximum`
}

const gemini: Wording = (message, numbers) => {
  if (/token count .*exceeds the maximum/i.test(message)) return message
  return numbers === undefined
    ? `The input token count exceeds the maximum number of tokens allowed: ${message}`
    : `The input token count (${numbers.tokens}) exceeds the maximum number of tokens allowed (${numbers.maximum}).`
}

const wordings: Readonly<Partial<Record<ProtocolId, Wording>>> = {
  'openai-chat': openai,
  'openai-responses': openai,
  'anthropic-messages': anthropic,
  gemini,
}

/** How the vendors say the two numbers; the prompt's is the larger one. */
const numbersIn = (message: string): Numbers | undefined => {
  const found = [...message.slice(0, 1000).matchAll(/\d[\d,_]{0,14}/g)]
    .map(([text]) => Number(text.replace(/[,_]/g, '')))
    .filter((number) => number >= 512)
  const [first, second] = found
  if (first === undefined || second === undefined || first === second) return undefined
  return { tokens: String(Math.max(first, second)), maximum: String(Math.min(first, second)) }
}
