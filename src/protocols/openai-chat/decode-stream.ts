import { extend, type JsonObject, type StreamEvent } from '../../ir/index.ts'
import { type JsonDocument, type Machine, parseDocument, type SseFrame } from '../../wire/index.ts'
import { ChunkBuilder } from './chunk-builder.ts'
import {
  type ChunkShape,
  frameExtension,
  headKeys,
  shapeExtension,
  silentEnd,
  startExtension,
} from './chunk-shape.ts'
import { ChoiceDecoder } from './decode-delta.ts'
import { protocol } from './encode-parts.ts'
import { chatId } from './encode-response.ts'
import { decodeErrorObject } from './errors.ts'
import { arrayOf, numberOf, objectOf, optional, stringOf } from './members.ts'
import { isUnnamed } from './opening-chunk.ts'
import { plainDeltas } from './plain-deltas.ts'
import { remainder } from './remainder.ts'
import { decodeUsage, encodeUsage } from './usage.ts'

/** Chunks to canonical events; each chunk's shape goes beside them (chunk-shape.ts). */
export const streamDecoder = (): Machine<SseFrame, StreamEvent> => {
  const choices = new Map<number, ChoiceDecoder>()
  // Says what the events say; the chunk's remainder is measured against it.
  const shadow = new ChunkBuilder({
    identity: { id: '', created: 0, model: '' },
    oldForm: false,
    usageMembers: false,
  })
  const unnamed: {
    readonly chunk: JsonObject
    readonly document: JsonDocument
    readonly name: string | undefined
  }[] = []
  const plain = plainDeltas()
  let started = false
  let failed = false
  let over = false

  const choiceAt = (index: number): ChoiceDecoder => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = new ChoiceDecoder(index)
      choices.set(index, choice)
    }
    return choice
  }

  const eventsOf = (chunk: JsonObject, document: JsonDocument): readonly StreamEvent[] => {
    const events: StreamEvent[] = []
    arrayOf(chunk['choices']).forEach((value, position) => {
      const choice = objectOf(value)
      if (choice !== undefined) events.push(...choiceAt(indexOf(choice, position)).push(choice, document))
    })
    failed ||= events.some((event) => event.type === 'error')
    const usage = usageEvent(chunk, document)
    if (usage !== undefined) events.push(usage)
    if (isError(chunk['error'])) {
      failed = true
      events.push({ type: 'error', error: decodeErrorObject(chunk['error']) })
    }
    return events
  }

  const decodeChunk = (
    chunk: JsonObject,
    document: JsonDocument,
    name: string | undefined,
    data?: string,
  ): readonly StreamEvent[] => {
    const events = eventsOf(chunk, document)
    const indexes = arrayOf(chunk['choices']).map((choice, position) =>
      indexOf(objectOf(choice) ?? {}, position),
    )
    const canonical = shadow.build(events, { choices: indexes, rest: {} }) ?? {}
    const shape = {
      events: events.length,
      choices: indexes,
      rest: remainder(chunk, canonical, document),
      ...(name === undefined ? {} : { event: name }),
    }
    if (name === undefined && data !== undefined) learnPlain(data, events, shape)
    return [{ type: 'extension', extensions: shapeExtension(shape) }, ...events]
  }

  const learnPlain = (data: string, events: readonly StreamEvent[], shape: ChunkShape): void => {
    const [only] = events
    if (events.length !== 1 || only === undefined) return
    if (only.type === 'text-delta') plain.learn(data, 'content', only.text, shape)
    if (only.type === 'reasoning-delta') plain.learn(data, 'reasoning_content', only.text, shape)
  }

  /** A chunk like one before it, but for its text. */
  const readPlain = (data: string): readonly StreamEvent[] | undefined => {
    const delta = plain.read(data)
    const event = delta === undefined ? undefined : choices.get(delta.choice)?.plain(delta.field, delta.text)
    if (delta === undefined || event === undefined) return undefined
    shadow.note(event)
    return [delta.shape, event]
  }

  /** What came before the chunk that names the answer is told behind the start event as well. */
  const startWith = (chunk: JsonObject): readonly StreamEvent[] => {
    started = true
    const start = startEvent(chunk)
    const identity = { id: chatId(start.id, ''), created: start.created ?? 0, model: start.model ?? '' }
    shadow.start(identity, start.serviceTier, headMembers(chunk))
    const before = unnamed.splice(0).flatMap((held) => decodeChunk(held.chunk, held.document, held.name))
    return [{ ...start, extensions: startExtension(headMembers(chunk)) }, ...before]
  }

  const finish = (silent: boolean): readonly StreamEvent[] => {
    over = true
    const closed = [...choices.values()].flatMap((choice) => (choice.finished ? [] : choice.close()))
    return [...closed, silent ? { type: 'end', extensions: silentEnd } : { type: 'end' }]
  }

  return {
    push(frame) {
      const same = over || frame.event !== undefined ? undefined : readPlain(frame.data)
      if (same !== undefined) return same
      const isDone = frame.data.trim() === '[DONE]'
      if (isDone && !failed && !over) return finish(false)
      const document = isDone || over ? undefined : parsed(frame.data)
      const chunk = objectOf(document?.value)
      if (document === undefined || chunk === undefined) {
        return [{ type: 'extension', extensions: frameExtension(frame.data, frame.event) }]
      }
      if (!started && isUnnamed(chunk)) {
        unnamed.push({ chunk, document, name: frame.event })
        return []
      }
      const before = started ? [] : startWith(chunk)
      return [...before, ...decodeChunk(chunk, document, frame.event, frame.data)]
    },
    end() {
      const all = [...choices.values()]
      const [first] = unnamed
      if (first !== undefined) return startWith(first.chunk)
      if (over || failed || all.length === 0) return []
      // Without `[DONE]`, a stream is whole when every choice has its finish reason.
      return all.every((choice) => choice.finished) ? finish(true) : []
    },
  }
}

const startEvent = (chunk: JsonObject): Extract<StreamEvent, { type: 'start' }> => ({
  type: 'start',
  ...optional('id', stringOf(chunk['id'])),
  ...optional('model', stringOf(chunk['model'])),
  ...optional('created', numberOf(chunk['created'])),
  ...optional('serviceTier', stringOf(chunk['service_tier'])),
})

const headMembers = (chunk: JsonObject): JsonObject =>
  Object.fromEntries(
    headKeys.flatMap((key) => {
      const value = chunk[key]
      return value === undefined || (key === 'id' && value === chatId(stringOf(value), ''))
        ? []
        : [[key, value]]
    }),
  )

/** In the chunk, or where Groq once had it. */
const usageEvent = (
  chunk: JsonObject,
  document: JsonDocument,
): Extract<StreamEvent, { type: 'usage' }> | undefined => {
  const wire = objectOf(chunk['usage']) ?? objectOf(objectOf(chunk['x_groq'])?.['usage'])
  const usage = wire === undefined ? undefined : decodeUsage(wire)
  if (wire === undefined || usage === undefined) return undefined
  const rest = remainder(wire, encodeUsage(usage), document)
  return { type: 'usage', usage, ...extend(protocol, Object.keys(rest).length === 0 ? {} : { usage: rest }) }
}

const indexOf = (choice: JsonObject, position: number): number => numberOf(choice['index']) ?? position

/** The official SDK raises on a truthy `error`. */
export const isError = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== ''

const parsed = (data: string): JsonDocument | undefined => {
  try {
    return parseDocument(data)
  } catch {
    return undefined
  }
}
