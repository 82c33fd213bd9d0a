import {
  extensionOf,
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
import type { Members } from './remainder.ts'

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
  const builder = new ChunkBuilder({
    identity,
    oldForm: usesFunctionCall(reply.request),
    usageMembers: wantsUsage,
  })
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
    builder.start(
      {
        id: chatId(event.id, reply.id),
        created: event.created ?? identity.created,
        model: event.model ?? identity.model,
      },
      event.serviceTier,
      ownMembers(event),
    )
    return hasShapes(event.extensions) ? [] : [frame(builder.open(0))]
  }

  const end = (event: Extract<StreamEvent, { type: 'end' }>): readonly SseFrame[] => {
    over = true
    if (isSilentEnd(event.extensions)) return []
    const frames: SseFrame[] = []
    for (const choice of builder.unfinished()) {
      const reason = builder.held(choice).calls ? 'tool-calls' : 'end'
      frames.push(...say({ type: 'finish', choice, finish: { reason } }))
    }
    if (wantsUsage && usage !== undefined && !usageWritten) {
      const chunk = builder.build([usage])
      if (chunk !== undefined) frames.push(frame(chunk))
    }
    return [...frames, { data: '[DONE]' }]
  }

  const say = (event: StreamEvent): readonly SseFrame[] => {
    const frames: SseFrame[] = []
    if (event.type === 'finish') {
      const cited = builder.citations(event.choice ?? 0)
      if (cited !== undefined) frames.push(frame(cited))
    }
    const chunk = builder.build([event])
    return chunk === undefined ? frames : [...frames, frame(chunk)]
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
        case 'end':
          return [...flush(), ...end(event)]
        case 'usage':
          return []
        case 'error':
          over = true
          return say(event)
        default:
          return say(event)
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
