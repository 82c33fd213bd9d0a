import {
  type CanonicalError,
  mergeUsage,
  type Operation,
  parseJson,
  type Service,
  type Usage,
} from '../../ir/index.ts'
import { encodeFrame, parseFrame, type SseFrame } from '../../wire/index.ts'
import { openaiService } from '../openai-service.ts'
import type { AnswerFacts, StreamMeter, StreamMeterOptions } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeErrorObject, encodeErrorObject, errors } from './errors.ts'
import { findMember, hasMember, isFilled, isFilledString, isObjectStart, memberMarker } from './marker.ts'
import { arrayOf, isJsonArray, objectOf, optional, stringOf } from './members.ts'
import { isUnnamed } from './opening-chunk.ts'
import { plainChunks } from './plain-chunks.ts'
import { decodeUsage } from './usage.ts'

/** A whole answer. It is parsed: answers are small, and reading them from spans took twice as long. */
export const meterBody = (body: Uint8Array, operation: Operation): AnswerFacts => {
  try {
    const answer = objectOf(JSON.parse(decoder.decode(body)))
    if (answer === undefined) return { handles: [] }
    if (isTruthy(answer['error'])) {
      return { handles: [], ended: 'failed', error: errors.decode(200, new Headers(), body) }
    }
    if (operation !== 'generate') return { handles: [], ended: 'complete' }
    const choices = arrayOf(answer['choices']).map(objectOf)
    const finish = choices.find((choice) => choice?.['finish_reason'] !== undefined)
    return {
      ...optional('usage', decodeUsage(answer['usage'])),
      ...optional('service', openaiService(answer['service_tier'])),
      ...optional('model', stringOf(answer['model'])),
      ...optional('responseId', stringOf(answer['id'])),
      ...optional('finishReason', stringOf(finish?.['finish_reason'])),
      ...('choices' in answer ? { ended: 'complete' as const } : {}),
      handles: choices.flatMap((choice) => audioHandle(objectOf(choice?.['message'])?.['audio'])),
    }
  } catch {
    return { handles: [] }
  }
}

const decoder = new TextDecoder()

const audioHandle = (audio: unknown): AnswerFacts['handles'] => {
  const id = stringOf(objectOf(audio)?.['id'])
  return id === undefined ? [] : [{ kind: 'other', id }]
}

const markers = {
  usage: memberMarker('usage'),
  finish: memberMarker('finish_reason'),
  error: memberMarker('error'),
  audio: memberMarker('audio'),
  index: memberMarker('index'),
  text: [memberMarker('content'), memberMarker('refusal')],
  acts: [
    memberMarker('tool_calls'),
    memberMarker('function_call'),
    memberMarker('reasoning_content'),
    memberMarker('reasoning'),
    memberMarker('reasoning_details'),
    memberMarker('images'),
    memberMarker('audio'),
  ],
}
const done = '[DONE]'

