import type {
  Citation,
  Part,
  PartStartEvent,
  ReasoningPart,
  ReasoningState,
  TextPart,
  ToolCallPart,
} from '../../ir/index.ts'
import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import { type SseFrame, writeJson } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import type { PartEvent } from './block-writer.ts'
import { encodeCitation } from './citations.ts'
import { inStart } from './decode-block-stream.ts'
import {
  type BlockContext,
  directCaller,
  encodePart,
  encodeText,
  toolInput,
  toolUseName,
} from './encode-parts.ts'
import { callId, madeCallId } from './identifiers.ts'
import { objectMember, withRest } from './members.ts'
import { ownRest } from './own.ts'
import { protocolId } from './wire.ts'

/** A part on its way out as a content block. */
export interface OpenBlock {
  /** The start, where it can be said already. */
  open(): readonly SseFrame[]
  delta(event: PartEvent): readonly SseFrame[]
  close(state?: ReasoningState): readonly SseFrame[]
}

/** Blocks take their index when they start, so that one that never says anything leaves no gap. */
type TakeIndex = () => number

export const openedBlock = (
  part: PartStartEvent['part'],
  takeIndex: TakeIndex,
  context: BlockContext,
  reply: ReplyContext,
): OpenBlock => {
  switch (part.type) {
    case 'text':
      return textBlock(part, takeIndex, context)
    case 'refusal':
      return textBlock({ type: 'text', text: part.text }, takeIndex, context)
    case 'reasoning':
      return reasoningBlock(part, takeIndex)
    case 'tool-call':
      return toolCallBlock(part, takeIndex, context, reply)
  }
}

const startFrame = (index: number, block: unknown): SseFrame => ({
  event: 'content_block_start',
  data: writeJson({ type: 'content_block_start', index, content_block: block }),
})

/** `rest` is the delta event's extension: members of the event, and under `delta` those of the delta. */
const deltaFrame = (
  index: number,
  delta: Record<string, unknown>,
  event?: Pick<Part, 'extensions'>,
): SseFrame => {
  const { delta: _delta, ...outer } = (event === undefined ? undefined : ownRest(event)) ?? {}
  const inner = event === undefined ? {} : objectMember(ownRest(event) ?? {}, 'delta')
  const data = withRest({ type: 'content_block_delta', index, delta: withRest(delta, inner) }, outer)
  return { event: 'content_block_delta', data: writeJson(data) }
}

const stopFrame = (index: number): SseFrame => ({
  event: 'content_block_stop',
  data: writeJson({ type: 'content_block_stop', index }),
})

/** Foreign texts start with their first character: an empty block would be refused when it comes back. */
const textBlock = (part: TextPart, takeIndex: TakeIndex, context: BlockContext): OpenBlock => {
  let index: number | undefined
  const begin = (): readonly SseFrame[] => {
    if (index !== undefined) return []
    index = takeIndex()
    return [
      startFrame(
        index,
        encodeText({ ...part, text: ownRest(part) === undefined ? '' : part.text }, '', context),
      ),
    ]
  }
  const say = (text: string, event?: Pick<Part, 'extensions'>): readonly SseFrame[] => {
    const frames = begin()
    return index === undefined ? frames : [...frames, deltaFrame(index, { type: 'text_delta', text }, event)]
  }
  const cite = (citation: Citation): readonly SseFrame[] => {
    const encoded = encodeCitation(citation)
    if (encoded === undefined) return []
    const frames = begin()
    return index === undefined
      ? frames
      : [...frames, deltaFrame(index, { type: 'citations_delta', citation: encoded })]
  }
  return {
    open() {
      if (ownRest(part) !== undefined) return begin()
      return part.text === '' ? [] : say(part.text)
    },
    delta(event) {
      if (event.type === 'citation') return cite(event.citation)
      if (event.type !== 'text-delta' && event.type !== 'refusal-delta') return []
      return event.text === '' && index === undefined ? [] : say(event.text, event)
    },
    close: () => (index === undefined ? [] : [stopFrame(index)]),
  }
}

/**
 * Whether thoughts are readable or redacted is known from the part's state, which foreign parts and replayed ones
 * only give at their end; until the first thought such a block waits.
 */
