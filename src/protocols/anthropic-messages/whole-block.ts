import { isJsonObject, type JsonObject, type Part, type PartStartEvent } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import type { BlockContext } from './block-context.ts'
import { deltaFrame, startFrame, stopFrame } from './block-event.ts'
import { splitAtCitations } from './cited-text.ts'
import { encodePart } from './encode-parts.ts'
import { frameOf } from './frame.ts'
import { objectMember } from './members.ts'
import { openedBlock, type TakeIndex } from './open-block.ts'
import { ownRest } from './own.ts'

/** A part that comes in one piece: the frames of its whole life. */
export const wholeBlock = (part: Part, takeIndex: TakeIndex, context: BlockContext): readonly SseFrame[] => {
  switch (part.type) {
    case 'text':
      // Where all of it is known, a foreign text is cut at its citations as in a whole answer.
      return (ownRest(part) === undefined ? splitAtCitations(part) : [part]).flatMap((piece) =>
        openedAndClosed(piece, takeIndex, context),
      )
    case 'refusal':
    case 'reasoning':
    case 'tool-call':
      return openedAndClosed(part, takeIndex, context)
    case 'server-call':
      return serverCallFrames(part, takeIndex, context)
    case 'server-result':
    case 'opaque':
      return completeFrames(part, takeIndex, context)
    default:
      return []
  }
}

const openedAndClosed = (
  part: PartStartEvent['part'],
  takeIndex: TakeIndex,
  context: BlockContext,
): readonly SseFrame[] => {
  const block = openedBlock(withoutSignature(part), takeIndex, context)
  const frames = [...block.open()]
  for (const citation of part.type === 'text' ? (part.citations ?? []) : []) {
    frames.push(...block.delta({ type: 'citation', index: 0, citation }))
  }
  return [...frames, ...block.close(part.type === 'reasoning' ? part.state : undefined)]
}

/** A signature goes out in its own delta, at the end; redacted data is the block itself. */
const withoutSignature = (part: PartStartEvent['part']): PartStartEvent['part'] => {
  if (part.type !== 'reasoning' || part.state?.kind === 'redacted') return part
  const { state: _state, ...rest } = part
  return rest
}

/** Start with an empty input, the input as it came or in one delta, stop (translation.md §14.4, ST19). */
const serverCallFrames = (
  part: Extract<Part, { type: 'server-call' }>,
  takeIndex: TakeIndex,
  context: BlockContext,
): readonly SseFrame[] => {
  const start = encodePart({ ...part, input: '' }, '', context)
  if (start === undefined) return []
  const index = takeIndex()
  const events = innerEvents(part)
  const said = events.map((event) => objectMember(event, 'delta')['partial_json'] ?? '').join('')
  // The slices that came are good only as long as nobody changed the input.
  const isSame = events.length > 0 && (said === part.input || (said === '' && isEmptyInput(part.input)))
  return [
    startFrame(index, start),
    ...(isSame
      ? events.map((event) => innerFrame(index, event))
      : [deltaFrame(index, { type: 'input_json_delta', partial_json: part.input })]),
    stopFrame(index),
  ]
}

const isEmptyInput = (input: string): boolean => /^\s*(\{\s*\})?\s*$/.test(input)

/** Events that came inside the block of a part that is one piece here. */
const innerEvents = (part: Part): readonly JsonObject[] => {
  const events = ownRest(part)?.['events']
  return Array.isArray(events) ? events.filter(isJsonObject) : []
}

const innerFrame = (index: number, event: JsonObject): SseFrame => {
  const { type, ...members } = event
  const isDelta = type === 'content_block_delta'
  return frameOf({ type: String(type), ...(isDelta ? { index } : {}), ...members })
}

/** Complete in its start; then the events that came with it, or compaction's one delta. */
const completeFrames = (part: Part, takeIndex: TakeIndex, context: BlockContext): readonly SseFrame[] => {
  const block = encodePart(part, '', context)
  if (block === undefined) return []
  const compaction = part.type === 'opaque' && part.name === 'compaction' ? part.raw?.json : undefined
  const value: unknown = compaction === undefined ? undefined : JSON.parse(compaction)
  const index = takeIndex()
  const events = innerEvents(part).map((event) => innerFrame(index, event))
  return isJsonObject(value)
    ? [...compactionFrames(index, value, events), stopFrame(index)]
    : [startFrame(index, block), ...events, stopFrame(index)]
}

const compactionFrames = (
  index: number,
  block: JsonObject,
  events: readonly SseFrame[],
): readonly SseFrame[] => {
  const isValue = (key: string): boolean => key === 'content' || key === 'encrypted_content'
  const value = Object.fromEntries(Object.entries(block).filter(([key]) => isValue(key)))
  const start = Object.fromEntries(
    Object.entries(block).map(([key, member]) => [key, isValue(key) ? null : member]),
  )
  const delta = deltaFrame(index, { type: 'compaction_delta', ...value })
  return [startFrame(index, start), ...(events.length === 0 ? [delta] : events)]
}
