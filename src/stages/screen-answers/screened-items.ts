import type { GenerateResponse } from '../../ir/index.ts'
import { type CanonicalError, isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'
import type { ScreenedAnswer } from './screened-answer.ts'

export interface ScreenedItemsParts {
  /** Reads a response object of this protocol. */
  readonly decode: (response: JsonObject) => GenerateResponse
  readonly encode: (response: GenerateResponse) => JsonObject
  /** Looks at one answer. */
  readonly screen: (answer: GenerateResponse) => Promise<ScreenedAnswer>
}

/**
 * Items that the provider kept, as a list or alone: those that a model said are looked at as if each were an answer.
 * Undefined where nothing is changed.
 */
export const screenedItems = async (
  body: JsonValue,
  parts: ScreenedItemsParts,
): Promise<{ readonly body: JsonValue } | { readonly error: CanonicalError } | undefined> => {
  if (!isJsonObject(body)) return undefined
  const { data } = body
  const items = Array.isArray(data) ? data : [body]
  const screened: JsonValue[] = []
  let isChanged = false
  for (const item of items) {
    const answer = isJsonObject(item) && isOfModel(item) ? parts.decode(answerWith(item)) : undefined
    const found = answer === undefined ? undefined : await parts.screen(answer)
    if (found === undefined || !found.isChanged) {
      screened.push(item)
      continue
    }
    if (found.error !== undefined) return { error: found.error }
    isChanged = true
    const { output } = parts.encode(found.response)
    for (const said of Array.isArray(output) ? output : []) screened.push(named(said, item))
  }
  if (!isChanged) return undefined
  return { body: Array.isArray(data) ? { ...body, data: screened } : (screened[0] ?? body) }
}

/** What clients say are messages of other roles, and what tools answered. */
const isOfModel = (item: JsonObject): boolean => {
  const { type, role } = item
  if (role !== undefined) return role === 'assistant'
  return typeof type === 'string' && type !== 'message' && !type.endsWith('_output')
}

const answerWith = (item: JsonObject): JsonObject => ({
  object: 'response',
  status: 'completed',
  output: [item],
})

/** It is known by its id. */
const named = (said: JsonValue, before: JsonValue): JsonValue =>
  isJsonObject(said) && isJsonObject(before) && before['id'] !== undefined
    ? { ...said, id: before['id'] }
    : said
