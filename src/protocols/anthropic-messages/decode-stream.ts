import { isJsonObject, type JsonObject, type StreamEvent } from '../../ir/index.ts'
import { type JsonDocument, type Machine, parseDocument, type SseFrame } from '../../wire/index.ts'
import { openBlock, type StreamedBlock } from './decode-block-stream.ts'
import { readHead, tierOf } from './decode-response.ts'
import { decodeErrorEvent } from './errors.ts'
import { objectMember, ownMember, readMembers } from './members.ts'
import { own, ownRest } from './own.ts'
import { isStopMember, readFinish } from './stop-reason.ts'
import { mergeWireUsage, readUsage, usageRest } from './usage.ts'

/**
 * Frames of `POST /v1/messages` with `stream: true` as events. The data's `type` decides, not the `event:` line.
 * What has no event of its own (pings, unknown events) passes as an extension event, so that the same protocol gets
 * it back. The state is the counters so far and the open blocks.
 */
export const decodeStream = (): Machine<SseFrame, StreamEvent> => {
  const blocks = new Map<number, StreamedBlock>()
  let usage: JsonObject | undefined
  let parts = 0

  const usageEvent = (told: JsonObject, members: JsonObject): StreamEvent => {
    usage = mergeWireUsage(usage, told)
    return {
      type: 'usage',
      usage: readUsage(usage, told),
      ...own({ ...members, usage: usageRest(usage) }),
    }
  }

  /** A `message_delta` mostly leaves the parts of the written tokens out; where they stand they come back. */
  const deltaUsage = (told: JsonObject, members: JsonObject): StreamEvent => {
    const event = usageEvent(told, members)
    const parts = ownMember(told, 'cache_creation')
    if (parts === undefined || event.type !== 'usage') return event
    const rest = ownRest(event) ?? {}
    return { ...event, ...own({ ...rest, usage: { ...objectMember(rest, 'usage'), cache_creation: parts } }) }
  }

  const messageStart = (data: JsonObject): readonly StreamEvent[] => {
    const message = objectMember(data, 'message')
    const reader = readMembers(message)
    const head = readHead(reader)
    reader.array('content')
    const told = ownMember(message, 'usage')
    const start: StreamEvent = {
      type: 'start',
      ...head,
      ...(isJsonObject(told) ? tierOf(told) : {}),
      // The counters stay in the extension as they are: the encoder writes `message_start` from them at once.
      ...own(reader.rest()),
    }
    return isJsonObject(told) ? [start, usageEvent(told, {})] : [start]
  }

  const blockStart = (data: JsonObject, document: JsonDocument): readonly StreamEvent[] | undefined => {
    const index = ownMember(data, 'index')
    const content = ownMember(data, 'content_block')
    if (typeof index !== 'number' || !isJsonObject(content)) return undefined
    const block = openBlock(content, parts++, document)
    blocks.set(index, block)
    const model = fallbackModel(content)
    return model === undefined ? block.opening : [...block.opening, { type: 'usage', usage: {}, model }]
  }

  const blockDelta = (data: JsonObject): readonly StreamEvent[] | undefined => {
    const index = ownMember(data, 'index')
    const delta = ownMember(data, 'delta')
    const block = typeof index === 'number' ? blocks.get(index) : undefined
    return block === undefined || !isJsonObject(delta) ? undefined : block.delta(delta, data)
  }

  const blockStop = (data: JsonObject): readonly StreamEvent[] | undefined => {
    const index = ownMember(data, 'index')
    const block = typeof index === 'number' ? blocks.get(index) : undefined
    if (typeof index !== 'number' || block === undefined) return undefined
    blocks.delete(index)
    return block.close()
  }

  const insideBlock = (data: JsonObject): boolean => {
    for (const block of blocks.values()) {
      if (block.inner !== undefined) {
        block.inner(data)
        return true
      }
    }
    return false
  }

  const messageDelta = (data: JsonObject): readonly StreamEvent[] => {
    const delta = objectMember(data, 'delta')
    const told = ownMember(data, 'usage')
    const finish = readFinish(delta)
    const members = messageMembers(data, delta, finish !== undefined)
    return [
      ...(finish === undefined ? [] : [{ type: 'finish' as const, finish }]),
      ...(isJsonObject(told) || Object.keys(members).length > 0
        ? [deltaUsage(isJsonObject(told) ? told : {}, members)]
        : []),
    ]
  }

  const decode = (frame: SseFrame, data: JsonObject, document: JsonDocument): readonly StreamEvent[] => {
    switch (ownMember(data, 'type')) {
      case 'message_start':
        return messageStart(data)
      case 'content_block_start':
        return blockStart(data, document) ?? [passing(frame, data)]
      case 'content_block_delta':
        return blockDelta(data) ?? [passing(frame, data)]
      case 'content_block_stop':
        return blockStop(data) ?? [passing(frame, data)]
      case 'message_delta':
        return messageDelta(data)
      case 'message_stop':
        return [{ type: 'end' }]
      case 'error':
        return [{ type: 'error', error: decodeErrorEvent(data) }]
      default:
        return insideBlock(data) ? [] : [passing(frame, data)]
    }
  }

  return {
    push(frame) {
      const document = parse(frame.data)
      const data = document?.value
      if (document === undefined || !isJsonObject(data)) return [passing(frame, frame.data)]
      const events = decode(frame, data, document)
      const around = unknownMembers(data)
      return around === undefined ? events : [around, ...events]
    },
    // A stream that ends without its proof gets no end event.
    end: () => [],
  }
}

