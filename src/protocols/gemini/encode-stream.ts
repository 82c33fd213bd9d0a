import {
  type Choice,
  extensionOf,
  type FinishEvent,
  isJsonObject,
  type JsonObject,
  type Part,
  type ReasoningState,
  type StreamEvent,
  type Usage,
} from '../../ir/index.ts'
import { type Machine, type SseFrame, writeJson } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { type EncodedPart, encodePart, signatureOf } from './encode-parts.ts'
import { answerContext, encodeAnswerUsage, encodeBlock, isBlocked } from './encode-response.ts'
import { encodeError } from './errors.ts'
import { finishReasonOf } from './finish.ts'
import { losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import { assembledNote, chunkCloses, chunkOpens, verbatimPart } from './stream-marks.ts'

interface OpenPart {
  readonly part: Part
  text: string
  piece: number
}

/**
 * Events → chunks. Text and thoughts go out as they come, all else whole; finish reasons and usage stand in the last
 * chunk, which has a part of its own, because js-genai forgets turns with an empty chunk.
 * Events that a Gemini stream was decoded into come with marks of its chunks, and give the same chunks again.
 */
export const streamEncoder = (reply: ReplyContext): Machine<StreamEvent, SseFrame> => {
  const context = answerContext(losses())
  const parts = new Map<string, OpenPart>()
  const finishes: FinishEvent[] = []
  /** Parts of the chunk that is being put together again, by candidate; undefined outside of one. */
  let chunk: Map<number, ChunkPart[]> | undefined
  let head: { readonly modelVersion: string; readonly responseId: string } | undefined
  let usage: Usage | undefined
  let serviceTier: string | undefined
  let finishedByChunk = false
  let sentParts = false

  const frameOf = (members: object): SseFrame => ({ data: writeJson({ ...members, ...head }) })
  const emit = (choice: number, key: string, part: EncodedPart): readonly SseFrame[] => {
    if (chunk !== undefined) {
      const list = chunk.get(choice) ?? []
      list.push({ key, part })
      chunk.set(choice, list)
      return []
    }
    sentParts = true
    return [frameOf({ candidates: [{ content: { role: 'model', parts: [part] }, index: choice }] })]
  }
  /** Adds to the text that this chunk has from the same part, else gives a part of its own. */
  const emitText = (choice: number, key: string, text: string, more: object): readonly SseFrame[] => {
    const last = chunk?.get(choice)?.at(-1)
    if (last?.key === key && 'text' in last.part && last.part.text === '') {
      last.part = { ...last.part, ...more, text }
      return []
    }
    return emit(choice, key, { text, ...more })
  }

  const onPart = (event: StreamEvent & { readonly index: number; readonly choice?: number }) => {
    const choice = event.choice ?? 0
    const key = `${choice} ${event.index}`
    const open = parts.get(key)
    switch (event.type) {
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
        parts.set(key, { part: event.part, text: '', piece: 0 })
        return []
      case 'text-delta':
      case 'refusal-delta':
        if (open !== undefined && signatureOf(open.part) !== undefined) {
          open.text += event.text
          return []
        }
        return event.text === '' ? [] : emitText(choice, key, event.text, more(event, open))
      case 'reasoning-delta': {
        const isNext = open !== undefined && event.piece !== open.piece
        if (open !== undefined) open.piece = event.piece
        const text = isNext ? `\n\n${event.text}` : event.text
        return emitText(choice, key, text, { thought: true, ...more(event, open) })
      }
      case 'tool-call-delta':
        if (open !== undefined) open.text += event.input
        return []
      case 'text-end':
      case 'refusal-end': {
        parts.delete(key)
        const signature = open === undefined ? undefined : signatureOf(open.part)
        if (open === undefined || signature === undefined) return []
        const known = { text: open.text, thoughtSignature: signature }
        return emit(choice, key, writeMembers(known, extensionOf(open.part, 'gemini')))
      }
      case 'reasoning-end':
        parts.delete(key)
        return endReasoning(choice, key, event.state)
      case 'tool-call-end': {
        parts.delete(key)
        if (open?.part.type !== 'tool-call') return []
        const isWritten = chunk !== undefined && extensionOf(open.part, 'gemini')[assembledNote] === true
        if (isWritten) return []
        const { raw: _raw, ...part } = open.part
        return encodePart({ ...part, input: open.text }, context).flatMap((one) => emit(choice, key, one))
      }
      case 'part':
        return encodePart(event.part, context).flatMap((one) => emit(choice, key, one))
      default:
        return []
    }
  }
  const more = (event: StreamEvent, open: OpenPart | undefined): object => {
    const own = 'extensions' in event ? event.extensions?.gemini : undefined
    const first = open !== undefined && open.text === '' ? extensionOf(open.part, 'gemini') : {}
    if (open !== undefined) open.text = 'said'
    return writeMembers({}, { ...first, ...own })
  }
  const endReasoning = (choice: number, key: string, state: ReasoningState | undefined) => {
    const signature = state === undefined ? undefined : signatureOf({ state })
    if (signature === undefined) return []
    const last = chunk?.get(choice)?.at(-1)
    if (last?.key === key) {
      last.part = { ...last.part, thoughtSignature: signature }
      return []
    }
    return emit(choice, key, { text: '', thought: true, thoughtSignature: signature })
  }

  const onExtension = (members: JsonObject): readonly SseFrame[] => {
    if (members[chunkOpens] === true) {
      chunk = new Map()
      return []
    }
    const part = members[verbatimPart]
    if (isJsonObject(part) && chunk !== undefined) {
      const choice = members['choice']
      return emit(typeof choice === 'number' ? choice : 0, '', part)
    }
    const template = members[chunkCloses]
    if (!isJsonObject(template) || chunk === undefined) return []
    const filled = fill(template, chunk)
    chunk = undefined
    finishedByChunk ||= filled.finished
    return [{ data: writeJson(filled.members) }]
  }

  const last = (): readonly SseFrame[] => {
    if (finishedByChunk) return []
    const choices = finishes.map(
      (event): Choice => ({ index: event.choice ?? 0, parts: [], finish: event.finish }),
    )
    const usageMetadata = usage && encodeAnswerUsage(usage, serviceTier)
    const tail = usageMetadata === undefined ? {} : { usageMetadata }
    const [first] = choices
    if (!sentParts && first?.finish !== undefined && choices.every(isBlocked)) {
      return [frameOf({ promptFeedback: encodeBlock(first.finish), ...tail })]
    }
    const candidates = (
      choices.length === 0 ? [{ index: 0, parts: [], finish: { reason: 'other' as const } }] : choices
    ).map(({ index, finish }, position) =>
      writeMembers(
        {
          content: { role: 'model', parts: [{ text: '' }] },
          finishReason: finish && finishReasonOf(finish),
          finishMessage: finish?.message,
          index,
        },
        finishes[position]?.extensions?.gemini ?? {},
      ),
    )
    return [frameOf({ candidates, ...tail })]
  }

  return {
    push(event) {
      switch (event.type) {
        case 'start':
          head = {
            modelVersion: event.model ?? reply.request.model,
            responseId: event.id ?? reply.id,
          }
          serviceTier = event.serviceTier
          return []
        case 'usage':
          usage = { ...usage, ...event.usage }
          return []
        case 'finish':
          finishes.push(event)
          return []
        case 'extension':
          return onExtension(event.extensions?.gemini ?? {})
        case 'error':
          return [{ data: JSON.stringify(encodeError(event.error)) }]
        case 'end':
          return last()
        case 'citation':
          return []
        default:
          return onPart(event)
      }
    },
    end: () => [],
  }
}

interface ChunkPart {
  readonly key: string
  part: EncodedPart
}

/** Puts the parts that the events said into the chunk that they came from. */
const fill = (template: JsonObject, parts: ReadonlyMap<number, readonly ChunkPart[]>) => {
  const list = template['candidates']
  if (!Array.isArray(list)) return { members: template, finished: isBlockedChunk(template) }
  let finished = false
  const candidates = list.map((candidate: unknown, position) => {
    if (!isJsonObject(candidate)) return {}
    if (candidate['finishReason'] !== undefined) finished = true
    const index = typeof candidate['index'] === 'number' ? candidate['index'] : position
    const content = candidate['content']
    const said = parts.get(index)?.map(({ part }) => part) ?? []
    if (!isJsonObject(content) || !Array.isArray(content['parts'])) return candidate
    return { ...candidate, content: { ...content, parts: said } }
  })
  return { members: { ...template, candidates }, finished }
}

const isBlockedChunk = (template: JsonObject): boolean => {
  const feedback = template['promptFeedback']
  return isJsonObject(feedback) && feedback['blockReason'] !== undefined
}
