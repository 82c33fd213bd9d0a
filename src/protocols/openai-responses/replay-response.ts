import { isJsonObject, type JsonObject, type JsonText, replay, type StreamEvent } from '../../ir/index.ts'
import { parseDocument, rawJson, type SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { AnswerWriter } from './answer-writer.ts'
import { decodeResponseObject } from './decode-response.ts'
import { frameText } from './frame-text.ts'
import { stringMember } from './members.ts'
import { type Frame, protocolId } from './wire.ts'

/** Stands for a citation among the lengths of deltas. */
const citationCut = -1

/**
 * What is to be noted while an answer is said, so that it can be said again in the same pieces: the length of a delta,
 * and where a citation stood among them. Undefined for all other frames.
 * @param event the one that the frame came from
 */
export const cutOf = (event: StreamEvent | undefined, frame: SseFrame): number | undefined => {
  if (frame.event === 'response.output_text.annotation.added') return citationCut
  const text = event === undefined || frame.event?.endsWith('.delta') !== true ? undefined : textOf(event)
  return text?.length
}

/**
 * The stream of an answer that is known whole: the same frames in the same order whenever it is asked for. With the
 * lengths of its deltas they are those that the client saw when it was said, so that one can go on from any number.
 */
export const replayResponse = (json: JsonText, cuts: readonly number[]): readonly SseFrame[] => {
  const document = parseDocument(json)
  const response = isJsonObject(document.value) ? document.value : {}
  const writer = new AnswerWriter(contextOf(response))
  const events = cutAgain(replay(decodeResponseObject(response, document)), cuts)
  return events
    .flatMap((event) => writer.write(event, false))
    .map((frame, number) => ({
      event: frame.type,
      data: frameText(withResponse(frame, response, json), number),
    }))
}

/** The items carry their ids and the frames their response, so nothing of this shows. */
const contextOf = (response: JsonObject): ReplyContext => ({
  request: { protocol: protocolId, model: '', stream: true, turns: [], tools: [], sampling: {} },
  headers: new Headers(),
  id: stringMember(response, 'id') ?? '',
  now: 0,
})

const withResponse = (frame: Frame, response: JsonObject, json: JsonText): Frame => {
  switch (frame.type) {
    case 'response.created':
    case 'response.in_progress':
      return { ...frame, response: begun(response) }
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
      // Its source text stands where an object is expected; the writer knows such text.
      return Object.assign({}, frame, { response: rawJson(json) })
    case 'response.output_item.added':
      // It was not known yet that it would be cut.
      return isIncomplete(frame.item) ? { ...frame, item: { ...frame.item, status: 'in_progress' } } : frame
    default:
      return frame
  }
}

const isIncomplete = (item: object): boolean => 'status' in item && item.status === 'incomplete'

const begun = ({ completed_at: _at, ...response }: JsonObject): JsonObject => ({
  ...response,
  status: 'in_progress',
  output: [],
  usage: null,
  error: null,
  incomplete_details: null,
})

/**
 * Deltas of whole texts, cut where they were cut before, with the citations between them again. Lengths that do not fit
 * leave a text in one piece.
 */
const cutAgain = (events: readonly StreamEvent[], cuts: readonly number[]): readonly StreamEvent[] => {
  const result: StreamEvent[] = []
  let from = 0
  for (let at = 0; at < events.length; at++) {
    const event = events[at]
    if (event === undefined) break
    const text = textOf(event)
    if (text === undefined) {
      result.push(event)
      continue
    }
    const citations = citationsFrom(events, at + 1)
    const fitting = fit(cuts, from, { length: text.length, citations: citations.length })
    from += fitting.length
    let said = 0
    let cited = 0
    for (const cut of fitting.length === 0 ? [text.length] : fitting) {
      const citation = cut === citationCut ? citations[cited++] : undefined
      if (citation !== undefined) result.push(citation)
      else result.push(withText(event, text.slice(said, said + cut)))
      said += Math.max(0, cut)
    }
    result.push(...citations.slice(cited))
    at += citations.length
  }
  return result
}

/** As many cuts as make up a text and its citations; none where they do not. */
const fit = (
  cuts: readonly number[],
  from: number,
  whole: { readonly length: number; readonly citations: number },
): readonly number[] => {
  let { length, citations } = whole
  let end = from
  while (length > 0 || citations > 0) {
    const cut = cuts[end]
    if (cut === undefined) return []
    end++
    if (cut === citationCut) citations--
    else length -= cut
    if (length < 0 || citations < 0) return []
  }
  return cuts.slice(from, end)
}

const citationsFrom = (events: readonly StreamEvent[], start: number): readonly StreamEvent[] => {
  let end = start
  while (events[end]?.type === 'citation') end++
  return events.slice(start, end)
}

const textOf = (event: StreamEvent): string | undefined => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return event.text
    case 'tool-call-delta':
      return event.input
    default:
      return undefined
  }
}

const withText = (event: StreamEvent, text: string): StreamEvent => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return { ...event, text }
    case 'tool-call-delta':
      return { ...event, input: text }
    default:
      return event
  }
}
