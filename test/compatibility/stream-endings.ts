/** How streams end, read from their bytes alone: none of the gateway's own readers is asked. */
import { isJsonObject, type JsonObject } from '../../src/ir/index.ts'
import { type SseFrame, sseDecoder } from '../../src/wire/index.ts'
import type { Client } from '../translation/cases.ts'

const dataOf = ({ data }: SseFrame): JsonObject => {
  try {
    const value: unknown = JSON.parse(data)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

const memberOf = (value: unknown, key: string): unknown => (isJsonObject(value) ? value[key] : undefined)

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Gemini's enums have numbers as well. */
const isWord = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number'

const finishedChoices = (
  frame: SseFrame,
  key: 'choices' | 'candidates',
  reason: string,
): readonly boolean[] => listOf(dataOf(frame)[key]).map((choice) => isWord(memberOf(choice, reason)))

const typeOf = (frame: SseFrame): string => String(dataOf(frame)['type'])

/** May a client take this event for the end of a whole answer? Some do not wait for the last one. */
const looksWhole: Readonly<Record<Client, (frame: SseFrame) => boolean>> = {
  'openai-chat': (frame) =>
    frame.data === '[DONE]' || finishedChoices(frame, 'choices', 'finish_reason').includes(true),
  'openai-responses': (frame) => ['response.completed', 'response.incomplete'].includes(typeOf(frame)),
  'anthropic-messages': (frame) =>
    typeOf(frame) === 'message_stop' || typeof memberOf(dataOf(frame)['delta'], 'stop_reason') === 'string',
  gemini: (frame) =>
    typeof memberOf(dataOf(frame)['promptFeedback'], 'blockReason') === 'string' ||
    finishedChoices(frame, 'candidates', 'finishReason').includes(true),
}

/** The protocol's own form of a failure in the middle of a stream, as its last event. */
const isFailure: Readonly<Record<Client, (frame: SseFrame) => boolean>> = {
  'openai-chat': (frame) => typeof memberOf(dataOf(frame)['error'], 'message') === 'string',
  'openai-responses': (frame) => {
    const { type, response } = dataOf(frame)
    const error = memberOf(response, 'error')
    return (
      frame.event === 'response.failed' &&
      type === 'response.failed' &&
      memberOf(response, 'status') === 'failed' &&
      typeof memberOf(error, 'code') === 'string' &&
      typeof memberOf(error, 'message') === 'string'
    )
  },
  'anthropic-messages': (frame) => {
    const { type, error } = dataOf(frame)
    return frame.event === 'error' && type === 'error' && typeof memberOf(error, 'type') === 'string'
  },
  gemini: (frame) => Number(memberOf(dataOf(frame)['error'], 'code')) >= 400,
}

/** Does the protocol's own form of a failure occur? */
export const tellsFailure = (protocol: Client, frames: readonly SseFrame[]): boolean =>
  frames.some(isFailure[protocol])

/** Did a provider prove that its answer is whole? Chat's `[DONE]` may be missing behind the finish of every choice. */
export const provesWhole = (protocol: Client, frames: readonly SseFrame[]): boolean => {
  if (protocol === 'anthropic-messages') return frames.some((frame) => typeOf(frame) === 'message_stop')
  if (protocol !== 'openai-chat' || frames.some(({ data }) => data === '[DONE]')) {
    return frames.some(looksWhole[protocol])
  }
  const open = new Set<unknown>()
  const finished = new Set<unknown>()
  for (const choice of frames.flatMap((frame) => listOf(dataOf(frame)['choices']))) {
    const isFinished = typeof memberOf(choice, 'finish_reason') === 'string'
    const chosen = isFinished ? finished : open
    chosen.add(memberOf(choice, 'index') ?? 0)
  }
  return finished.size > 0 && [...open].every((index) => finished.has(index))
}

/** What is wrong with the end of a stream that has to tell of a failure; empty when nothing is. */
export const faultsOfFailure = (protocol: Client, bytes: Uint8Array): readonly string[] => {
  const decoder = sseDecoder()
  const frames = [...decoder.push(bytes), ...decoder.end()]
  const last = frames.at(-1)
  return [
    ...(last !== undefined && isFailure[protocol](last)
      ? []
      : [`does not end with an error but with ${last?.data}`]),
    ...(frames.some(looksWhole[protocol]) ? ['says that the answer is whole'] : []),
  ]
}