/** Watches chunks on their way; parses the first ones, and those with usage, a finish reason, an error or sound. */
export const meterStream = (options: StreamMeterOptions): StreamMeter => {
  const machine = options.conform ? conform() : undefined
  const broken: string[] = []
  const handles = new Map<string, AnswerFacts['handles'][number]>()
  const finished = new Map<number, boolean>()
  const seenIndexes = new Set<number>([0x30])
  let usage: Usage | undefined
  let service: Service | undefined
  let model: string | undefined
  let responseId: string | undefined
  let finishReason: string | undefined
  let error: CanonicalError | undefined
  let isDone = false
  let started = false
  let hasContent = false
  let hasText = false

  const plain = plainChunks()

  const note = (chunk: { readonly [key: string]: unknown }): void => {
    if (!started) {
      // Azure opens with a chunk of filter results that names nothing yet.
      started = !isUnnamed(chunk)
      model = stringOf(chunk['model']) ?? model
      responseId = stringOf(chunk['id']) ?? responseId
    }
    const counted = decodeUsage(objectOf(chunk['usage']) ?? objectOf(chunk['x_groq'])?.['usage'])
    if (counted !== undefined) usage = mergeUsage(usage, counted)
    service = openaiService(chunk['service_tier']) ?? service
    arrayOf(chunk['choices']).forEach((value, position) => {
      const choice = objectOf(value)
      if (choice === undefined) return
      const index = typeof choice['index'] === 'number' ? choice['index'] : position
      const reason = stringOf(choice['finish_reason']) || undefined
      finished.set(index, finished.get(index) === true || reason !== undefined)
      finishReason ??= reason
      for (const handle of audioHandle(objectOf(choice['delta'])?.['audio'])) handles.set(handle.id, handle)
    })
    if (isTruthy(chunk['error'])) error = decodeErrorObject(chunk['error'])
  }

  /** Further choices must be known, because the stream is whole only when each of them has finished. */
  const isNewIndex = (digit: number): boolean => {
    if (!isUnseenIndex(digit)) return false
    seenIndexes.add(digit)
    return true
  }

  const isUnseenIndex = (digit: number): boolean => digit > 0x30 && digit <= 0x39 && !seenIndexes.has(digit)

  const watch = (block: string): void => {
    hasText ||= saysText(block)
    hasContent ||= hasText || markers.acts.some((marker) => hasMember(block, marker, isFilled))
  }

  return {
    push(block) {
      const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
      if (!hasText) watch(text)
      const isWanted =
        machine !== undefined ||
        !started ||
        hasMember(text, markers.usage, isObjectStart) ||
        hasMember(text, markers.finish, isFilledString) ||
        hasMember(text, markers.error, isFilled) ||
        hasMember(text, markers.audio, isObjectStart) ||
        hasMember(text, markers.index, isNewIndex)
      if (!isWanted) {
        isDone ||= text.length < 64 && text.includes(done) && isDoneFrame(parseFrame(block))
        return block
      }
      const frame = parseFrame(block)
      if (frame === undefined) return block
      if (machine !== undefined) broken.push(...machine.push(frame))
      if (isDoneFrame(frame)) isDone = true
      const chunk = objectOf(parseJson(frame.data))
      if (chunk === undefined) return block
      note(chunk)
      return options.hideUsage && isUsageChunk(chunk) ? undefined : block
    },
    skim(run, from) {
      if (machine !== undefined || !started) return from
      const alike = plain.skip(run, from)
      if (alike > from) return alike
      const end = run.indexOf(done, from)
      const limit = Math.min(
        end < 0 ? run.length : end,
        findMember(run, markers.usage, isObjectStart, from),
        findMember(run, markers.finish, isFilledString, from),
        findMember(run, markers.error, isFilled, from),
        findMember(run, markers.audio, isObjectStart, from),
        findMember(run, markers.index, isUnseenIndex, from),
        ...(hasText ? [] : markers.text.map((marker) => findMember(run, marker, isFilled, from))),
      )
      const next = run.indexOf('\n\n', from) + 2
      if (hasText && next <= limit) plain.learn(run.slice(from, next))
      const before = run.lastIndexOf('\n\n', limit)
      return limit === run.length ? limit : before < from ? from : before + 2
    },
    get hasContent() {
      return hasContent
    },
    get hasText() {
      return hasText
    },
    facts(): AnswerFacts {
      const states = [...finished.values()]
      const isFinished = isDone || (states.length > 0 && states.every(Boolean))
      const ended: AnswerFacts['ended'] = error !== undefined ? 'failed' : isFinished ? 'complete' : undefined
      return {
        ...optional('usage', usage),
        ...optional('service', service),
        ...optional('model', model),
        ...optional('responseId', responseId),
        ...optional('finishReason', finishReason),
        ...optional('ended', ended),
        ...optional('error', error),
        handles: [...handles.values()],
      }
    },
    violations: () => broken,
    fail: (failure) => [encodeFrame({ data: JSON.stringify({ error: encodeErrorObject(failure) }) })],
  }
}

const saysText = (block: string): boolean =>
  markers.text.some((marker) => hasMember(block, marker, isFilledString)) || hasListedText(block)

/** Mistral streams its content as a list once it thinks. */
const hasListedText = (block: string): boolean =>
  hasMember(block, markers.text[0] ?? done, (first) => first === 0x5b) &&
  hasMember(block, textMarker, isFilledString)

const textMarker = memberMarker('text')

/** The chunk that the gateway asked for: usage and no choice. Nothing else is ever kept back. */
const isUsageChunk = (chunk: { readonly [key: string]: unknown }): boolean =>
  isJsonArray(chunk['choices']) &&
  chunk['choices'].length === 0 &&
  objectOf(chunk['usage']) !== undefined &&
  !isTruthy(chunk['error'])

const isDoneFrame = (frame: SseFrame | undefined): boolean => frame?.data.trim() === '[DONE]'

const isTruthy = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== ''