/** Members of each event that have a place in the canonical events. Other events pass whole. */
const knownMembers: Readonly<Record<string, readonly string[]>> = {
  message_start: ['message'],
  content_block_start: ['index', 'content_block'],
  content_block_stop: ['index'],
  message_delta: ['delta', 'usage', 'context_management', 'input_transformations'],
  message_stop: [],
}

/** Deltas whose canonical event carries no extension. */
const knownOfDelta: Readonly<Record<string, string>> = {
  signature_delta: 'signature',
  citations_delta: 'citation',
}

/**
 * Members of tomorrow around an event: they travel ahead of it as an extension event, and the encoder puts them on
 * the next frame of that type.
 */
const unknownMembers = (data: JsonObject): StreamEvent | undefined => {
  const type = ownMember(data, 'type')
  if (typeof type !== 'string') return undefined
  const known = Object.hasOwn(knownMembers, type) ? knownMembers[type] : undefined
  if (known !== undefined) {
    const unknown = Object.entries(data).filter(([key]) => key !== 'type' && !known.includes(key))
    return unknown.length === 0 ? undefined : ahead(type, Object.fromEntries(unknown))
  }
  const delta = objectMember(data, 'delta')
  const kind = ownMember(delta, 'type')
  const value = typeof kind === 'string' && Object.hasOwn(knownOfDelta, kind) ? knownOfDelta[kind] : undefined
  if (type !== 'content_block_delta' || value === undefined) return undefined
  const inner = Object.entries(delta).filter(([key]) => key !== 'type' && key !== value)
  const outer = Object.entries(data).filter(([key]) => !['type', 'index', 'delta'].includes(key))
  return inner.length + outer.length === 0
    ? undefined
    : ahead(type, {
        ...Object.fromEntries(outer),
        ...(inner.length === 0 ? {} : { delta: Object.fromEntries(inner) }),
      })
}

const ahead = (type: string, members: JsonObject): StreamEvent => ({
  type: 'extension',
  ...own({ ahead: type, members }),
})

/** A `fallback` block says which model goes on. */
export const fallbackModel = (content: JsonObject): string | undefined => {
  if (ownMember(content, 'type') !== 'fallback') return undefined
  const model = ownMember(objectMember(content, 'to'), 'model')
  return typeof model === 'string' ? model : undefined
}

const parse = (text: string): JsonDocument | undefined => {
  try {
    return parseDocument(text)
  } catch {
    return undefined
  }
}

const passing = (frame: SseFrame, data: JsonObject | string): StreamEvent => ({
  type: 'extension',
  ...own({ ...(frame.event === undefined ? {} : { event: frame.event }), data }),
})

/**
 * Members of a `message_delta` that belong to the message: two beside `delta`, and the container. What else `delta`
 * holds keeps its place under the name `delta`.
 */
const messageMembers = (data: JsonObject, delta: JsonObject, hasFinish: boolean): JsonObject => {
  const outer = Object.entries(data).filter(([key]) => besideDelta.has(key))
  const inner = Object.entries(delta).filter(([key]) => !(hasFinish && isStopMember(key)))
  const known = inner.filter(([key]) => key === 'container')
  const unknown = inner.filter(([key]) => key !== 'container')
  return Object.fromEntries([
    ...outer,
    ...known,
    ...(unknown.length === 0 ? [] : [['delta', Object.fromEntries(unknown)] as const]),
  ])
}

/** Members of a message that stand beside `delta` in a `message_delta`; a stream cannot say the others at its end. */
export const besideDelta: ReadonlySet<string> = new Set(['context_management', 'input_transformations'])
