import type {
  CanonicalError,
  FinishEvent,
  JsonObject,
  StartEvent,
  StreamEvent,
  Usage,
  UsageEvent,
} from '../../ir/index.ts'
import { isJsonObject, mergeUsage } from '../../ir/index.ts'
import type { Machine, SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { blockWriter } from './block-writer.ts'
import { besideDelta } from './decode-stream.ts'
import { nullMembers, startUsage } from './encode-response.ts'
import { errorBody, errorEvent } from './errors.ts'
import { frameOf } from './frame.ts'
import { messageId } from './identifiers.ts'
import { objectMember, ownMember, withRest } from './members.ts'
import { membersAhead } from './members-ahead.ts'
import type { PartEvent } from './open-block.ts'
import { ownRest } from './own.ts'
import { answeredTier } from './service-tier.ts'
import { effectiveFinish, isFailure, writeFinish } from './stop-reason.ts'
import { writeUsage } from './usage.ts'
import { type AnswerShape, answerShape } from './version.ts'
import type { WireDeltaUsage } from './wire.ts'

/**
 * Events as frames, by the grammar of translation.md §14.2: one open block at a time, every terminal event, and no
 * success terminator for a stream that has not ended. `message_delta` goes out with `message_stop`, because the
 * counters may come after the reason.
 */
export const encodeStream = (reply: ReplyContext): Machine<StreamEvent, SseFrame> => {
  const shape = answerShape(reply.headers)
  const betas = reply.headers.get('anthropic-beta')
  const blocks = blockWriter(reply, shape)
  const ahead = membersAhead()
  /** `open`: after message_start; `closed`: nothing may follow. */
  let phase: 'new' | 'open' | 'closed' = 'new'
  /** The counters that follow belong to `message_start`, which has said them. */
  let expectsStartUsage = false
  let startRest: JsonObject = {}
  let startCounters: Usage = {}
  let counters: Usage = {}
  let endRest: JsonObject = {}
  let finish: FinishEvent | undefined
  let hasSaidFinish = false

  const start = (event: StartEvent): readonly SseFrame[] => {
    if (phase !== 'new') return []
    phase = 'open'
    const rest = ownRest(event)
    const usage = ownMember(rest ?? {}, 'usage')
    expectsStartUsage = usage !== undefined
    startRest = rest ?? {}
    return [messageStart(event, rest, reply, shape)]
  }

  const usage = (event: UsageEvent): readonly SseFrame[] => {
    const rest = ownRest(event) ?? {}
    if (expectsStartUsage) {
      expectsStartUsage = false
      startCounters = event.usage
      startRest = rest
      return []
    }
    counters = mergeUsage(counters, event.usage)
    endRest = { ...endRest, ...rest }
    // Our own counters follow the reason at once, so the event is complete; others may still come.
    return finish !== undefined && ownRest(event) !== undefined ? messageDelta() : []
  }

  const messageDelta = (): readonly SseFrame[] => {
    const flushed = blocks.finish()
    const stated = effectiveFinish(finish?.finish, blocks.contents(), betas)
    if (isFailure(stated.reason)) {
      phase = 'closed'
      const message = stated.message ?? `the answer ended: ${stated.reason}`
      return [...flushed, frameOf({ ...errorBody({ kind: 'upstream', message }, null) })]
    }
    hasSaidFinish = true
    const said = newMembers(objectMember(endRest, 'usage'), objectMember(startRest, 'usage'))
    const { cache_creation: parts, ...written } = writeUsage(
      counters,
      {},
      mergeUsage(startCounters, counters),
    )
    // Told once: in `message_start` where it could be told, else here.
    const late = startCounters.cacheWriteLongTokens === undefined ? { cache_creation: parts } : {}
    const isOwn = finish !== undefined && ownRest(finish.finish) !== undefined
    const outer = Object.entries(endRest).filter(([key]) => besideDelta.has(key))
    const event = {
      type: 'message_delta',
      delta: {
        ...(shape === 'full' && !isOwn ? { container: null } : {}),
        ...writeFinish(stated, shape),
        ...inDelta(endRest),
      },
      usage: { ...(isOwn ? {} : unknownCounters(shape)), ...withNested({ ...written, ...late }, said) },
      ...Object.fromEntries(outer),
    }
    finish = undefined
    return [...flushed, frameOf(event)]
  }

  const part = (event: PartEvent): readonly SseFrame[] => {
    const frames = blocks.push(event)
    if (!blocks.isOverfull) return frames
    phase = 'closed'
    const message = 'the provider sends more parts at once than can be put in order'
    return [...frames, frameOf({ ...errorBody({ kind: 'upstream', message }, null) })]
  }

  const end = (rest: JsonObject): readonly SseFrame[] => {
    endRest = { ...endRest, ...rest }
    const delta = hasSaidFinish && finish === undefined ? [] : messageDelta()
    if (phase === 'closed') return delta
    phase = 'closed'
    return [...delta, frameOf({ type: 'message_stop' })]
  }

  const push = (event: StreamEvent): readonly SseFrame[] => {
    switch (event.type) {
      case 'start':
        return start(event)
      case 'usage':
        return usage(event)
      case 'finish':
        if ((event.choice ?? 0) === 0) finish = event
        return []
      case 'extension':
        return ahead.take(event) ? [] : passed(event)
      case 'error':
        phase = 'closed'
        return [frameOf({ ...errorEvent(event.error, requestIdOf(event.error)) })]
      case 'end':
        return end(ownRest(event) ?? {})
      default:
        expectsStartUsage = false
        return (event.choice ?? 0) === 0 ? part(event) : []
    }
  }

  const pushed = (event: StreamEvent): readonly SseFrame[] => {
    const needsStart = phase === 'new' && !['start', 'error', 'extension', 'usage'].includes(event.type)
    return needsStart ? [...start({ type: 'start' }), ...push(event)] : push(event)
  }

  return {
    push: (event) => (phase === 'closed' ? [] : ahead.place(pushed(event))),
    // A stream that was cut stays cut.
    end: () => [],
  }
}

const messageStart = (
  event: StartEvent,
  rest: JsonObject | undefined,
  reply: ReplyContext,
  shape: AnswerShape,
): SseFrame => {
  const isOwn = rest !== undefined
  const word = isOwn ? event.serviceTier : answeredTier(event.serviceTier)
  const tier = word === undefined ? {} : { service_tier: word }
  const message = withRest(
    {
      id: isOwn ? event.id : messageId(event.id, reply.id),
      type: 'message',
      role: 'assistant',
      model: event.model ?? (isOwn ? undefined : reply.request.model),
      content: [],
      ...(isOwn ? {} : { stop_reason: null, stop_sequence: null, usage: startUsage(tier, shape) }),
      ...(isOwn || shape === 'sparse' ? {} : { stop_details: null, ...nullMembers(shape) }),
    },
    rest ?? {},
  )
  return frameOf({ type: 'message_start', message })
}

/** Pings and what else had no canonical word. */
const passed = (event: Extract<StreamEvent, { type: 'extension' }>): readonly SseFrame[] => {
  const rest = ownRest(event)
  const data = rest === undefined ? undefined : ownMember(rest, 'data')
  if (rest === undefined || data === undefined) return []
  const name = ownMember(rest, 'event')
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return [typeof name === 'string' ? { event: name, data: text } : { data: text }]
}

/** Members that `message_start` has not said already in the same words. */
const newMembers = (members: JsonObject, said: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(members).filter(
      ([key, value]) => JSON.stringify(ownMember(said, key)) !== JSON.stringify(value),
    ),
  )

const inDelta = (rest: JsonObject): JsonObject => {
  const container = ownMember(rest, 'container')
  return { ...(container === undefined ? {} : { container }), ...objectMember(rest, 'delta') }
}

/** The type demands a number of output tokens, and null for what is unknown. */
const unknownCounters = (shape: AnswerShape): Record<string, unknown> => ({
  ...(shape === 'full' ? nullCounters : {}),
  output_tokens: 0,
})

const nullCounters: Omit<WireDeltaUsage, 'output_tokens'> = {
  input_tokens: null,
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  output_tokens_details: null,
  server_tool_use: null,
}

/** Counters, with the unknown members of the objects among them. */
const withNested = (counters: Record<string, unknown>, rest: JsonObject): Record<string, unknown> => {
  const merged = Object.entries(counters).map(([key, value]) => [
    key,
    isJsonObject(value) ? withRest(value, objectMember(rest, key)) : value,
  ])
  return withRest(Object.fromEntries(merged), rest)
}

const requestIdOf = (error: CanonicalError): string | null => {
  const id = ownMember(ownRest(error) ?? {}, 'request_id')
  return typeof id === 'string' ? id : null
}