const reasoningBlock = (part: ReasoningPart, takeIndex: TakeIndex): OpenBlock => {
  const rest = ownRest(part)
  const early = ownState(part.state)
  let index: number | undefined
  let lastPiece: number | undefined
  const begin = (): readonly SseFrame[] => {
    if (index !== undefined) return []
    index = takeIndex()
    const block =
      early?.kind === 'redacted'
        ? { type: 'redacted_thinking', data: early.value }
        : { type: 'thinking', thinking: '', signature: startSignature(rest, early) }
    return [startFrame(index, withRest(block, rest ?? {}))]
  }
  const think = (thinking: string, event?: Pick<Part, 'extensions'>): readonly SseFrame[] => {
    const frames = begin()
    return index === undefined
      ? frames
      : [...frames, deltaFrame(index, { type: 'thinking_delta', thinking }, event)]
  }
  return {
    open() {
      const pieces = part.pieces.flatMap((piece, number) => think((number > 0 ? '\n\n' : '') + piece.text))
      return pieces.length === 0 && (early !== undefined || rest?.['signature'] !== undefined)
        ? begin()
        : pieces
    },
    delta(event) {
      if (event.type !== 'reasoning-delta') return []
      const isNext = lastPiece !== undefined && lastPiece !== event.piece
      lastPiece = event.piece
      const text = isNext ? `\n\n${event.text}` : event.text
      return text === '' && index === undefined ? [] : think(text, event)
    },
    close(given) {
      const state = ownState(given)
      if (index === undefined && state?.kind === 'redacted') {
        const at = takeIndex()
        const block = withRest({ type: 'redacted_thinking', data: state.value }, rest ?? {})
        return [startFrame(at, block), stopFrame(at)]
      }
      const frames = state === undefined ? [] : [...begin()]
      if (index === undefined) return frames
      const signed =
        state?.kind === 'signature'
          ? [deltaFrame(index, { type: 'signature_delta', signature: state.value })]
          : []
      return [...frames, ...signed, stopFrame(index)]
    },
  }
}

const ownState = (state: ReasoningState | undefined): ReasoningState | undefined =>
  state?.protocol === protocolId ? state : undefined

const startSignature = (
  rest: ReturnType<typeof ownRest>,
  state: ReasoningState | undefined,
): string | undefined => {
  if (state !== undefined) return state.value
  return rest === undefined ? '' : undefined
}

/** Arguments go out as the slices they come in; free text becomes the one member of an object. */
const toolCallBlock = (
  part: ToolCallPart,
  takeIndex: TakeIndex,
  context: BlockContext,
  reply: ReplyContext,
): OpenBlock => {
  const index = takeIndex()
  const rest = ownRest(part)
  const fillsCaller = context.shape === 'full' && rest === undefined
  const isText = part.kind === 'custom'
  const slice = (input: string, event?: Pick<Part, 'extensions'>): SseFrame =>
    deltaFrame(index, { type: 'input_json_delta', partial_json: isText ? insideString(input) : input }, event)
  const literal = (json: string): SseFrame =>
    deltaFrame(index, { type: 'input_json_delta', partial_json: json })
  const start = (input: unknown): SseFrame =>
    startFrame(
      index,
      withRest(
        {
          type: 'tool_use',
          id: part.id === undefined ? madeCallId(reply.id, index, part.name) : callId(part.id),
          name: toolUseName(part),
          input,
          caller: fillsCaller ? directCaller : undefined,
        },
        rest ?? {},
      ),
    )
  let waitsForInput = rest?.['input'] === inStart
  return {
    open: () =>
      waitsForInput
        ? []
        : [
            start({}),
            ...(isText ? [literal('{"input":"')] : []),
            ...(part.input === '' ? [] : [slice(part.input)]),
          ],
    delta(event) {
      if (event.type !== 'tool-call-delta') return []
      if (!waitsForInput) return [slice(event.input, event)]
      waitsForInput = false
      return [start(toolInput({ ...part, input: event.input }))]
    },
    close() {
      const late = waitsForInput ? [start({})] : []
      return [...late, ...(isText ? [literal('"}')] : []), stopFrame(index)]
    },
  }
}

const insideString = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A part that comes in one piece: the frames of its whole life. */
export const wholeBlock = (
  part: Part,
  takeIndex: TakeIndex,
  context: BlockContext,
  reply: ReplyContext,
): readonly SseFrame[] => {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
    case 'tool-call': {
      const block = openedBlock(withoutSignature(part), takeIndex, context, reply)
      const frames = [...block.open()]
      for (const citation of part.type === 'text' ? (part.citations ?? []) : []) {
        frames.push(...block.delta({ type: 'citation', index: 0, citation }))
      }
      return [...frames, ...block.close(part.type === 'reasoning' ? part.state : undefined)]
    }
    case 'server-call':
      return serverCallFrames(part, takeIndex, context)
    case 'server-result':
    case 'opaque':
      return completeFrames(part, takeIndex, context)
    default:
      return []
  }
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
  return {
    event: String(type),
    data: writeJson({ type, ...(isDelta ? { index } : {}), ...members }),
  }
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
