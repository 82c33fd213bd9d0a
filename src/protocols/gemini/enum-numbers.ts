import { RawJson } from '../../wire/index.ts'

/**
 * The integer form of enums: what `$alt=json;enum-encoding=int` asks for. Numbers of the Gemini API's protocol
 * buffers, google/ai/generativelanguage/v1beta/generative_service.proto; only the words that this codec writes.
 */
export const numbersEnums = (query: URLSearchParams): boolean =>
  /(?:^|;)\s*enum-encoding=int\b/.test(query.get('$alt') ?? query.get('alt') ?? '')

const finishReasons: Readonly<Record<string, number>> = {
  STOP: 1,
  MAX_TOKENS: 2,
  SAFETY: 3,
  RECITATION: 4,
  OTHER: 5,
  LANGUAGE: 6,
  BLOCKLIST: 7,
  PROHIBITED_CONTENT: 8,
  SPII: 9,
  MALFORMED_FUNCTION_CALL: 10,
  IMAGE_SAFETY: 11,
  UNEXPECTED_TOOL_CALL: 12,
  TOO_MANY_TOOL_CALLS: 13,
}

const modalities: Readonly<Record<string, number>> = { TEXT: 1, IMAGE: 2, VIDEO: 3, AUDIO: 4, DOCUMENT: 5 }
const outcomes: Readonly<Record<string, number>> = {
  OUTCOME_OK: 1,
  OUTCOME_FAILED: 2,
  OUTCOME_DEADLINE_EXCEEDED: 3,
}
const languages: Readonly<Record<string, number>> = { PYTHON: 1 }
const blockReasons: Readonly<Record<string, number>> = {
  SAFETY: 1,
  OTHER: 2,
  BLOCKLIST: 3,
  PROHIBITED_CONTENT: 4,
  IMAGE_SAFETY: 5,
}

const byKey: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  finishReason: finishReasons,
  blockReason: blockReasons,
  modality: modalities,
  outcome: outcomes,
  language: languages,
}

/** Members in which no enum stands, and foreign words may look like one. */
const closed = new Set(['args', 'response', 'groundingMetadata'])

/** An answer or chunk with its enum words as numbers; words without a number stay. */
export const withEnumNumbers = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withEnumNumbers)
  if (typeof value !== 'object' || value === null || value instanceof RawJson) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (closed.has(key)) return [key, member]
      const numbers = Object.hasOwn(byKey, key) ? byKey[key] : undefined
      const number = typeof member === 'string' && numbers !== undefined ? numbers[member] : undefined
      return [key, number ?? withEnumNumbers(member)]
    }),
  )
}
