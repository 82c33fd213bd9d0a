/** The chunk stream's grammar as an explicit state machine (translation.md §14.2, §14.6). */
import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'
import type { Machine, SseFrame } from '../../wire/index.ts'
import { arrayOf, isJsonArray, objectOf, stringOf } from './members.ts'

interface ChoiceState {
  finished: boolean
  /** Tool index last written to; -1 before the first. */
  lastCall: number
  calls: number
}

const finishReasons = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call'])

/**
 * Outputs the name of each broken rule:
 * `json-invalid` data is neither `[DONE]` nor a JSON object · `after-end` something behind `[DONE]` or an error ·
 * `choices-missing` · `identity-changed` another id, created or model than the first chunk's · `choice-index-invalid` ·
 * `delta-missing` · `role-missing` a choice opens without `role: assistant` · `after-finish` content or a second
 * finish reason · `finish-unknown` · `call-index-gap` tool indexes do not count up from 0 · `call-returned` to an
 * earlier index · `call-incomplete` a call opens without id, type or name · `usage-repeated` a second usage chunk ·
 * `finish-missing` the end came before a choice's finish reason · `done-missing` the stream is over without `[DONE]`
 */
export const conform = (): Machine<SseFrame, string> => {
  const choices = new Map<number, ChoiceState>()
  let identity: string | undefined
  let usageChunks = 0
  let state: 'open' | 'done' | 'failed' = 'open'

  const choiceRules = (value: JsonValue, broken: string[]): void => {
    const choice = objectOf(value)
    const index = choice?.['index']
    if (choice === undefined || typeof index !== 'number' || !Number.isInteger(index) || index < 0) {
      broken.push('choice-index-invalid')
      return
    }
    const delta = objectOf(choice['delta'])
    if (delta === undefined) broken.push('delta-missing')
    let known = choices.get(index)
    if (known === undefined) {
      if (delta?.['role'] !== 'assistant') broken.push('role-missing')
      known = { finished: false, lastCall: -1, calls: 0 }
      choices.set(index, known)
    }
    const reason = choice['finish_reason']
    if (known.finished && (reason != null || saysSomething(delta))) broken.push('after-finish')
    for (const call of arrayOf(delta?.['tool_calls'])) callRules(known, call, broken)
    if (reason === null || reason === undefined) return
    if (typeof reason !== 'string' || !finishReasons.has(reason)) broken.push('finish-unknown')
    known.finished = true
  }

  const chunkRules = (chunk: JsonObject, broken: string[]): void => {
    if (!isJsonArray(chunk['choices'])) {
      broken.push('choices-missing')
      return
    }
    // Azure opens with a chunk of filter results that has no id yet.
    if (chunk['choices'].length > 0) {
      const said = JSON.stringify([chunk['id'], chunk['created'], chunk['model']])
      identity ??= said
      if (said !== identity) broken.push('identity-changed')
    }
    for (const choice of chunk['choices']) choiceRules(choice, broken)
    if (chunk['choices'].length === 0 && isJsonObject(chunk['usage'])) {
      usageChunks++
      if (usageChunks > 1) broken.push('usage-repeated')
    }
  }

  const unfinished = (): boolean => [...choices.values()].some((choice) => !choice.finished)

  return {
    push(frame) {
      const broken: string[] = []
      if (state !== 'open') return ['after-end']
      if (frame.data.trim() === '[DONE]') {
        state = 'done'
        return choices.size === 0 || unfinished() ? ['finish-missing'] : []
      }
      const chunk = parsed(frame.data)
      if (chunk === undefined) return ['json-invalid']
      if (chunk['error'] !== undefined && chunk['error'] !== null) {
        state = 'failed'
        return []
      }
      chunkRules(chunk, broken)
      return broken
    },
    end() {
      if (state !== 'open') return []
      return unfinished() || choices.size === 0 ? ['finish-missing', 'done-missing'] : ['done-missing']
    },
  }
}

const callRules = (choice: ChoiceState, value: JsonValue, broken: string[]): void => {
  const call = objectOf(value)
  const index = call?.['index']
  if (call === undefined || typeof index !== 'number') {
    broken.push('call-index-gap')
    return
  }
  if (index < choice.lastCall) broken.push('call-returned')
  if (index >= choice.calls) {
    if (index > choice.calls) broken.push('call-index-gap')
    const kind = call['type'] === 'custom' ? 'custom' : 'function'
    const name = stringOf(objectOf(call[kind])?.['name'])
    const isComplete = stringOf(call['id']) !== undefined && stringOf(call['type']) !== undefined
    if (!isComplete || name === undefined || name === '') broken.push('call-incomplete')
    choice.calls = index + 1
  }
  choice.lastCall = Math.max(choice.lastCall, index)
}

const saysSomething = (delta: JsonObject | undefined): boolean =>
  delta !== undefined &&
  Object.entries(delta).some(
    ([key, value]) =>
      key !== 'role' && value !== null && value !== '' && !(isJsonArray(value) && value.length === 0),
  )

const parsed = (data: string): JsonObject | undefined => {
  try {
    return objectOf(JSON.parse(data))
  } catch {
    return undefined
  }
}
