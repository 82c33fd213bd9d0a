import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import type { Machine, SseFrame } from '../../wire/index.ts'
import { finishWord } from './finish.ts'

/**
 * The grammar of a streamed answer as a state machine (translation.md §14.2): whole answers one after another, each
 * a JSON object, without event names; a finish reason before the end of the body; nothing behind an error.
 * Gives the names of the rules that a frame breaks.
 */
export const conform = (): Machine<SseFrame, string> => {
  let finished = false
  let failed = false
  let frames = 0
  let responseId: string | undefined
  return {
    push(frame) {
      const broken: string[] = []
      frames++
      if (frame.event !== undefined) broken.push('event-name')
      if (failed) broken.push('after-error')
      const chunk = parse(frame.data)
      if (!isJsonObject(chunk)) return [...broken, 'not-an-object']
      if (chunk['error'] !== undefined) {
        failed = true
        return isJsonObject(chunk['error']) ? broken : [...broken, 'error-shape']
      }
      const id = chunk['responseId']
      if (typeof id === 'string') {
        if (responseId !== undefined && id !== responseId) broken.push('response-id-changed')
        responseId = id
      }
      const usage = chunk['usageMetadata']
      if (usage !== undefined && !isJsonObject(usage)) broken.push('usage-shape')
      const feedback = chunk['promptFeedback']
      if (isJsonObject(feedback) && finishWord(feedback['blockReason']) !== undefined) finished = true
      const candidates = chunk['candidates']
      if (candidates === undefined) return broken
      if (!Array.isArray(candidates)) return [...broken, 'candidates-shape']
      for (const candidate of candidates) {
        if (!isJsonObject(candidate)) {
          broken.push('candidates-shape')
          continue
        }
        broken.push(...contentViolations(candidate))
        if (finishWord(candidate['finishReason']) !== undefined) finished = true
      }
      return broken
    },
    end() {
      if (frames === 0) return ['no-chunk']
      return finished || failed ? [] : ['no-finish-reason']
    },
  }
}

const contentViolations = (candidate: JsonObject): readonly string[] => {
  const index = candidate['index']
  const broken: string[] = []
  if (index !== undefined && !(typeof index === 'number' && Number.isInteger(index) && index >= 0)) {
    broken.push('candidate-index')
  }
  const content = candidate['content']
  if (content === undefined) return broken
  if (!isJsonObject(content)) return [...broken, 'content-shape']
  const parts = content['parts']
  if (parts === undefined) return broken
  if (!Array.isArray(parts) || !parts.every(isJsonObject)) return [...broken, 'parts-shape']
  for (const part of parts) {
    if (part['text'] !== undefined && typeof part['text'] !== 'string') broken.push('part-text')
    const call = part['functionCall']
    if (call !== undefined && !isJsonObject(call)) broken.push('part-function-call')
  }
  return broken
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
