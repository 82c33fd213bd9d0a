import type {
  Citation,
  CitationEvent,
  Part,
  PartEndEvent,
  PartStartEvent,
  ReasoningDeltaEvent,
  ReasoningPart,
  ReasoningState,
  RefusalDeltaEvent,
  TextDeltaEvent,
  TextPart,
  ToolCallDeltaEvent,
  ToolCallPart,
  WholePartEvent,
} from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import type { BlockContext } from './block-context.ts'
import { deltaFrame, startFrame, stopFrame } from './block-event.ts'
import { encodeCitation } from './citations.ts'
import { inStart } from './decode-block-stream.ts'
import { directCaller, toolInput, toolUseName } from './encode-calls.ts'
import { encodeText } from './encode-parts.ts'
import { callId, madeCallId } from './identifiers.ts'
import { withRest } from './members.ts'
import { ownRest } from './own.ts'
import { protocolId } from './wire.ts'

/** Everything that happens to the parts of an answer. */
export type PartEvent =
  | PartStartEvent
  | TextDeltaEvent
  | RefusalDeltaEvent
  | ReasoningDeltaEvent
  | ToolCallDeltaEvent
  | PartEndEvent
  | WholePartEvent
  | CitationEvent

/** A part on its way out as a content block. */
export interface OpenBlock {
  /** The start, where it can be said already. */
  open(): readonly SseFrame[]
  delta(event: PartEvent): readonly SseFrame[]
  close(state?: ReasoningState): readonly SseFrame[]
}

/** Blocks take their index when they start, so that one that never says anything leaves no gap. */
export type TakeIndex = () => number

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
