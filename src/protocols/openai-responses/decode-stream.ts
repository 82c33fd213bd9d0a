import { type GenerateRequest, isJsonObject, type JsonObject, type StreamEvent } from '../../ir/index.ts'
import { type Machine, parseDocument, type SseFrame } from '../../wire/index.ts'
import { annotate, carried, type WireFrame } from './annotation.ts'
import { AnswerReader } from './answer-reader.ts'
import { AnswerWriter } from './answer-writer.ts'
import { adoptPlace } from './encode-stream.ts'
import { numberMember } from './members.ts'
import type { Frame } from './wire.ts'
import { protocolId } from './wire.ts'

/** Frames that say nothing canonical wait for the next event, up to this many. */
const maxPending = 500

/**
 * Frames of the stream to canonical events. The end of the input proves nothing: only a terminal event gives `end`,
 * and what follows a stream without one is for the caller to say.
 */
export const streamDecoder = (): Machine<SseFrame, StreamEvent> => {
  const reader = new AnswerReader()
  const mirror = new AnswerWriter({ request: noRequest, headers: new Headers(), id: 'mirror', now: 0 })
  let pending: WireFrame[] = []
  let number = 0

  const take = (): readonly WireFrame[] => {
    const frames = pending
    pending = []
    return frames
  }
  const flush = (): readonly StreamEvent[] => {
    const frames = take()
    if (frames.length === 0) return []
    const differences = annotate(frames, [], number) ?? []
    number = numberAfter(frames, number)
    return [{ type: 'extension', extensions: { [protocolId]: { $frames: differences } } }]
  }
  const explained = (events: readonly StreamEvent[]): readonly StreamEvent[] => {
    const frames = take()
    const written = events.map((event) => mirror.write(event, true))
    for (const { data } of frames) if (typeof data !== 'string') adoptPlace(mirror, data)
    const result = explain(events, written, frames, number)
    number = numberAfter(frames, number)
    return result
  }

  return {
    push(frame) {
      const { wire, events } = readFrame(reader, frame)
      pending.push(wire)
      if (events.length > 0) return explained(events)
      return pending.length > maxPending ? flush() : []
    },
    end: flush,
  }
}

const readFrame = (
  reader: AnswerReader,
  frame: SseFrame,
): { readonly wire: WireFrame; readonly events: readonly StreamEvent[] } => {
  try {
    const document = parseDocument(frame.data)
    if (isJsonObject(document.value)) {
      const data: JsonObject = document.value
      return { wire: { event: frame.event, data }, events: reader.read(data, document) }
    }
  } catch (error) {
    // `[DONE]` of some gateways, or a broken frame; anything but bad JSON is a defect of ours.
    if (!(error instanceof SyntaxError)) throw error
  }
  return { wire: { event: frame.event, data: frame.data }, events: [] }
}

/** Says with the events what our encoder would not write for them by itself. */
const explain = (
  events: readonly StreamEvent[],
  written: readonly (readonly Frame[])[],
  frames: readonly WireFrame[],
  number: number,
): readonly StreamEvent[] => {
  const [event] = events
  const differences = annotate(frames, written.length === 1 ? (written[0] ?? []) : written.flat(), number)
  if (differences === undefined) return events.flatMap((plain, index) => begun(plain, written[index] ?? []))
  if (events.length === 1 && event !== undefined) return carried(event, differences)
  // Frames of several events belong to the last of them; the others write nothing.
  const last = events.length - 1
  return events.flatMap((each, index) => {
    const ours = written[index] ?? []
    if (index < last) return ours.length > 0 || each.type === 'start' ? carried(each, []) : [each]
    const own = annotate(frames, ours, number)
    return own === undefined ? [each] : carried(each, own)
  })
}

/** A start always tells that it is ours, so that the request is not repeated for it. */
const begun = (event: StreamEvent, written: readonly Frame[]): readonly StreamEvent[] =>
  event.type === 'start' ? carried(event, written.map(sameFrame)) : [event]

const sameFrame = (frame: Frame): JsonObject => ({ $type: frame.type })

const numberAfter = (frames: readonly WireFrame[], first: number): number =>
  frames.reduce(
    (number, { data }) =>
      typeof data === 'string' ? number : (numberMember(data, 'sequence_number') ?? number) + 1,
    first,
  )

const noRequest: GenerateRequest = {
  protocol: protocolId,
  model: '',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
}
