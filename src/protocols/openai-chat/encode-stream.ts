import {
  extensionOf,
  type Finish,
  type FinishEvent,
  type JsonObject,
  mergeUsage,
  type StreamEvent,
  type UsageEvent,
} from '../../ir/index.ts'
import { type Machine, type SseFrame, writeJson } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { ChunkBuilder } from './chunk-builder.ts'
import { type ChunkShape, frameOf, hasShapes, headKeys, isSilentEnd, shapeOf } from './chunk-shape.ts'
import { protocol } from './encode-parts.ts'
import { chatId, usesFunctionCall } from './encode-response.ts'
import { displayDuty, effectiveFinish, failureOf } from './foreign-answer.ts'
import { type HeldCalls, heldCalls } from './held-calls.ts'
import type { Members } from './remainder.ts'
import { serialParts } from './serial-parts.ts'
import { answeredTier } from './service-tier.ts'
import { wholeCharacters } from './whole-characters.ts'

/**
 * Events to chunks: one role chunk per choice, deltas, one finish chunk per choice, the usage chunk where the client
 * asked for it, `[DONE]`. Events that carry the source's own cut are written in that cut.
 */
export const streamEncoder = (reply: ReplyContext): Machine<StreamEvent, SseFrame> => {
  const wantsUsage = reply.request.streamUsage === true
  const identity = {
    id: chatId(undefined, reply.id),
    created: reply.now,
    model: reply.request.model,
  }
  const oldForm = usesFunctionCall(reply.request)
  const builder = new ChunkBuilder({ identity, oldForm, usageMembers: wantsUsage })
  const serial = serialParts()
  const characters = wholeCharacters()
  const held: HeldCalls | undefined = oldForm ? heldCalls() : undefined
  /** Clients take a finish reason for the proof that an answer is whole, so it waits for the provider's own. */
  const finishes = new Map<number, FinishEvent>()
  let usage: UsageEvent | undefined
  let usageWritten = false
  let over = false
  let shape: ChunkShape | undefined
  let gathered: StreamEvent[] = []

  const flush = (): readonly SseFrame[] => {
    if (shape === undefined) return []
    const { event, choices, rest } = shape
    const chunk = builder.build(gathered, { choices, rest })
    usageWritten ||= gathered.some((item) => item.type === 'usage')
    shape = undefined
    gathered = []
    return chunk === undefined ? [] : [frame(chunk, event)]
  }

  const exact = (next: ChunkShape): readonly SseFrame[] => {
    const before = flush()
    shape = next
    return next.events === 0 ? [...before, ...flush()] : before
  }

  const start = (event: Extract<StreamEvent, { type: 'start' }>): readonly SseFrame[] => {
    const isOwn = hasShapes(event.extensions)
    const tier = event.serviceTier
    builder.start(
      {
        id: chatId(event.id, reply.id),
        created: event.created ?? identity.created,
        model: event.model ?? identity.model,
      },
      tier === undefined || isOwn ? tier : answeredTier(tier),
      ownMembers(event),
    )
    return isOwn ? [] : [frame(builder.open(0))]
  }

  const end = (event: Extract<StreamEvent, { type: 'end' }>): readonly SseFrame[] => {
    const frames: SseFrame[] = [...finishes.values()].flatMap(sayWhole)
    const left = serial.push(event).filter((each) => each.type !== 'end')
    frames.push(...left.flatMap((each) => (held === undefined ? say(each) : sayOldForm(each, held))))
    if (over) return frames
    over = true
    if (isSilentEnd(event.extensions)) return frames
    for (const choice of builder.unfinished()) {
      const released = held?.release(choice) ?? []
      frames.push(...released.flatMap(say))
      frames.push(...say({ type: 'finish', choice, finish: { reason: 'end' } }))
    }
    if (wantsUsage && usage !== undefined && !usageWritten) {
      const chunk = builder.build([usage])
      if (chunk !== undefined) frames.push(frame(chunk))
    }
    frames.push({ data: '[DONE]' })
    return frames
  }

  const finish = (event: FinishEvent): readonly SseFrame[] => {
    const index = event.choice ?? 0
    const ended: Finish = effectiveFinish(event.finish, builder.held(index))
    const failure = failureOf(ended)
    if (failure !== undefined) return fail({ kind: 'upstream', message: failure })
    const closing = builder.closing(index, ended)
    const chunk = builder.build([{ ...event, finish: ended }])
    return [
      ...(closing === undefined ? [] : [frame(closing)]),
      ...(chunk === undefined ? [] : [frame({ ...chunk, ...displayDuty(event.extensions) })]),
    ]
  }

  const fail = (error: Extract<StreamEvent, { type: 'error' }>['error']): readonly SseFrame[] => {
    over = true
    const chunk = builder.build([{ type: 'error', error }])
    return chunk === undefined ? [] : [frame(chunk)]
  }

  const say = (event: StreamEvent): readonly SseFrame[] => {
    if (over && event.type !== 'finish') return []
    if (event.type === 'finish') return finish(event)
    const data = builder.plain(event)
    if (data !== undefined) return [{ data }]
    const chunk = builder.build([event])
    return chunk === undefined ? [] : [frame(chunk)]
  }

  /** In the older form one call is answered otherwise than several, so calls wait until their number is known. */
  const sayOldForm = (event: StreamEvent, calls: HeldCalls): readonly SseFrame[] => {
    if (calls.keeps(event)) return []
    if (event.type !== 'finish') return say(event)
    const choice = event.choice ?? 0
    builder.useOldForm(calls.count(choice) === 1)
    return [...calls.release(choice), event].flatMap(say)
  }

  const sayWhole = (event: StreamEvent): readonly SseFrame[] =>
    characters.concerns(event) ? characters.push(event).flatMap(sayInOrder) : sayInOrder(event)

  const sayInOrder = (event: StreamEvent): readonly SseFrame[] => {
    const events = serial.push(event)
    const [first] = events
    if (events.length === 1 && first !== undefined)
      return held === undefined ? say(first) : sayOldForm(first, held)
    return events.flatMap((each) => (held === undefined ? say(each) : sayOldForm(each, held)))
  }

  return {
    push(event) {
      if (event.type === 'extension') {
        const kept = frameOf(event.extensions)
        if (kept !== undefined) return [...flush(), kept]
        const next = over ? undefined : shapeOf(event.extensions)
        return next === undefined ? [] : exact(next)
      }
      if (over) return []
      if (event.type === 'usage') usage = { ...event, usage: mergeUsage(usage?.usage, event.usage) }
      if (shape !== undefined && event.type !== 'end') {
        gathered.push(event)
        return gathered.length >= shape.events ? flush() : []
      }
      switch (event.type) {
        case 'start':
          return start(event)
        case 'finish':
          finishes.set(event.choice ?? 0, event)
          return []
        case 'end':
          return [...flush(), ...end(event)]
        case 'usage':
          return []
        case 'error':
          return fail(event.error)
        default:
          return sayWhole(event)
      }
    },
    end: () => flush(),
  }
}

const frame = (chunk: Members, event?: string): SseFrame =>
  event === undefined ? { data: writeJson(chunk) } : { event, data: writeJson(chunk) }

/** What every chunk repeats, as the source wrote it. */
const ownMembers = (event: Extract<StreamEvent, { type: 'start' }>): JsonObject =>
  Object.fromEntries(
    Object.entries(extensionOf(event, protocol)).filter(([key]) => headKeys.some((name) => name === key)),
  )
