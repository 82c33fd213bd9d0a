import { isJsonObject, type JsonText } from '../ir/index.ts'

/** What is kept of one exchange. Items are in the protocol's own words, each with its id. */
export interface ResponseRecord {
  /** Ids of the answers that it continues, oldest first. */
  readonly history: readonly string[]
  /** The conversation that it continues, up to a position. */
  readonly conversation?: { readonly id: string; readonly before: number }
  /** What this exchange added to that. */
  readonly input: readonly JsonText[]
  /** The response object, as the client got it. */
  readonly response: JsonText
  /** It was streamed: the lengths of its deltas, and how many events there were. */
  readonly stream?: { readonly cuts: readonly number[]; readonly events: number }
}

export const writeRecord = (record: ResponseRecord): string => JSON.stringify({ version: 1, ...record })

/** Undefined for what another version wrote. */
export const readRecord = (text: string): ResponseRecord | undefined => {
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value) || value['version'] !== 1) return undefined
  const { history, conversation, input, response, stream } = value
  if (typeof response !== 'string') return undefined
  return {
    history: strings(history),
    input: strings(input),
    response,
    ...(isJsonObject(conversation) &&
    typeof conversation['id'] === 'string' &&
    typeof conversation['before'] === 'number'
      ? { conversation: { id: conversation['id'], before: conversation['before'] } }
      : {}),
    ...(isJsonObject(stream) && typeof stream['events'] === 'number'
      ? { stream: { cuts: numbers(stream['cuts']), events: stream['events'] } }
      : {}),
  }
}

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

const numbers = (value: unknown): readonly number[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'number') : []
