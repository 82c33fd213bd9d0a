import {
  type CanonicalError,
  type Choice,
  type FinishEvent,
  isJsonObject,
  type JsonObject,
  type StreamEvent,
  type Usage,
} from '../../ir/index.ts'
import { type Machine, type SseFrame, writeJson } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { type CandidateWriter, candidateWriter, type PartSink } from './candidate-writer.ts'
import type { EncodedPart } from './encode-parts.ts'
import { answerContext, encodeAnswerUsage, encodeBlock, isBlocked, wantsNumbers } from './encode-response.ts'
import { withEnumNumbers } from './enum-numbers.ts'
import { encodeError } from './errors.ts'
import { failureOf, finishReasonOf } from './finish.ts'
import { losses } from './losses.ts'
import { type OwnChunk, ownChunk } from './own-chunk.ts'
import { writeMembers } from './read-object.ts'
import { answeredTier } from './service-tier.ts'
import { chunkCloses, chunkOpens, verbatimPart } from './stream-marks.ts'

/**
 * Events → chunks. Text and thoughts go out as they come, all else whole; finish reasons, metadata and usage stand in
 * the last chunk, which has a part of its own, because js-genai forgets turns with an empty chunk.
 * Events that a Gemini stream was decoded into come with marks of its chunks, and give the same chunks again.
 */
export const streamEncoder = (reply: ReplyContext): Machine<StreamEvent, SseFrame> => {
  const context = answerContext(losses(), reply)
  const isNumbered = wantsNumbers(reply)
  const writers = new Map<number, CandidateWriter>()
  const finishes: FinishEvent[] = []
  /** A chunk that is being put together again; undefined outside of one. */
  let chunk: OwnChunk | undefined
  let frames: SseFrame[] = []
  /** Model and id, as every chunk ends. */
  let head: Readonly<Record<string, string>> = {}
  let tail = '}'
  let usage: Usage | undefined
  let serviceTier: string | undefined
  let finishedByChunk = false
  let hasFailed = false

  const nameHead = (members: Readonly<Record<string, string>>): void => {
    head = members
    tail = `,${JSON.stringify(head).slice(1)}`
  }
  const frameOf = (members: object): SseFrame => {
    const whole = { ...members, ...head }
    return { data: writeJson(isNumbered ? withEnumNumbers(whole) : whole) }
  }
  const sinkOf = (choice: number): PartSink => ({
    isVerbatim: false,
    emit(part) {
      frames.push(frameOf({ candidates: [{ content: { role: 'model', parts: [part] }, index: choice }] }))
    },
    text(text) {
      const part = `{"text":${JSON.stringify(text)}}`
      const candidate = `{"content":{"role":"model","parts":[${part}]},"index":${choice}}`
      frames.push({ data: `{"candidates":[${candidate}]${tail}` })
    },
    amend: () => false,
  })
  const writerAt = (choice = 0): CandidateWriter => {
    let writer = writers.get(choice)
    if (writer === undefined) {
      const sink = sinkOf(choice)
      writer = candidateWriter(() => chunk?.sink(choice) ?? sink, context)
      writers.set(choice, writer)
    }
    return writer
  }

  const onExtension = (members: JsonObject | undefined): void => {
    if (members === undefined) return
    if (members[chunkOpens] === true) {
      chunk = ownChunk()
      return
    }
    if (chunk === undefined) return
    const part = members[verbatimPart]
    const template = members[chunkCloses]
    if (isJsonObject(part)) {
      const choice = members['choice']
      chunk.sink(typeof choice === 'number' ? choice : 0).emit(part, -1)
    } else if (isJsonObject(template)) {
      const filled = chunk.fill(template)
      chunk = undefined
      finishedByChunk ||= filled.isFinished
      frames.push({ data: writeJson(filled.members) })
    }
  }

  const onEnd = (): void => {
    const closing = new Map<number, EncodedPart>()
    for (const [choice, writer] of writers) closing.set(choice, writer.finish())
    if (finishedByChunk) {
      // What its chunks said is said; a call that was never finished must not come twice.
      return
    }
    const counters = usage && encodeAnswerUsage(usage, serviceTier)
    const counted = counters === undefined ? {} : { usageMetadata: counters }
    const choices = finishes.map(
      (event): Choice => ({ index: event.choice ?? 0, parts: [], finish: event.finish }),
    )
    const [first] = choices
    const hasSaid = [...writers.values()].some((writer) => writer.hasSaid)
    if (!hasSaid && first?.finish !== undefined && choices.every(isBlocked)) {
      frames.push(frameOf({ promptFeedback: encodeBlock(first.finish), ...counted }))
      return
    }
    const ended: readonly Choice[] =
      choices.length === 0 ? [{ index: 0, parts: [], finish: { reason: 'other' } }] : choices
    const candidates = ended.map(({ index, finish }, position) =>
      writeMembers(
        {
          content: { role: 'model', parts: [closing.get(index) ?? { text: '' }] },
          finishReason: finish && finishReasonOf(finish),
          finishMessage: finish?.message,
          index,
          ...writers.get(index)?.metadata(),
        },
        finishes[position]?.extensions?.gemini ?? {},
      ),
    )
    frames.push(frameOf({ candidates, ...counted }))
  }

  const fail = (error: CanonicalError): void => {
    hasFailed = true
    frames.push({ data: JSON.stringify(encodeError(error)) })
  }

  const take = (event: StreamEvent): void => {
    if (hasFailed) return
    switch (event.type) {
      case 'start':
        nameHead({ modelVersion: event.model ?? reply.request.model, responseId: event.id ?? reply.id })
        serviceTier = answeredTier(event.serviceTier)
        break
      case 'usage':
        usage = { ...usage, ...event.usage }
        if (event.model !== undefined) nameHead({ ...head, modelVersion: event.model })
        break
      case 'finish': {
        const failure = failureOf(event.finish)
        if (failure === undefined) finishes.push(event)
        else fail({ kind: 'upstream', message: failure })
        break
      }
      case 'extension':
        onExtension(event.extensions?.gemini)
        break
      case 'error':
        fail(event.error)
        break
      case 'end':
        onEnd()
        break
      case 'citation':
        writerAt(event.choice).cite(event)
        break
      default:
        writerAt(event.choice).push(event)
    }
  }

  return {
    push(event) {
      take(event)
      if (frames.length === 0) return none
      const out = frames
      frames = []
      return out
    },
    end: () => none,
  }
}

const none: readonly SseFrame[] = []
